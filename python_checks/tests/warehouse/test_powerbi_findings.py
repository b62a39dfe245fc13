"""Titles and numbers in the report match values computed from the marts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats

from bank_warehouse.powerbi import pages, project, report_files, story
from python_checks.testing import dax_evaluator
from python_checks.testing.dax_evaluator import Column, Context, Evaluator
from python_checks.testing.paths import PROJECT
from python_checks.tests.warehouse.test_powerbi_pictures import as_release

FILES = project.read(PROJECT / "powerbi")
REPORT = report_files.pages(FILES)

GENDER: Column = ("Customers", "Gender")
YEAR: Column = ("Customers", "Joining year")
LOYALTY: Column = ("Customers", "Loyalty class")
CONTEXTS: dict[str, Context] = {
    "everybody": {},
    "women": {GENDER: frozenset({"Female"})},
    "joined in 2011": {YEAR: frozenset({2011})},
    "Platinum": {LOYALTY: frozenset({"Platinum"})},
}
SOURCES = {GENDER: "gender", YEAR: "joined_year", LOYALTY: "loyalty_classification"}


@pytest.fixture(scope="module")
def evaluator(built_warehouse: Path) -> Iterator[Evaluator]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield dax_evaluator.load(FILES, connection)


def asked(evaluator: Evaluator, text: str, context: Context) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the customers in a filter context."""
    conditions, values = ["true"], []
    for column, kept in context.items():
        conditions.append(f"{SOURCES[column]} in ({', '.join('?' for _ in kept)})")
        values += list(kept)
    customers = (
        "(select * from marts.dim_customers inner join marts.fct_customer_positions"
        f" using (customer_key) where {' and '.join(conditions)})"
    )
    return evaluator.connection.execute(text.format(customers=customers), values).fetchall()


FINDINGS = sorted({v.finding for page in REPORT.values() for v in page.visuals.values()} - {""})


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_finding_is_short_in_every_context(finding: str, evaluator: Evaluator) -> None:
    for context in [*CONTEXTS.values(), {GENDER: frozenset({"nobody"})}]:
        text = evaluator.value(finding, context)
        assert isinstance(text, str), (finding, context, text)
        assert 10 < len(text) < 90, text
        assert "  " not in text, text


def test_titles_follow_the_slicers(evaluator: Evaluator) -> None:
    """Every finding changes with the slicers, unless its visual shows all customers."""
    whole = {
        visual.finding
        for page in REPORT.values()
        for visual in page.visuals.values()
        if "all customers" in visual.title.lower()
    }
    changing = {
        finding
        for finding in FINDINGS
        if len({evaluator.value(finding, context) for context in CONTEXTS.values()}) > 1
    }
    assert len(FINDINGS) >= 20
    assert not changing & {"Finding on stress", "Finding on concentration"}
    assert set(FINDINGS) - whole <= changing


@pytest.mark.parametrize("context", list(CONTEXTS))
@pytest.mark.parametrize("column", list(story.EXPLAINING))
def test_share_explained_is_eta_squared(column: str, context: str, evaluator: Evaluator) -> None:
    rows = asked(
        evaluator, f"select {column}, risk_weighting from {{customers}}", CONTEXTS[context]
    )
    groups: dict[Any, list[float]] = {}
    for value, risk in rows:
        groups.setdefault(value, []).append(float(risk))
    risks = np.array([float(risk) for _, risk in rows])
    between = sum(len(each) * (np.mean(each) - risks.mean()) ** 2 for each in groups.values())
    expected = between / ((risks - risks.mean()) ** 2).sum()
    found = evaluator.value(story.explained_by(column), CONTEXTS[context])
    assert found == pytest.approx(expected, abs=1e-9)
    p_value = evaluator.value(
        f"Chance of the risk by {story.EXPLAINING[column]}", CONTEXTS[context]
    )
    if len(groups) > 1:
        wanted = stats.chi2.sf((len(rows) - 1) * expected, len(groups) - 1)
        assert p_value == pytest.approx(wanted, abs=1e-9)
    else:
        assert p_value == 1


@pytest.mark.parametrize("context", list(CONTEXTS))
def test_correlation_is_pearsons(context: str, evaluator: Evaluator) -> None:
    ((expected,),) = asked(
        evaluator,
        "select corr(estimated_income, total_deposits) from {customers}",
        CONTEXTS[context],
    )
    found = evaluator.value("Correlation of income and deposits", CONTEXTS[context])
    assert found == pytest.approx(expected, abs=1e-9)


