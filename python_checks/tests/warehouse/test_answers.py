"""Answers are true for the sample, equal wherever they are shown, and left out if uncertain."""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse import numbers
from bank_warehouse.answers import Answers, Warehouse, answers, labels
from bank_warehouse.answers.sentences import MAX_ANSWERS, OPENING, QUESTIONS, strongest
from bank_warehouse.dashboard.access import EVERYONE, Role
from bank_warehouse.dashboard.cubes import ORDERS
from bank_warehouse.dashboard.pages import PAGES
from bank_warehouse.dashboard.snapshots import open_snapshot
from bank_warehouse.metrics import SemanticLayer, load_metrics
from bank_warehouse.publish import current_release
from python_checks.testing.answers import untrue, verdicts
from python_checks.testing.paths import PROJECT


@pytest.fixture(scope="module")
def layer(built_target: Path) -> SemanticLayer:
    return load_metrics(built_target / "semantic_manifest.json")


@pytest.fixture(scope="module")
def marts(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def found(marts: duckdb.DuckDBPyConnection, layer: SemanticLayer) -> Answers:
    return answers(Warehouse(marts, layer))


@pytest.fixture
def changed(built_warehouse: Path, tmp_path: Path, layer: SemanticLayer) -> Iterator[Warehouse]:
    """A copy of the warehouse that a test may change."""
    copy = shutil.copy2(built_warehouse, tmp_path / built_warehouse.name)
    with duckdb.connect(str(copy)) as connection:
        yield Warehouse(connection, layer)


def replace_column(source: Warehouse, mart: str, column: str, expression: str) -> None:
    """Replace the view of a mart with a table in which one column has new values."""
    source.connection.execute(
        f"create table marts.changed as "
        f"select * replace ({expression} as {column}) from marts.{mart}"
    )
    source.connection.execute(
        f"drop view if exists marts.{mart}; alter table marts.changed rename to {mart}"
    )


# ---------- the sample


def test_sample_gives_five_correct_answers(
    marts: duckdb.DuckDBPyConnection, found: Answers
) -> None:
    assert [answer.name for answer in found.first] == [
        "decisions",
        "risk-by-income",
        "actions",
        "no-difference",
        "funding",
    ]
    assert len(found.first) == MAX_ANSWERS
    assert untrue(marts, found) == []
    # The sample has only one date, so these two questions have nothing to compare.
    assert {each.__name__ for each in QUESTIONS} - {
        name.replace("-", "_") for name in found.by_name
    } == {"moved", "segment_moves"}
    assert set(OPENING) <= {"moved", *found.by_name}


def test_numbers_in_answers_match_sql(marts: duckdb.DuckDBPyConnection, found: Answers) -> None:
    def one(query: str) -> Any:
        return marts.execute(query).fetchall()[0]

    texts = {name: answer.sentence for name, answer in found.by_name.items()}
    number, loans, deposits = one(
        "select count(*), sum(total_loans), sum(total_deposits) from marts.fct_customer_positions "
        "inner join marts.fct_customer_risk using (customer_key) where watch_list_level = 'act'"
    )
    assert texts["decisions"] == (
        f"{number} customers need a decision now: {numbers.amount(loans)} in loans against "
        f"{numbers.amount(deposits)} in deposits."
    )
    means = [
        f"{mean:.1f} in the {band.lower()} band"
        for band, mean in marts.execute(
            "select income_band, avg(risk_weighting) from marts.dim_customers "
            "group by income_band order by avg(risk_weighting)"
        ).fetchall()
    ]
    assert texts["risk-by-income"].startswith(
        "The risk weighting rises with income: its mean (1 low, 5 high) is "
    )
    assert texts["risk-by-income"].endswith(f"{means[0]}, {means[1]} and {means[2]}.")
    gap, name, customers = one(
        "select sum(gap_to_close), any_value(action_name), count(*) "
        "from marts.fct_customer_recommendations group by action order by 1 desc nulls last limit 1"
    )
    assert f"“{name}”" in texts["actions"]
    assert f"{customers:,} customers" in texts["actions"]
    assert numbers.amount(gap) in texts["actions"]
    loans, deposits, part = one(
        "select sum(total_loans), sum(total_deposits), avg(is_overleveraged::int) "
        "from marts.fct_customer_positions"
    )
    assert numbers.amount(loans) in texts["funding"]
    assert numbers.amount(deposits) in texts["funding"]
    assert f"{part:.0%} of customers" in texts["funding"]
    only = one("select sum(bank_deposits) from marts.fct_customer_positions")[0]
    assert found.by_name["funding"].support.endswith(
        f" total deposits are only {numbers.amount(only)} and loans are "
        f"{numbers.times(loans / only)} deposits."
    )
    top = one(
        "select sum(total_deposits) filter (where place <= 0.1 * customers) / sum(total_deposits) "
        "from (select total_deposits, row_number() over (order by total_deposits desc) as place, "
        "count(*) over () as customers from marts.fct_customer_positions)"
    )[0]
    assert f"by deposits holds {top:.0%} of all deposits;" in texts["concentration"]
    base, worst = one(
        "select sum(baseline_value), sum(stressed_value) from marts.fct_stress_results "
        "where measure = 'expected_loss' and scenario = 'severe_recession'"
    )
    assert f"{worst / base:.1f} times" in texts["stress"]


def test_support_text_names_the_task_and_the_rules(
    marts: duckdb.DuckDBPyConnection, found: Answers, changed: Warehouse
) -> None:
    owner, wording = marts.execute(
        "select owner, wording from reference.recommendation_rules "
        "where action = 'act_on_watch_list'"
    ).fetchall()[0]
    task = f"Task for {owner}: {wording[0].lower()}{wording[1:]}."
    assert found.by_name["decisions"].support.endswith(task)
    # The answer says that some facts make no difference, so it must name the rules that use these
    # facts.
    rules = marts.execute(
        "select action_name from reference.recommendation_rules where action in "
        "(select action from marts.fct_customer_recommendations) and list_has_any("
        "[fact, second_fact, third_fact], ['loyalty_order', 'fee_rate']) order by priority"
    ).fetchall()
    support = found.by_name["no-difference"].support
    assert re.findall("“([^”]+)”", support) == [name for (name,) in rules] != []
    replace_column(
        changed,
        "fct_customer_recommendations",
        "reasons",
        "regexp_replace(reasons, 'loyalty_order|fee_rate', 'other', 'g')",
    )
    assert "policy" not in answers(changed).by_name["no-difference"].support


def test_statistics_are_separate_from_the_support(found: Answers) -> None:
    tested = [answer for answer in found.by_name.values() if answer.statistics]
    assert {"risk-by-income", "deposits-by-income", "no-difference", "drivers"} == {
        answer.name for answer in tested
    }
    for answer in tested:
        assert ("odds" if answer.name == "drivers" else "Kruskal-Wallis") in answer.statistics
        assert answer.full_support == f"{answer.support} {answer.statistics}"
    for answer in found.by_name.values():
        figures = r"Kruskal|epsilon|adjusted p|\bodds\b|deviation"
        assert not re.search(figures, answer.sentence + answer.support)


def test_dashboard_and_warehouse_give_the_same_answers(published: Path, found: Answers) -> None:
    release = current_release(published)
    assert answers(open_snapshot(release, EVERYONE)) == found
    retail = answers(open_snapshot(release, Role(banking_relationships=frozenset({"Retail"}))))
    # This role may not see sums over all customers, so answers based on such sums are left out.
    assert {"concentration", "losses", "stress"} & set(retail.by_name) == set()
    assert retail.by_name["no-difference"] == found.by_name["no-difference"]
    assert retail.by_name["decisions"].sentence != found.by_name["decisions"].sentence


def test_answers_name_existing_pages_and_marts(
    marts: duckdb.DuckDBPyConnection, found: Answers
) -> None:
    there = {
        name
        for (name,) in marts.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    }
    for answer in found.by_name.values():
        assert answer.page in PAGES
        assert set(answer.marts) <= there


# ---------- answers follow the statistical tests


def test_difference_that_could_be_chance_is_not_stated(changed: Warehouse) -> None:
    changed.connection.execute(
        "update marts.fct_segment_differences set verdict = 'no more than chance', "
        "adjusted_p_value = 0.5 where 'risk_weighting' in (dimension, measure)"
    )
    # The statistic is as large as before, so "no difference" cannot be stated either.
    assert "risk-by-income" not in answers(changed).by_name


def test_real_difference_is_not_denied(changed: Warehouse) -> None:
    changed.connection.execute(
        "update marts.fct_segment_differences set verdict = 'more than chance, small' "
        "where dimension = 'loyalty_classification' and measure = 'total_deposits'"
    )
    assert not answers(changed).by_name["no-difference"].title.startswith("Loyalty")


def test_no_difference_needs_statistical_power(changed: Warehouse) -> None:
    """With only 200 customers, the same statistic does not exclude a relevant difference."""
    assert "no-difference" in answers(changed).by_name
    changed.connection.execute("update marts.fct_segment_differences set customers = 200")
    assert "no-difference" not in answers(changed).by_name


def test_level_is_not_a_driver_if_its_category_could_be_chance(changed: Warehouse) -> None:
    levels = [row for row in strongest(changed) if row["reference_level"] is not None]
    assert levels == []
    assert changed.connection.execute(
        "select count(*) from marts.fct_risk_drivers where fit = 'business facts' and "
        "reference_level is not null and direction in ('raises', 'lowers')"
    ).fetchall()[0][0]
    sizes = [abs(row["coefficient"]) for row in strongest(changed)]
    assert sizes == sorted(sizes, reverse=True)
    assert strongest(changed)[0]["driver"] == "bank_deposits"


def test_drivers_are_listed_by_direction(
    changed: Warehouse,
) -> None:
    before = answers(changed).by_name["drivers"]
    assert before.title == (
        "All else equal, the risk weighting rises with checking balances and income, falls with "
        "bank deposits"
    )
    assert before.sentence.startswith(
        "Among otherwise similar customers, a higher risk weighting goes with higher checking "
        "balances and income; a lower one goes with higher bank deposits; there is no sign that"
    )
    assert "Read bank deposits, checking and savings balances together" in before.support
    run = changed.connection.execute
    run("update marts.fct_product_pairs set balance_correlation = 0.1 "
        "where other_product = 'saving_account'")  # fmt: skip
    assert "together" not in answers(changed).by_name["drivers"].support
    run("update marts.fct_risk_drivers set direction = 'lowers' where direction = 'raises'")
    after = answers(changed).by_name["drivers"]
    assert after.title == (
        "All else equal, the risk weighting falls with bank deposits, checking balances and income"
    )
    assert (
        "similar customers, a lower risk weighting goes with higher bank deposits" in after.sentence
    )


def test_odds_are_explained_as_a_comparison_of_two_customers(changed: Warehouse) -> None:
    ratios = dict(
        changed.connection.execute(
            "select driver, odds_ratio from marts.fct_risk_drivers where reference_level is null"
        ).fetchall()
    )
    first, second, third = (
        f"{ratios[name]:.2f} times" for name in
        ("bank_deposits", "checking_accounts", "estimated_income")
    )  # fmt: skip
    assert answers(changed).by_name["drivers"].statistics == (
        "Of two customers alike in all else, the one higher in bank deposits by one standard "
        f"deviation has {first} the odds of a higher risk weighting; in the same way, {second} for "
        f"checking balances and {third} for income."
    )
    changed.connection.execute(
        "update marts.fct_risk_drivers set level = 'Large', reference_level = 'Small' "
        "where driver = 'bank_deposits'; "
        "update marts.fct_segment_differences set dimension = 'bank_deposits', "
        "verdict = 'more than chance, large' "
        "where dimension = 'loyalty_classification' and measure = 'risk_weighting'"
    )
    found = answers(changed).by_name["drivers"].statistics
    assert found.startswith(
        "Of two customers alike in all else, the one with bank deposits Large rather than Small "
        f"has {first} the odds"
    )


def test_deposits_counted_twice_are_mentioned_only_if_it_matters(changed: Warehouse) -> None:
    assert "already include" in answers(changed).by_name["funding"].support
    replace_column(changed, "fct_customer_positions", "core_deposits", "0")
    assert answers(changed).by_name["funding"].support.endswith("bank deposits included.")


def test_losses_are_called_built_in_only_if_default_rates_rise(changed: Warehouse) -> None:
    built_in = "so the share of losses is partly built in."
    assert answers(changed).by_name["losses"].support.endswith(built_in)
    changed.connection.execute("update marts.fct_expected_losses set probability_of_default = 0.02")
    assert answers(changed).by_name["losses"].support.endswith("No loss was measured.")


def test_falling_means_are_not_called_rising(changed: Warehouse) -> None:
    replace_column(changed, "dim_customers", "risk_weighting", "6 - risk_weighting")
    assert answers(changed).by_name["risk-by-income"].title == (
        "Risk weighting falls as income rises"
    )
    changed.connection.execute(
        "update marts.dim_customers set risk_weighting = 1 where income_band = 'High'; "
        "update marts.dim_customers set risk_weighting = 5 where income_band = 'Mid'"
    )
    title = answers(changed).by_name["risk-by-income"].title
    assert title == "Risk weighting differs by income, without a steady rise or fall"


def test_decisions_are_worded_for_one_and_for_no_customer(changed: Warehouse) -> None:
    run = changed.connection.execute
    run(
        "update marts.fct_customer_risk set watch_list_level = 'review' "
        "where watch_list_level = 'act' and customer_key > (select min(customer_key) "
        "from marts.fct_customer_risk where watch_list_level = 'act')"
    )
    assert answers(changed).by_name["decisions"].title == "1 customer needs a decision now"
    run("update marts.fct_customer_risk set watch_list_level = 'none'")
    assert answers(changed).by_name["decisions"].sentence == (
        "No customer needs a decision now: nobody is at the highest level of the watch list."
    )


def test_answers_with_shares_are_left_out_if_deposits_are_negative(changed: Warehouse) -> None:
    replace_column(changed, "fct_customer_positions", "total_deposits", "-total_deposits")
    changed.connection.execute("update marts.fct_balance_concentration set top_decile_share = -0.2")
    assert {"funding", "concentration", "segments"} & set(answers(changed).by_name) == set()


# ---------- two dates


def test_previous_date_is_compared(changed: Warehouse) -> None:
    run = changed.connection.execute
    rows = [
        ("2021-11-30", "2021-12-31", "3", "4", "review", "act", "worse", 7),
        ("2021-11-30", "2021-12-31", "3", "2", "act", "review", "better", 2),
        ("2021-11-30", "2021-12-31", "3", "3", "act", "act", "unchanged", 56),
        ("2021-11-30", "2021-12-31", "5", "left", "act", "left", "left", 1),
        # This comparison of two earlier dates must be ignored.
        ("2021-10-31", "2021-11-30", "3", "4", "act", "act", "worse", 900),
    ]
    for from_date, to_date, before, after, level, to_level, change, customers in rows:
        run(
            "insert into marts.fct_risk_migrations (from_date, to_date, from_risk_weighting, "
            "to_risk_weighting, from_watch_list_level, to_watch_list_level, "
            "risk_weighting_change, watch_list_change, customers, from_total_loans, "
            "to_total_loans, from_total_deposits, to_total_deposits) "
            "values (?, ?, ?, ?, ?, ?, ?, 'unchanged', ?, 0, 0, 0, 0)",
            [from_date, to_date, before, after, level, to_level, change, customers],
        )
    by_name = answers(changed).by_name
    # Before, 59 customers were at the level `act`; now, 63 are.
    assert by_name["decisions"].sentence.endswith(", 4 more customers than on 30 November 2021.")
    assert by_name["moved"].sentence == (
        "Since 30 November 2021, 7 customers moved to a higher risk weighting and 2 to a lower one."
    )
    assert by_name["moved"].title == (
        "Since 30 November 2021: 7 to a higher risk weighting, 2 to a lower one"
    )
    assert by_name["moved"].support == "56 kept their risk weighting, 0 joined, 1 left."
    assert untrue(changed.connection, answers(changed)) == []


# ---------- round numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.4, "0"),
        (-0.4, "0"),
        (3.45, "3"),
        (9.96, "10"),
        (99.6, "100"),
        (63, "63"),
        (850, "850"),
        (1_234, "1,230"),
        (12_345, "12,300"),
        (-45_678, "-46,000"),
        (999_999, "1 million"),
        (1_754_939, "1.8 million"),
        (26_123_456, "26 million"),
        (147_544_815, "148 million"),
        (999_600_000, "1 billion"),
        (4_477_833_615, "4.5 billion"),
        (3.2e12, "3.2 trillion"),
    ],
)
def test_amounts_are_rounded(number: float, text: str) -> None:
    assert numbers.amount(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0%"), (0.004, "under 1%"), (0.236, "24%"), (0.9999, "over 99%"), (1, "100%")],
)
def test_shares_are_rounded(number: float, text: str) -> None:
    assert numbers.share(number) == text


