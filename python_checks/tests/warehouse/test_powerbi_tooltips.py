"""Every tooltip of the report shows correct values, or nothing, for every selection.

The tests evaluate the model's measures with the filters of the slicers and of the mark under the
pointer. They compare the numbers and the test results with independent SQL on the marts.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse.powerbi import project, report_files
from bank_warehouse.powerbi.report_files import Page, Visual
from python_checks.testing import dax_evaluator
from python_checks.testing.dax_evaluator import Column, Context, Evaluator
from python_checks.testing.paths import PROJECT

FILES = project.read(PROJECT / "powerbi")
REPORT = report_files.pages(FILES)

CHOICES: dict[str, dict[Column, tuple[object, ...]]] = {
    "nothing chosen": {},
    "gender Female": {("Customers", "Gender"): ("Female",)},
    "joined in 2014 or 2015": {("Customers", "Joining year"): (2014, 2015)},
    "women with a Retail relationship": {
        ("Banking relationships", "Banking relationship"): ("Retail",),
        ("Customers", "Gender"): ("Female",),
    },
    "a click on Gold": {("Customers", "Loyalty class"): ("Gold",)},
    "profiles by gender, to review": {
        ("Dimensions", "Dimension name"): ("Gender",),
        ("Customers", "Watch-list level"): ("review",),
    },
}
"""Filters that slicers and clicks set while the reader hovers over a mark."""

NUMBERS = {
    "Customers": "nullif(count(*), 0)",
    "Total loans": "sum(total_loans)",
    "Total deposits": "sum(total_deposits)",
    "Mean loans": "sum(total_loans) / count(*)",
    "Mean deposits": "sum(total_deposits) / count(*)",
    "Median deposits": "median(total_deposits)",
    "Mean risk weighting": "avg(risk_weighting)",
    "Exposure": "sum(total_loans)",
    "Credit card balance": "sum(credit_card_balance)",
}
"""The SQL for each number in a tooltip."""

COMPARED = ("risk_weighting", "total_loans", "total_deposits", "estimated_income")
"""The measures by which the values of every dimension are compared."""

CUSTOMERS = (
    "marts.dim_customers inner join marts.fct_customer_positions using (customer_key)"
    " inner join (select customer_key, segment from marts.fct_customer_segments)"
    " using (customer_key)"
    " inner join (select customer_key, watch_list_level from marts.fct_customer_risk)"
    " using (customer_key)"
)


@pytest.fixture(scope="module")
def evaluator(built_warehouse: Path) -> Iterator[Evaluator]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield dax_evaluator.load(FILES, connection)


def tooltip_of(visual: Visual) -> Page | None:
    section = report_files.property_of(visual.dress, "visualTooltip", "section")
    return REPORT.get(section) if section else None


HOVERED = [
    (f"{page.title}, {visual.title}", visual)
    for page in REPORT.values()
    for visual in page.visuals.values()
    if tooltip_of(visual) is not None
]
CASES = [
    pytest.param(visual, choice, id=f"{name}: {choice}")
    for name, visual in HOVERED
    for choice in CHOICES
]


def axis_of(visual: Visual) -> list[Column]:
    return visual.fields("Column", "Category", "Rows", "Columns")


def hovered_over(visual: Visual, evaluator: Evaluator) -> list[tuple[Column, Any]]:
    """Return the column of each axis with its middle value."""
    marks = []
    for column in axis_of(visual):
        values = [value for value in evaluator.values(column, {}) if value is not None]
        marks.append((column, values[len(values) // 2]))
    return marks


def context_of(
    marks: Sequence[tuple[Column, Any]],
    choice: Mapping[Column, tuple[object, ...]],
    evaluator: Evaluator,
) -> Context:
    context: Context = {column: frozenset(values) for column, values in choice.items()}
    for column, value in marks:
        context = evaluator.grouped(column, value, context)
    return context


def asked(
    number: str,
    marks: Sequence[tuple[Column, Any]],
    choice: Mapping[Column, tuple[object, ...]],
    evaluator: Evaluator,
) -> Any:
    """Return a number from the marts, with the filters of the marks and of the choice."""
    conditions, values = [], []
    for (table, name), kept in [
        *choice.items(),
        *((column, (value,)) for column, value in marks),
    ]:
        if table == "Dimensions":
            continue  # this table filters test results, not customers
        conditions.append(f"{evaluator.sources[table, name]} in ({', '.join('?' for _ in kept)})")
        values += list(kept)
    where = " and ".join(conditions) or "true"
    row = evaluator.connection.execute(
        f"select {number} from {CUSTOMERS} where {where}", values
    ).fetchone()
    assert row is not None
    return row[0]


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return not one and not other
    return float(one) == pytest.approx(float(other), rel=1e-9)


@pytest.mark.parametrize(("visual", "choice"), CASES)
def test_tooltip_numbers_match_the_marts(visual: Visual, choice: str, evaluator: Evaluator) -> None:
    page = tooltip_of(visual)
    assert page is not None
    chosen = CHOICES[choice]
    marks = hovered_over(visual, evaluator)
    context = context_of(marks, chosen, evaluator)
    compared = 0
    for card in page.of("cardVisual"):
        for _, name in card.fields("Measure"):
            value = evaluator.value(name, context)
            if name.startswith("Share of customers in row, "):
                rows = [mark for mark in marks if mark[0] not in visual.fields("Column", "Columns")]
                # The denominator is the whole row, so filters on the columns are removed.
                across = set(visual.fields("Column", "Columns"))
                rest = {column: kept for column, kept in chosen.items() if column not in across}
                cell, row = (
                    asked("count(*)", where, by, evaluator)
                    for where, by in ((marks, chosen), (rows, rest))
                )
                expected = cell / row if cell else None
            else:
                expected = asked(NUMBERS[name], marks, chosen, evaluator)
            assert same(value, expected), (name, value, expected)
            compared += 1
    assert compared >= 1


@pytest.mark.parametrize(("visual", "choice"), CASES)
def test_tooltip_test_results_match_the_axis(
    visual: Visual, choice: str, evaluator: Evaluator
) -> None:
    page = tooltip_of(visual)
    assert page is not None
    context = context_of(hovered_over(visual, evaluator), CHOICES[choice], evaluator)
    dimension, *others = [evaluator.sources[column] for column in axis_of(visual)]
    measures = others or list(COMPARED)
    expected = evaluator.connection.execute(
        "select measure, verdict from marts.fct_segment_differences"
        f" where dimension = ? and measure in ({', '.join('?' for _ in measures)})"
        " and p_value is not null order by all",
        [dimension, *measures],
    ).fetchall()
    assert shown(page, context, evaluator) == expected


def shown(page: Page, context: Context, evaluator: Evaluator) -> list[tuple[Any, ...]]:
    """Return the test results that a tooltip page shows in a context."""
    (table,) = page.of("tableEx")
    kept = dict(context)
    for each in table.filters:
        for owner, name, is_not, values in report_files.filter_values(each["filter"]):
            column = (owner, name)
            left = frozenset(evaluator.values(column, {}))
            chosen = left - frozenset(values) if is_not else frozenset(values)
            kept[column] = kept.get(column, chosen) & chosen
    return evaluator.connection.execute(
        f"select measure, verdict from ({evaluator.rows('Segment differences', kept)}) order by all"
    ).fetchall()


def test_enough_tooltip_combinations_are_tested(evaluator: Evaluator) -> None:
    assert len(CASES) >= 40
    silent = {
        (evaluator.sources[axis_of(visual)[0]], measure)
        for _, visual in HOVERED
        for measure in COMPARED
        if len(axis_of(visual)) == 1
        and measure not in dict(shown(tooltip_of(visual) or Page("", {}, {}), {}, evaluator))
    }
    # Loans and deposits define the segments, and income defines its bands, so these pairs are not
    # tested.
    assert silent == {
        ("segment", "total_loans"),
        ("segment", "total_deposits"),
        ("income_band", "estimated_income"),
    }


def test_untested_axis_has_no_tooltip_page(evaluator: Evaluator) -> None:
    """Joining years, watch-list levels and products keep Power BI's default tooltip."""
    tested = {
        row[0]
        for row in evaluator.connection.execute(
            "select distinct dimension from marts.fct_segment_differences where p_value is not null"
        ).fetchall()
    }
    found = set()
    for page in REPORT.values():
        for visual in page.visuals.values():
            axis = [evaluator.sources[column] for column in axis_of(visual)]
            if axis and axis[0] not in tested:
                found.add(axis[0])
                assert tooltip_of(visual) is None, (page.title, visual.title)
    assert {"joined_year", "watch_list_level_in_words", "product_name"} <= found