CLOSED = {
    "Finding on concentration",
    "Finding on control totals",
    "Finding on assumed losses",
    "Finding on risk migrations",
    "Finding on segment migrations",
    "Finding on stress",
    "Finding on the what-if",
}
"""Findings on sums over all customers, hidden from roles that see only some customers."""
ACCESS = [{"User name": "ada", "Banking relationship": "Retail", "Investment advisor": ""}]


@pytest.mark.parametrize("user", ["ada", "nobody"])
@pytest.mark.parametrize("role", ["By banking relationship", "By investment advisor"])
def test_titles_reveal_nothing_about_hidden_customers(
    role: str, user: str, evaluator: Evaluator
) -> None:
    context = evaluator.role_context(role, user, ACCESS)
    has_customers = user == "ada" and role == "By banking relationship"
    for finding in FINDINGS:
        text = evaluator.value(finding, context)
        if finding in CLOSED:
            assert text == "Not shown to your role", finding
        elif has_customers:
            assert 10 < len(text) < 90, text
            assert "  " not in text, text
            assert not text.startswith(("No ", "Fewer")), text
        else:
            assert text.startswith(("No customer is chosen", "Fewer than 30 customers")), text


def test_role_without_filters_sees_the_same_titles(
    evaluator: Evaluator,
) -> None:
    context = evaluator.role_context("Everything", "nobody", [])
    for finding in FINDINGS:
        assert evaluator.value(finding, context) == evaluator.value(finding, {})
        assert evaluator.value(finding, context) != "Not shown to your role"


def test_risk_finding_names_income_or_says_that_customers_are_few(evaluator: Evaluator) -> None:
    text = evaluator.value("Finding on income band and risk", {})
    assert text.startswith("Risk weighting is linked to the income band ("), text
    few = {("Customers", "Occupation family"): frozenset({"Legal"})}
    text = evaluator.value("Finding on income band and risk", few)
    assert text == "Fewer than 30 customers: too few to say"


def test_loyalty_title_compares_balances_and_customers(evaluator: Evaluator) -> None:
    for name, context in CONTEXTS.items():
        rows = asked(
            evaluator,
            "select loyalty_classification, sum(total_deposits) as held,"
            " count(*) / sum(count(*)) over (), held / sum(held) over (),"
            " sum(total_loans) / sum(sum(total_loans)) over ()"
            " from {customers} group by 1 order by 2 desc",
            context,
        )
        loyalty, _, customers, deposits, loans = rows[0]
        assert evaluator.value("Finding on loyalty", context) == (
            f"{loyalty}: {customers:.0%} of customers, {deposits:.0%} of deposits,"
            f" {loans:.0%} of loans"
        ), name


def test_tiny_p_values_are_not_zero(evaluator: Evaluator) -> None:
    columns: list[Column] = [("Risk drivers", name) for name in ("Driver in words", "Level")]
    rows = evaluator.connection.execute(
        "select driver_in_words, level, adjusted_p_value"
        f" from ({evaluator.relations['Risk drivers']})"
    ).fetchall()
    found = []
    for *row, p_value in rows:
        chosen = {column: frozenset({each}) for column, each in zip(columns, row, strict=True)}
        found.append((p_value, evaluator.value(story.ADJUSTED_P, chosen)))
    assert any(text == "< 0.001" for _, text in found)
    assert any(text not in (None, "< 0.001") for _, text in found)
    for p_value, text in found:
        if p_value is None:
            assert text is None
        elif p_value < 0.001:
            assert text == "< 0.001"
        else:
            assert float(text) == pytest.approx(p_value, abs=0.0005)
    assert evaluator.value(story.ADJUSTED_P, {}) is None


def test_level_counts_only_if_its_category_makes_a_real_difference(evaluator: Evaluator) -> None:
    columns: list[Column] = [("Risk drivers", name) for name in ("Fit", "Driver in words", "Level")]
    rows = evaluator.connection.execute(
        "select fit, driver_in_words, level, odds_ratio, reference_level is null or driver in"
        " (select dimension from marts.fct_segment_differences"
        " where measure = 'risk_weighting' and verdict like 'more than chance%')"
        f" from ({evaluator.relations['Risk drivers']})"
    ).fetchall()
    assert {is_linked for *_, is_linked in rows} == {True, False}
    for *row, odds, is_linked in rows:
        chosen = {column: frozenset({each}) for column, each in zip(columns, row, strict=True)}
        p_value = evaluator.value(story.ADJUSTED_P, chosen)
        assert evaluator.value(story.LINKED_ODDS, chosen) == (odds if is_linked else None), row
        assert evaluator.value(story.LINKED_P, chosen) == (p_value if is_linked else None), row