def test_dates_and_lists_are_formatted() -> None:
    assert numbers.day(date(2021, 3, 1)) == "1 March 2021"
    assert [numbers.listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


# ---------- labels for readers


LABELS: Mapping[str, str] = {
    labels.verdict("no more than chance"): "Could be chance",
    labels.verdict("more than chance, large"): "Real difference, large",
    labels.verdict("by definition"): "Built in: one is computed from the other",
    labels.verdict(
        "under the limit, no more than chance"
    ): "Below the fairness limit: could be chance",
    labels.verdict("within the limit"): "Within the fairness limit",
    labels.value("watch_list_level", "act"): "Act now",
    labels.value("watch_list_level", "watch"): "Monitor",
    labels.value("watch_list_level", "none"): "Not listed",
    labels.value("segment", "Savers"): "Savers",
    labels.name("amount_of_credit_cards"): "Number of credit cards",
    labels.name("bank_loans"): "Bank loans",
    labels.reasons("Reason (watch_list_severity at least 4)"): "Watch-list score is 4 or more",
    labels.reasons("Reason (tenure_days at least 3650, loyalty_order at most 2)"): (
        "Customer for 10 years or more; loyalty class is Jade or Silver"
    ),
    labels.reasons("Reason (deposit_score at least 5, lending_score at least 4)"): (
        "Deposits are in the top fifth; loans are in the top two fifths"
    ),
    labels.reasons("Reason (debt_to_income_ratio above 20, liquidity_cover below 0.1)"): (
        "Loans are more than 20 times a year's income; deposits cover less than 10% of loans"
    ),
    labels.reasons(
        "Reason (saving_account_to_peer_median below 0.5, watch_list_severity at most 0)"
    ): ("Savings account balance is less than 50% of the peers' median; not on the watch list"),
    labels.reasons("Reason (watch_list_severity at least 2, watch_list_severity at most 3)"): (
        "Watch-list score is 2 or 3"
    ),
    labels.reasons("Reason (risk_weighting at least 2, risk_weighting at most 4)"): (
        "Risk weighting is 2 to 4"
    ),
    labels.reasons("Reason (risk_weighting at least 3, risk_weighting at most 3)"): (
        "Risk weighting is 3"
    ),
    labels.reasons("Reason (fee_rate at least 0.01, fee_rate at most 0.02)"): (
        "Fee rate is 1% to 2%"
    ),
    labels.reasons("Reason (credit_card_balance above 1, credit_card_balance below 2)"): (
        "Card balance is more than 1 and less than 2"
    ),
    labels.reasons("Reason (watch_list_severity at least 1)"): "On the watch list",
    labels.reasons("Reason (watch_list_severity below 1)"): "Not on the watch list",
    labels.reasons("Reason (deposit_score at least 1)"): "Deposits are in any fifth",
    labels.reasons("Reason (deposit_score below 1)"): "Deposits are in none of the fifths",
    labels.reasons("Reason (loyalty_order at least 1)"): "In any loyalty class",
    labels.reasons("Reason (watch_list_severity at least 1, watch_list_severity at most 3)"): (
        "On the watch list; watch-list score is 3 or less"
    ),
    labels.reasons("Text without limits"): "Text without limits",
    labels.rules_met("No rule of the watch list applies"): "No rule of the watch list applies",
    labels.rules_met(
        "Deposits cover little (liquidity_cover below 0.10); "
        "Core deposits low (core_deposits below 1.00); "
        "Risk weighting raised (risk_weighting at least 4.00)"
    ): (
        "Deposits cover less than 10% of loans; core deposits are less than 1; "
        "risk weighting is 4 or more"
    ),
    labels.fact("debt_to_income_ratio", 23.456): "loans are 23.5 times a year's income",
    labels.fact("tenure_days", 4015.0): "customer for 11 years",
    labels.fact("credit_card_balance", 12_345.67): "card balance is 12,345.67",
    labels.fact("loyalty_order", 2): "loyalty class is Silver",
    labels.fact("lending_score", 4): "loans are between the 60th and 80th percentile",
}


@pytest.mark.parametrize(("written", "wanted"), LABELS.items())
def test_codes_become_labels(written: str, wanted: str) -> None:
    assert written == wanted


CODE = re.compile(r"[a-z]_[a-z]|at least|at most|_order|severity")


def test_reasons_contain_no_codes(marts: duckdb.DuckDBPyConnection) -> None:
    rules = marts.execute(
        "select distinct reasons from marts.fct_customer_recommendations"
    ).fetchall()
    assert len(rules) > 10
    for (rule,) in rules:
        written = labels.reasons(rule)
        assert written != rule
        assert not CODE.search(written), written
    met = marts.execute(
        "select distinct watch_list_reasons from marts.fct_customer_risk"
    ).fetchall()
    assert len(met) > 10
    for (rules,) in met:
        assert not CODE.search(labels.rules_met(rules)), labels.rules_met(rules)


def test_codes_in_the_marts_have_labels(marts: duckdb.DuckDBPyConnection) -> None:
    for mart, column in (
        ("fct_segment_differences", "verdict"),
        ("fct_fairness_monitor", "verdict"),
        ("fct_customer_risk", "watch_list_level"),
        ("fct_risk_drivers", "direction"),
        ("fct_cluster_centroids", "structure"),
    ):
        for (code,) in marts.execute(f"select distinct {column} from marts.{mart}").fetchall():
            written = labels.value(column, code)
            assert written[0].isupper()
            assert "chance" not in written or "ould be chance" in written
    order = [row[0] for row in marts.execute(
        "select loyalty_classification from reference.loyalty_tiers order by loyalty_order"
    ).fetchall()]  # fmt: skip
    assert tuple(order) == labels.LOYALTY == ORDERS["loyalty_classification"]


REPLACED = re.compile(
    r"more than chance|by definition|money concerned|deepen|who does it|amount of credit cards|"
    r"saving account\b|superannuation savings|tells customers apart|a continuum|set[ ]aside",
    re.IGNORECASE,
)


@pytest.mark.parametrize("file", ["reports/findings.md", "notebooks/customer_behavior.ipynb"])
def test_readers_do_not_see_words_that_were_replaced(file: str) -> None:
    text = (PROJECT / file).read_text("utf-8")
    # Queries in the notebook contain the marts' own values, in which these words are allowed.
    text = re.sub(r"'(no )?more than chance[^']*'", "", text)
    assert REPLACED.findall(text) == []


def test_labels_use_no_replaced_words(
    layer: SemanticLayer, marts: duckdb.DuckDBPyConnection
) -> None:
    shown = [metric.label for metric in layer.metrics.values()]
    shown += [each.label for model in layer.models.values() for each in model.dimensions.values()]
    shown += [name for (name,) in marts.execute(
        "select action_name from reference.recommendation_rules union all "
        "select reason from reference.recommendation_rules union all "
        "select product_name from reference.products"
    ).fetchall()]  # fmt: skip
    assert len(shown) > 100
    assert [text for text in shown if REPLACED.search(text)] == []


def test_helper_finds_the_verdicts_on_two_columns(marts: duckdb.DuckDBPyConnection) -> None:
    assert verdicts(marts, "loyalty_classification", "total_loans")
