"""The analyses compile, run on a built warehouse, and agree with the marts they read."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml

from python_checks.testing.paths import PROJECT

NAMES = sorted(file.stem for file in (PROJECT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def compiled(built_target: Path) -> Path:
    """Return the folder of the compiled analyses."""
    return built_target / "compiled" / "bank_warehouse" / "analyses"


@pytest.fixture(scope="module")
def answers(compiled: Path, built_warehouse: Path) -> dict[str, pd.DataFrame]:
    """Return the rows of each analysis, keyed by its name."""
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        return {
            name: connection.execute((compiled / f"{name}.sql").read_text(encoding="utf-8")).df()
            for name in NAMES
        }


@pytest.fixture(scope="module")
def bank(built_warehouse: Path) -> dict[str, Any]:
    """Return the figures of the whole bank, from the marts."""
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        figures = connection.execute(
            """
            select count(*) as customers, sum(total_loans) as loans,
                sum(total_deposits) as deposits, sum(core_deposits) as core_deposits,
                sum(fee_income) as fees, sum(credit_card_balance) as cards,
                sum(estimated_income) as income
            from marts.fct_customer_positions
            """
        ).fetchdf()
    return {str(name): float(figures[name][0]) for name in figures.columns}


def cents(column: "pd.Series[Any]") -> float:
    """Return the sum of a column of money, to the cent."""
    return round(float(column.astype(float).sum()), 2)


@pytest.mark.parametrize("name", NAMES)
def test_analysis_gives_rows_without_empty_columns(
    name: str, answers: dict[str, pd.DataFrame]
) -> None:
    rows = answers[name]
    assert len(rows) > 0
    assert not rows.isna().all().any()
    assert not rows.duplicated().any()


@pytest.mark.parametrize("name", NAMES)
def test_analysis_states_its_question_and_how_to_read_it(name: str) -> None:
    text = (PROJECT / "analyses" / f"{name}.sql").read_text(encoding="utf-8")
    assert text.startswith("-- Question: ")
    assert re.search(r"^-- How to read it: ", text, flags=re.MULTILINE)


def test_every_analysis_has_a_description_that_states_its_grain() -> None:
    declared = yaml.safe_load(
        (PROJECT / "analyses" / "_analyses__models.yml").read_text(encoding="utf-8")
    )
    described = {one["name"]: one["description"].strip() for one in declared["analyses"]}
    assert sorted(described) == NAMES
    assert all(text.startswith("One row per ") for text in described.values())


def test_loyalty_and_occupation_cover_all_customers(
    answers: dict[str, pd.DataFrame], bank: dict[str, Any]
) -> None:
    rows = answers["segments_by_loyalty_and_occupation"]
    assert rows["customers"].sum() == bank["customers"]
    assert cents(rows["fee_income"]) == bank["fees"]
    assert cents(rows["total_deposits"]) == bank["deposits"]
    assert set(rows["loyalty_classification"]) == {"Jade", "Silver", "Gold", "Platinum"}
    assert rows["fee_income"].astype(float).is_monotonic_decreasing
    # An index is a share of fees divided by a share of customers, so the mean index is one when
    # it is weighted by customers.
    assert (rows["index_of_fees"] * rows["share_of_customers"]).sum() == pytest.approx(1)


def test_segments_cover_all_customers(
    answers: dict[str, pd.DataFrame], bank: dict[str, Any]
) -> None:
    rows = answers["behavioural_segments"]
    assert rows["customers"].sum() == bank["customers"]
    assert cents(rows["total_loans"]) == bank["loans"]
    assert list(rows["priority"]) == sorted(rows["priority"])
    by_segment = rows.set_index("segment")["loan_to_deposit_ratio"]
    assert by_segment["Savers"] < 1 < by_segment["Borrowers"]


@pytest.mark.parametrize("name", ["product_use_by_occupation", "product_use_by_risk"])
def test_product_use_covers_all_balances(
    name: str, answers: dict[str, pd.DataFrame], bank: dict[str, Any]
) -> None:
    rows = answers[name]
    lending = rows[rows["product_family"] == "lending"]
    deposits = rows[rows["product_family"] == "deposit"]
    assert cents(lending["balance"]) == bank["loans"]
    assert cents(deposits["balance"]) == bank["deposits"]
    assert rows["penetration"].between(0, 1).all()
    assert rows["product_name"].nunique() == 7


def test_median_index_of_depth_is_one(answers: dict[str, pd.DataFrame]) -> None:
    middle = answers["product_use_by_occupation"].groupby("product_name")["index_of_depth"].median()
    assert middle.to_list() == pytest.approx([1] * 7, rel=1e-4)


def test_customers_with_the_lowest_risk_hold_less_than_their_share(
    answers: dict[str, pd.DataFrame],
) -> None:
    rows = answers["product_use_by_risk"]
    shares = rows.groupby("product_name")[["share_of_customers", "share_of_balance"]].sum()
    assert shares.to_numpy() == pytest.approx(1)
    lowest = rows[rows["risk_weighting"] == 1]
    assert (lowest["share_of_balance"] < lowest["share_of_customers"]).all()


def test_credit_activity_covers_all_loans(
    answers: dict[str, pd.DataFrame], bank: dict[str, Any]
) -> None:
    rows = answers["credit_activity"]
    assert rows["customers"].sum() == bank["customers"]
    assert cents(rows["total_loans"]) == bank["loans"]
    assert cents(rows["credit_card_balance"]) == bank["cards"]
    assert (rows["borrowers"] <= rows["customers"]).all()
    assert rows["share_of_cards_in_loans"].between(0, 0.05).all()


def test_deposits_rise_with_income(answers: dict[str, pd.DataFrame], bank: dict[str, Any]) -> None:
    rows = answers["income_against_deposits"]
    assert rows["customers"].sum() == bank["customers"]
    assert cents(rows["total_deposits"]) == bank["deposits"]
    assert cents(rows["core_deposits"]) == bank["core_deposits"]
    money = ["customers", "total_deposits", "estimated_income"]
    bands = rows.astype(dict.fromkeys(money, float)).groupby("income_band")[money].sum()
    mean = bands["total_deposits"] / bands["customers"]
    assert mean["Low"] < mean["Mid"] < mean["High"]
    assert rows["income_correlation"].dropna().between(-1, 1).all()


def test_customers_at_risk_are_those_on_level_act(
    answers: dict[str, pd.DataFrame], built_warehouse: Path
) -> None:
    rows = answers["who_is_at_risk"]
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        keys = connection.execute(
            "select customer_code from marts.dim_customers semi join marts.fct_customer_risk "
            "on dim_customers.customer_key = fct_customer_risk.customer_key "
            "and watch_list_level = 'act'"
        ).fetchall()
    assert sorted(rows["customer_code"]) == sorted(key for (key,) in keys)
    assert rows["watch_list_severity"].min() >= 4
    assert rows["watch_list_severity"].is_monotonic_decreasing
    assert rows["watch_list_reasons"].str.len().min() > 20


def test_risk_depends_on_income_and_not_on_loyalty(answers: dict[str, pd.DataFrame]) -> None:
    rows = answers["risk_by_income_and_loyalty"]
    assert set(rows["row_dimension"]) == {
        "amount_of_credit_cards",
        "income_band",
        "loyalty_classification",
        "occupation_family",
        "product",
    }
    mean = rows.drop_duplicates(["row_dimension", "row_value"]).set_index(
        ["row_dimension", "row_value"]
    )["mean_risk_weighting"]
    income, loyalty = mean["income_band"], mean["loyalty_classification"]
    assert income["Low"] < income["Mid"] < income["High"]
    assert loyalty.max() - loyalty.min() < 0.5 < income["High"] - income["Low"]


def test_concentration_covers_the_whole_bank(
    answers: dict[str, pd.DataFrame], bank: dict[str, Any]
) -> None:
    rows = answers["concentration_of_balances"].set_index("measure")
    amounts = rows["total_amount"].astype(float)
    assert amounts["total_loans"] == bank["loans"]
    assert amounts["total_deposits"] == bank["deposits"]
    assert rows["gini"].between(0, 1).all()
    assert (rows["top_percentile_share"] < rows["top_decile_share"]).all()
    assert rows["top_decile_share"].between(0.1, 1).all()
    assert (rows["lower_half_share"] < 0.5).all()
    assert rows["effective_customers"].between(1, bank["customers"]).all()


def test_more_severe_scenarios_cost_more(answers: dict[str, pd.DataFrame]) -> None:
    rows = answers["losses_under_stress"].set_index("scenario_name")
    loss = rows["stressed_loss"].astype(float)
    assert rows["multiple_of_loss"]["Baseline"] == 1
    assert loss["Baseline"] < loss["Mild recession"] < loss["Severe recession"]
    assert loss["Deposit run"] == loss["Baseline"]
    assert rows["stressed_deposits"].astype(float).idxmin() == "Deposit run"


def test_next_action_is_the_first_action_of_each_customer(
    answers: dict[str, pd.DataFrame], built_warehouse: Path
) -> None:
    rows = answers["what_to_do_next"]
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        actions = connection.execute(
            "select customer_code, priority, gap_to_close from marts.fct_customer_recommendations "
            "inner join marts.dim_customers using (customer_key)"
        ).df()
    by_customer = actions.groupby("customer_code")["priority"].agg(["min", "size"])
    found = rows.set_index("customer_code").loc[by_customer.index]
    assert len(rows) == len(by_customer)
    assert found["priority"].to_list() == by_customer["min"].to_list()
    assert found["actions"].to_list() == by_customer["size"].to_list()
    assert cents(rows["gaps_to_close"]) == cents(actions["gap_to_close"])
    assert rows["priority"].is_monotonic_increasing


def test_sample_flags_no_group_beyond_chance(answers: dict[str, pd.DataFrame]) -> None:
    rows = answers["actions_and_their_fairness"]
    assert len(rows) >= 10
    assert set(rows["kind"]) == {"targeting", "risk"}
    assert (rows["groups_flagged_beyond_chance"] <= rows["groups_flagged"]).all()
    assert (rows["groups_flagged"] + rows["groups_too_small"] < rows["groups_looked_at"]).all()
    # The generator ignores protected groups, so flags occur only by chance.
    assert rows["groups_flagged"].sum() > 0
    assert rows["groups_flagged_beyond_chance"].sum() == 0


def test_swings_of_items_add_up_to_the_total_swing(
    answers: dict[str, pd.DataFrame],
) -> None:
    rows = answers["what_if_assumptions_are_off"]
    baseline = rows[(rows["scenario_name"] == "Baseline") & (rows["measure"] == "expected_loss")]
    for name in ("Probability of default", "Loss given default"):
        of_name = baseline[baseline["assumption_name"] == name]
        is_all = of_name["item"] == "all"
        assert cents(of_name[~is_all]["swing"]) == cents(of_name[is_all]["swing"]) > 0
    # Each assumption is lowered and raised by a fifth. The loss is proportional to the assumption,
    # so the loss swings by two fifths.
    assert baseline.loc[baseline["item"] == "all", "relative_swing"].to_list() == pytest.approx(
        [0.4] * 4, abs=1e-6
    )