def test_peer_groups_match_the_page_text(evaluator: Evaluator) -> None:
    """There is one peer median for each product, income band and risk weighting."""
    ((by_both, by_one),) = evaluator.connection.execute(
        "select (select max(medians) from (select count(distinct peer_median_balance) as medians"
        " from marts.fct_product_gaps group by product, income_band, risk_weighting)),"
        " (select max(medians) from (select count(distinct peer_median_balance) as medians"
        " from marts.fct_product_gaps group by product, income_band))"
    ).fetchall()
    assert by_both == 1 < by_one
    (page,) = [page for page in pages.PAGES if page.key == "product_holdings"]
    texts = " ".join(text for visual in page.visuals for text in visual.text)
    assert "peers: customers of the same income band and risk weighting." in texts


def filters(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the filters in a JSON tree: the parts with `From` and `Where`."""
    if isinstance(tree, dict):
        if "From" in tree and "Where" in tree:
            yield tree
        tree = list(tree.values())
    for part in tree if isinstance(tree, list) else ():
        yield from filters(part)


def test_values_chosen_by_filters_exist(evaluator: Evaluator) -> None:
    chosen = {
        ((table, column), value)
        for path, content in FILES.items()
        if path.startswith("Bank.Report/definition/") and path.endswith(".json")
        for each in filters(json.loads(content))
        for table, column, _, values in report_files.filter_values(each)
        for value in values
    }
    assert (("Dimensions", "Dimension name"), "Loyalty class") in chosen
    for column, value in sorted(chosen, key=str):
        assert value in evaluator.values(column, {}), (column, value)


def test_migrations_say_that_there_is_one_date(evaluator: Evaluator) -> None:
    for name in ("Finding on segment migrations", "Finding on risk migrations"):
        assert evaluator.value(name, {}) == "Only one date so far: nothing to compare yet"


def test_migrations_between_two_dates_are_counted(built_warehouse: Path) -> None:
    segments = [("Savers", "Borrowers", 7), ("Savers", "Savers", 90)]
    # Customers who joined or left have no segment at one of the dates, so they are not compared.
    segments += [("joined", "Savers", 4), ("Savers", "left", 3)]
    risks = [("2", "3", "worse", 5), ("3", "3", "unchanged", 92), ("3", "1", "better", 2)]
    with duckdb.connect() as connection:
        as_release(connection, built_warehouse)
        connection.execute("drop view marts.fct_segment_migrations")
        connection.execute("drop view marts.fct_risk_migrations")
        connection.execute(
            "create table marts.fct_segment_migrations as"
            " select * from built.marts.fct_segment_migrations"
        )
        connection.execute(
            "create table marts.fct_risk_migrations as"
            " select * from built.marts.fct_risk_migrations"
        )
        for before, after, count in segments:
            connection.execute(
                "insert into marts.fct_segment_migrations by name"
                " select ? as from_segment, ? as to_segment, ? as customers",
                [before, after, count],
            )
        for before, after, change, count in risks:
            connection.execute(
                "insert into marts.fct_risk_migrations by name"
                " select ? as from_risk_weighting, ? as to_risk_weighting,"
                " ? as risk_weighting_change, ? as customers",
                [before, after, change, count],
            )
        evaluator = dax_evaluator.load(FILES, connection)
        assert evaluator.value("Finding on segment migrations", {}) == (
            "7 of 97 customers changed segment"
        )
        assert evaluator.value("Customers compared", {}) == 97
        assert evaluator.value("Customers by change of segment", {}) == 104
        assert evaluator.value("Finding on risk migrations", {}) == (
            "5 customers became riskier, 2 less risky"
        )
        assert evaluator.values(("Segment migrations", "From segment in words"), {}) == [
            "Joined",
            "Savers",
        ]
        context = evaluator.role_context("By banking relationship", "ada", ACCESS)
        for name in ("Finding on segment migrations", "Finding on risk migrations"):
            assert evaluator.value(name, context) == "Not shown to your role"


@pytest.mark.parametrize(
    ("defaults", "losses", "outflow"), [(1.0, 1.0, 0.0), (2.5, 1.25, 0.15), (4.0, 2.0, 0.5)]
)
def test_sliders_change_assumed_loss_and_deposits(
    defaults: float, losses: float, outflow: float, evaluator: Evaluator
) -> None:
    chosen: Context = {
        (slider.name, slider.name): frozenset({value})
        for slider, value in zip(story.SLIDERS, (defaults, losses, outflow), strict=True)
    }
    ((expected, held),) = evaluator.connection.execute(
        "select sum(exposure * least(1, probability_of_default * ?)"
        " * least(1, loss_given_default * ?)),"
        " (select sum(total_deposits) from marts.fct_customer_positions) * (1 - ?)"
        " from marts.fct_expected_losses",
        [defaults, losses, outflow],
    ).fetchall()
    assert evaluator.value("What-if assumed loss", chosen) == pytest.approx(float(expected))
    assert evaluator.value("What-if deposits", chosen) == pytest.approx(float(held))
    baseline = evaluator.value("Assumed loss", {})
    change = evaluator.value("What-if change in loss", chosen)
    assert change == pytest.approx(float(expected) / float(baseline) - 1, abs=1e-6)


def test_without_a_choice_the_sliders_change_nothing(evaluator: Evaluator) -> None:
    assert evaluator.value("What-if assumed loss", {}) == pytest.approx(
        float(evaluator.value("Assumed loss", {})), rel=1e-6
    )
    for slider in story.SLIDERS:
        assert evaluator.value(slider.chosen, {}) == slider.default
        values = evaluator.values((slider.name, slider.name), {})
        assert slider.default in values
        assert (min(values), max(values)) == (slider.low, pytest.approx(slider.high))


def test_title_of_the_sliders_names_what_changes(evaluator: Evaluator) -> None:
    assert evaluator.value("Finding on the what-if", {}).startswith(
        "No change: assumed losses are "
    )
    defaults, _, outflow = ((slider.name, slider.name) for slider in story.SLIDERS)
    chosen: Context = {outflow: frozenset({0.15})}
    text = evaluator.value("Finding on the what-if", chosen)
    assert text.startswith("Assumed losses stay at ")
    assert text.endswith(" M, deposits fall by 15%")
    text = evaluator.value("Finding on the what-if", {defaults: frozenset({0.5})})
    assert text.startswith("Assumed losses change by -50% to ")
    assert text.endswith(" M, deposits stay the same")
    text = evaluator.value("Finding on the what-if", {**chosen, defaults: frozenset({0.5})})
    assert text.startswith("Assumed losses change by -50% to ")
    assert text.endswith(" M, deposits fall by 15%")


def test_income_bins_count_everybody_once(evaluator: Evaluator) -> None:
    column: Column = ("Customers", "Income bin")
    bins = evaluator.values(column, {})
    counts = {each: evaluator.value("Customers", {column: frozenset({each})}) for each in bins}
    assert sum(counts.values()) == evaluator.value("Customers", {})
    for number, (limit, label) in enumerate(story.income_bins()):
        ((expected,),) = asked(
            evaluator,
            "select count(*) from {customers} where estimated_income >= "
            f"{number * story.INCOME_STEP}" + (f" and estimated_income < {limit}" if limit else ""),
            {},
        )
        assert counts.get(label, 0) == expected, label


@pytest.mark.parametrize(
    ("row", "across"),
    [
        ("Number of credit cards", "Risk weighting"),
        ("Loyalty class", "Risk weighting"),
        ("Occupation family", "Loyalty class"),
    ],
)
def test_share_of_row_adds_up_to_one(row: str, across: str, evaluator: Evaluator) -> None:
    """Visuals also group by the sort column, which must not change the shares."""
    columns: list[Column] = [("Customers", row), ("Customers", across)]
    for value in evaluator.values(columns[0], {}):
        line = evaluator.grouped(columns[0], value, {})
        shares = [
            evaluator.value(story.SHARE_OF_ROW, evaluator.grouped(columns[1], other, line), columns)
            for other in evaluator.values(columns[1], line)
        ]
        assert sum(shares) == pytest.approx(1)
        assert max(shares) < 1 or len(shares) == 1


def test_heat_maps_offer_five_measures() -> None:
    labels = [label for label, _ in story.HEAT_MAP.entries]
    assert labels == [
        "Customers",
        "Share of row",
        "Mean risk weighting",
        "Total loans",
        "Card balance",
    ]
