"""Check the answers by computing them again in plain SQL."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import duckdb

from bank_warehouse.answers import Answer, Answers

BANDS = """
select avg({measure}) from marts.dim_customers inner join marts.fct_customer_positions
using (customer_key) group by income_band order by avg(estimated_income)
"""
NOT_A_WORD = re.compile(r"\b(nan|none|null|inf|nat)\b|--|\s[.,;:]|_", re.IGNORECASE)
LONGEST = 320


def untrue(connection: duckdb.DuckDBPyConnection, found: Answers) -> list[str]:
    """Return a line for each answer that is malformed, and for each that the marts contradict.

    Args:
        connection: a warehouse with the marts from which the answers were computed.
        found: the answers.
    """
    lines = []
    for answer in found.by_name.values():
        texts = (answer.sentence, answer.title, answer.support)
        if not all(texts) or any(NOT_A_WORD.search(text) for text in texts):
            lines.append(f"{answer.name}: not readable: {texts}")
        if not answer.sentence.endswith(".") or len(answer.sentence) > LONGEST:
            lines.append(f"{answer.name}: not a sentence: {answer.sentence}")
        if answer.name in CLAIMS and not CLAIMS[answer.name](connection, answer):
            lines.append(f"{answer.name}: not true: {answer.sentence}")
    return lines


def verdicts(connection: duckdb.DuckDBPyConnection, dimension: str, measure: str) -> list[Any]:
    """Return the verdict, statistic and number of customers of each test of these two columns.

    A test may have the columns in either order.
    """
    return connection.execute(
        "select verdict, statistic, customers from marts.fct_segment_differences "
        "where (dimension, measure) in ((?, ?), (?, ?)) and statistic is not null",
        [dimension, measure, measure, dimension],
    ).fetchall()


def _decisions(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
    number, loans = connection.execute(
        "select count(*), coalesce(sum(exposure), 0) from marts.fct_customer_risk "
        "where watch_list_level = 'act'"
    ).fetchall()[0]
    if number == 0:
        return answer.title == "No customer needs a decision now"
    return answer.title.startswith(f"{number:,} customer") and _is_round(
        loans, answer.sentence.partition(": ")[2]
    )


def _by_income(measure: str) -> Callable[[duckdb.DuckDBPyConnection, Answer], bool]:
    def holds(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
        tested = verdicts(connection, "income_band", measure)
        if answer.verdict == "chance":
            return all(verdict == "no more than chance" for verdict, _, _ in tested)
        means = [mean for (mean,) in connection.execute(BANDS.format(measure=measure)).fetchall()]
        steps = [later > earlier for earlier, later in pairwise(means)]
        verb = re.findall(r"\b(rise|fall|differ)s? ", answer.title)[0]
        direction = {"rise": all(steps), "fall": not any(steps)}.get(verb)
        if direction is None:
            direction = any(steps) and not all(steps)
        return direction and any(verdict.startswith("more than") for verdict, _, _ in tested)

    return holds


def _no_difference(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
    columns = {"Loyalty class": "loyalty_classification", "Occupation": "occupation_family"}
    named = [column for name, column in columns.items() if answer.title.startswith(name)]
    rows = [
        row
        for column in named
        for measure in ("total_loans", "total_deposits")
        for row in verdicts(connection, column, measure)
    ]
    # With few customers, a test that finds no difference proves nothing.
    return all(
        verdict == "no more than chance" and customers > 270 for verdict, _, customers in rows
    )


def _funding(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
    loans, deposits = connection.execute(
        "select sum(total_loans), sum(total_deposits) from marts.fct_customer_positions"
    ).fetchall()[0]
    larger = "Loans" if loans > deposits else "Deposits"
    return answer.title.startswith((larger, "Loans and deposits are about equal"))


def _segments(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
    rows = connection.execute(
        "select segment, sum(total_loans) + sum(total_deposits) as money "
        "from marts.fct_customer_segments inner join marts.fct_customer_positions "
        "using (customer_key) group by segment order by money desc"
    ).fetchall()
    # If several segments have the largest sum, any of them may be named.
    return answer.title.startswith(tuple(name for name, money in rows if money == rows[0][1]))


def _moved(connection: duckdb.DuckDBPyConnection, answer: Answer) -> bool:
    worse = connection.execute(
        "select coalesce(sum(customers), 0) from marts.fct_risk_migrations "
        "where risk_weighting_change = 'worse' and to_date = ("
        "select max(as_of_date) from marts.dim_customers)"
    ).fetchall()[0][0]
    said = f": {worse:,} to a higher risk weighting, "
    return said in answer.title or answer.title.startswith("No risk weighting")


CLAIMS: Mapping[str, Callable[[duckdb.DuckDBPyConnection, Answer], bool]] = {
    "decisions": _decisions,
    "risk-by-income": _by_income("risk_weighting"),
    "deposits-by-income": _by_income("total_deposits"),
    "no-difference": _no_difference,
    "funding": _funding,
    "segments": _segments,
    "moved": _moved,
}
"""For each answer that can be computed again from the marts, the function that checks it."""


def _is_round(value: Any, text: str) -> bool:
    """Return whether text begins with a rounded form of a value, such as `1.2 million`."""
    found = re.match(r"(-?[\d.,]+)(?: (million|billion|trillion))?", text)
    if found is None:
        return False
    unit = {None: 1, "million": 10**6, "billion": 10**9, "trillion": 10**12}[found[2]]
    stated = float(found[1].replace(",", "")) * unit
    return abs(stated - float(value)) <= max(0.051 * abs(float(value)), 0.51)
