"""Recommendations, fairness and sensitivities match a second computation in pandas.

The tests compute the facts about balances for each customer, as the descriptions define them, and
read the rules from the seed file. They use none of the models' SQL. Scores, bands and watch-list
severities come from the marts.
"""

import itertools
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from python_checks.expectations.columns import PRODUCT_BALANCES as PRODUCTS
from python_checks.testing.paths import PROJECT

SEEDS = PROJECT / "seeds" / "reference"
LENDING = list(PRODUCTS.values())[:3]
DEPOSITS = list(PRODUCTS.values())[3:]
PROTECTED = ["nationality", "gender", "age_band"]
COMPARE = {"above": "gt", "at least": "ge", "below": "lt", "at most": "le"}


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def rules() -> pd.DataFrame:
    return pd.read_csv(SEEDS / "recommendation_rules.csv").set_index("action", drop=False)


@pytest.fixture(scope="module")
def customers(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """All customers by key, with every fact that a rule can use."""
    frame = warehouse.sql(
        "select positions.*, customers.* exclude (customer_key, client_key, as_of_date,"
        " income_band), customers.income_band, segments.deposit_score, segments.lending_score,"
        " risks.watch_list_severity"
        " from marts.fct_customer_positions as positions"
        " inner join marts.dim_customers as customers using (customer_key)"
        " inner join marts.fct_customer_segments as segments using (customer_key)"
        " inner join marts.fct_customer_risk as risks using (customer_key)"
    ).df()
    frame = frame.loc[:, ~frame.columns.duplicated()].set_index("customer_key")
    money = [*PRODUCTS.values(), "estimated_income", "superannuation_savings"]
    frame = frame.astype(dict.fromkeys(money, float))
    frame["total_loans"] = frame[LENDING].sum(axis=1)
    frame["total_deposits"] = frame[DEPOSITS].sum(axis=1)
    frame["core_deposits"] = frame[DEPOSITS[1:]].sum(axis=1)
    frame["net_position"] = frame["total_deposits"] - frame["total_loans"]
    frame["fee_rate"] = frame["fee_structure"].map({"High": 0.05, "Mid": 0.03, "Low": 0.01})
    loyalty = {"Jade": 1, "Silver": 2, "Gold": 3, "Platinum": 4}
    frame["loyalty_order"] = frame["loyalty_classification"].map(loyalty)
    frame["loan_to_deposit_ratio"] = frame["total_loans"] / frame["total_deposits"].replace(
        0, np.nan
    )
    frame["debt_to_income_ratio"] = frame["total_loans"] / frame["estimated_income"]
    frame["liquidity_cover"] = frame["total_deposits"] / frame["total_loans"].replace(0, np.nan)
    frame["largest_loan_share"] = frame[LENDING].max(axis=1) / frame["total_loans"].replace(
        0, np.nan
    )
    frame["largest_deposit_share"] = frame[DEPOSITS].max(axis=1) / frame["total_deposits"].replace(
        0, np.nan
    )
    peers = frame.groupby(["income_band", "risk_weighting"])
    for product, column in PRODUCTS.items():
        # The discrete median: the smallest balance that at least half of the peers do not exceed.
        median = peers[column].transform("quantile", 0.5, interpolation="lower")
        frame[f"{product}_peer_median"] = median
        frame[f"{product}_to_peer_median"] = frame[column] / median.replace(0, np.nan)
    return frame


@pytest.fixture(scope="module")
def due(customers: pd.DataFrame, rules: pd.DataFrame) -> dict[str, set[int]]:
    """The customers who meet each rule, before contradictions are resolved."""
    met = {}
    for action, rule in rules.iterrows():
        chosen = pd.Series(True, index=customers.index)
        for condition in ("", "second_", "third_"):
            if pd.notna(rule[f"{condition}fact"]):
                compare = COMPARE[rule[f"{condition}comparison"]]
                fact = customers[rule[f"{condition}fact"]].astype(float)
                chosen &= getattr(fact, compare)(rule[f"{condition}limit_value"])
        met[str(action)] = set(customers.index[chosen])
    return met


@pytest.fixture(scope="module")
def recommended(due: dict[str, set[int]], rules: pd.DataFrame) -> dict[str, set[int]]:
    """The customers of each action, except where a conflicting action takes precedence."""
    kept = {}
    for action, rule in rules.iterrows():
        stronger = rules[
            (rules["conflict_group"] == rule["conflict_group"])
            & (rules["precedence"] < rule["precedence"])
        ]["action"]
        kept[str(action)] = due[str(action)] - set().union(*(due[other] for other in stronger))
    return kept


@pytest.fixture(scope="module")
def mart(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return warehouse.sql("select * from marts.fct_customer_recommendations").df()


def test_actions_follow_the_rules(mart: pd.DataFrame, recommended: dict[str, set[int]]) -> None:
    found = {action: set(rows["customer_key"]) for action, rows in mart.groupby("action")}
    assert found == {action: keys for action, keys in recommended.items() if keys}
    assert len(mart) == sum(len(keys) for keys in recommended.values())


def test_contradictions_occur_and_are_resolved(
    mart: pd.DataFrame, due: dict[str, set[int]], rules: pd.DataFrame
) -> None:
    overruled = sum(map(len, due.values())) - len(mart)
    assert overruled > 0
    stances = mart.assign(
        group=mart["action"].map(rules["conflict_group"]),
        stance=mart["action"].map(rules["stance"]),
    ).dropna(subset="group")
    assert stances.groupby(["customer_key", "group"])["stance"].nunique().max() == 1


def test_actions_apply_to_neither_too_few_nor_too_many_customers(
    recommended: dict[str, set[int]], customers: pd.DataFrame
) -> None:
    assert len(recommended) >= 10
    for action, keys in recommended.items():
        assert 0.01 < len(keys) / len(customers) < 0.15, action
    actions_per_customer = pd.Series(list(itertools.chain(*recommended.values()))).value_counts()
    assert 0.4 < len(actions_per_customer) / len(customers) < 0.8
    assert (actions_per_customer > 4).mean() < 0.05


def test_facts_and_money_match_the_customer(
    mart: pd.DataFrame, customers: pd.DataFrame, rules: pd.DataFrame
) -> None:
    for action, rows in mart.groupby("action"):
        rule = rules.loc[str(action)]
        owners = customers.loc[rows["customer_key"]]
        for condition in ("", "second_", "third_"):
            values = rows[f"{condition}fact_value"].to_numpy(float)
            if pd.isna(rule[f"{condition}fact"]):
                assert np.isnan(values).all()
            else:
                expected = owners[rule[f"{condition}fact"]].to_numpy(float)
                np.testing.assert_allclose(values, expected, rtol=1e-12)
        money = rows["money_concerned"].to_numpy(float)
        expected = owners[rule["money_measure"]].to_numpy(float)
        np.testing.assert_allclose(money, expected, atol=0.0051)
        gaps = rows["gap_to_close"].to_numpy(float)
        if pd.isna(rule["gap_measure"]):
            assert np.isnan(gaps).all()
        else:
            distance = (owners[rule["fact"]] - rule["target_value"]).abs()
            expected = (distance * owners[rule["gap_measure"]]).to_numpy(float)
            np.testing.assert_allclose(gaps, expected, atol=0.0051)


def test_product_gaps_equal_the_gaps_to_the_peer_median(
    warehouse: duckdb.DuckDBPyConnection, mart: pd.DataFrame
) -> None:
    compared = warehouse.sql(
        "select count(*), count(*) filter (where gap_to_close = gap_to_peer_median"
        " and money_concerned = balance and is_below_peer_median)"
        " from marts.fct_customer_recommendations as one"
        " inner join marts.fct_product_gaps as gaps"
        " on one.customer_key = gaps.customer_key and one.product = gaps.product"
    ).fetchone()
    assert compared == (mart["product"].notna().sum(),) * 2
    assert set(mart["product"].dropna()) == set(PRODUCTS)


def test_reasons_name_facts_and_limits(mart: pd.DataFrame, rules: pd.DataFrame) -> None:
    assert mart.groupby("action")["reasons"].nunique().max() == 1
    for action, reasons in mart.drop_duplicates("action").set_index("action")["reasons"].items():
        rule = rules.loc[str(action)]
        conditions = [
            f"{rule[f'{place}fact']} {rule[f'{place}comparison']} {rule[f'{place}limit_value']:g}"
            for place in ("", "second_", "third_")
            if pd.notna(rule[f"{place}fact"])
        ]
        limits = ", ".join(conditions).replace("1e+06", "1000000")
        assert reasons == f"{rule['reason']} ({limits})"


def test_fairness_monitor_matches_pandas_and_statsmodels(
    warehouse: duckdb.DuckDBPyConnection,
    customers: pd.DataFrame,
    recommended: dict[str, set[int]],
    rules: pd.DataFrame,
) -> None:
    limits = pd.read_csv(SEEDS / "fairness_limits.csv").set_index("fairness_limit")["limit_value"]
    monitor = warehouse.sql("select * from marts.fct_fairness_monitor").df()
    assert len(monitor) == len(rules) * sum(customers[name].nunique() for name in PROTECTED)
    for (action, dimension), rows in monitor.groupby(["action", "dimension"]):
        chosen = customers.index.isin(list(recommended[str(action)]))
        groups = pd.DataFrame({"value": customers[dimension], "chosen": chosen}).groupby("value")
        counts = groups["chosen"].agg(["size", "sum"]).loc[rows["value"]]
        assert rows["customers"].to_list() == counts["size"].to_list()
        assert rows["chosen"].to_list() == counts["sum"].to_list()
        lower, upper = proportion_confint(counts["sum"], counts["size"], method="wilson")
        np.testing.assert_allclose(rows["selection_rate_lower"], lower, atol=1e-12)
        np.testing.assert_allclose(rows["selection_rate_upper"], upper, atol=1e-12)
        smaller_side = min(chosen.mean(), 1 - chosen.mean())
        enough = (counts["size"] >= limits["minimum_customers"]) & (
            counts["size"] * smaller_side >= limits["minimum_expected"] - 1e-9
        )
        assert rows["is_large_enough"].to_list() == enough.to_list()
        rates = (counts["sum"] / counts["size"])[enough]
        ratios = (
            (rates.min() / rates if rates.min() else (rates == 0).astype(float))
            if rules.loc[str(action), "is_burden"]
            else rates / rates.max()
        )
        found = rows.set_index("value")["ratio_to_best"].dropna()
        np.testing.assert_allclose(found, ratios.loc[found.index], rtol=1e-12)
        assert set(found.index) == set(ratios.index)
        flagged = rows.loc[rows["is_flagged"], "value"]
        assert set(flagged) == set(ratios.index[ratios < limits["lowest_ratio"]])
    verdicts = set(monitor["verdict"])
    assert {"too few to judge", "best treated", "within the limit"} <= verdicts


def cents(amount: float) -> Decimal:
    """Return an amount rounded to the cent, halves away from zero."""
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_sensitivities_of_losses_equal_sums_over_cells(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    cells = warehouse.sql("select * from marts.fct_expected_losses").df().to_dict("records")
    scenarios = pd.read_csv(SEEDS / "stress_scenarios.csv").set_index("scenario")
    rows = warehouse.sql(
        "select * from marts.fct_stress_sensitivity where measure = 'expected_loss'"
    ).df()
    assert len(rows) == len(scenarios) * 2 * (6 + 4 + 2)
    for row in rows.to_dict("records"):
        scenario = scenarios.loc[row["scenario"]]
        total = Decimal(0)
        for cell in cells:
            factors = dict.fromkeys(
                (
                    "probability_of_default",
                    "loss_given_default",
                    "default_multiplier",
                    "loss_multiplier",
                ),
                1.0,
            )
            if row["item"] in ("all", str(cell["risk_weighting"]), cell["product"]):
                factors[row["assumption"]] += row["relative_error"]
            default = (
                cell["probability_of_default"]
                * factors["probability_of_default"]
                * scenario["default_multiplier"]
                * factors["default_multiplier"]
            )
            loss = (
                cell["loss_given_default"]
                * factors["loss_given_default"]
                * scenario["loss_multiplier"]
                * factors["loss_multiplier"]
            )
            total += cents(float(cell["exposure"]) * (min(default, 1) * min(loss, 1)))
        assert Decimal(str(row["shifted_value"])) == pytest.approx(total, abs=Decimal("0.02"))


def test_sensitivities_of_totals_match_the_scenarios(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame
) -> None:
    scenarios = pd.read_csv(SEEDS / "stress_scenarios.csv").set_index("scenario")
    rows = warehouse.sql(
        "select * from marts.fct_stress_sensitivity where measure <> 'expected_loss'"
    ).df()
    assert len(rows) == len(scenarios) * 2 * 3
    totals = customers[["total_deposits", "total_loans", "estimated_income"]].sum()
    for row in rows.to_dict("records"):
        change = scenarios.loc[row["scenario"], row["assumption"]] * (1 + row["relative_error"])
        moved = "estimated_income" if row["assumption"] == "income_change" else "total_deposits"
        expected = totals[moved] * (1 + change)
        if row["measure"] == "net_position":
            expected -= totals["total_loans"]
        assert float(row["shifted_value"]) == pytest.approx(expected, abs=0.02)


def test_pair_depth_matches_individual_customers(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame
) -> None:
    pairs = warehouse.sql("select * from marts.fct_product_pairs").df()
    by_pair = pairs.set_index(["product", "other_product"]).to_dict("index")
    deep = {
        product: customers[column] > customers[f"{product}_peer_median"]
        for product, column in PRODUCTS.items()
    }
    for product, other_product in itertools.permutations(PRODUCTS, 2):
        pair = by_pair[(product, other_product)]
        both = deep[product] & deep[other_product]
        assert pair["deep_holders"] == deep[product].sum()
        assert pair["deep_holders_of_both"] == both.sum()
        lift = both.mean() / deep[product].mean() / deep[other_product].mean()
        assert pair["depth_lift"] == pytest.approx(lift, rel=1e-12)
