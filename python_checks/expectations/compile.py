"""Compile declared tables into Great Expectations suites, and into plain SQL."""

from typing import Any

import great_expectations as gx
from great_expectations.expectations.core.expect_column_mean_to_be_between import (
    ExpectColumnMeanToBeBetween,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
    ExpectTableRowCountToBeBetween,
)

from python_checks.expectations.custom import (
    ExpectQueryToFindNothing,
    ExpectRowsToKeepPromise,
    ExpectShareOfRowsToBeBetween,
    broken_rows_sql,
    matching_rows_sql,
)
from python_checks.expectations.declare import (
    Check,
    Mean,
    Nothing,
    Promise,
    Share,
    Table,
    examples_query,
    quoted_relation,
)


def expectation(table: Table, check: Check) -> Any:
    """Return one declared check as an expectation that Great Expectations can run."""
    if isinstance(check, Promise):
        return ExpectRowsToKeepPromise(
            words=check.words,
            promise=check.condition,
            column=", ".join(check.columns),
            rows_query=examples_query(table, check),
        )
    if isinstance(check, Share):
        return ExpectShareOfRowsToBeBetween(
            words=check.words,
            condition=check.condition,
            column=check.column,
            lowest=check.lowest,
            highest=check.highest,
        )
    if isinstance(check, Mean):
        return ExpectColumnMeanToBeBetween(
            column=check.column, min_value=check.lowest, max_value=check.highest
        )
    return ExpectQueryToFindNothing(
        words=check.words,
        query=check.query,
        column=check.column,
        explanation=check.explanation,
    )


def suite(name: str, table: Table) -> Any:
    """Return the suite for one table, which must have a row unless it may be empty."""
    expectations = [expectation(table, check) for check in table.checks]
    if not table.may_be_empty:
        expectations.insert(0, ExpectTableRowCountToBeBetween(min_value=1))
    return gx.ExpectationSuite(name=name, expectations=expectations)


def plain_sql(table: Table) -> list[str]:
    """Return the checks as plain SQL: one query for all aggregates, then each query for faults."""
    aggregates = ["count(*)"]
    queries = []
    for check in table.checks:
        if isinstance(check, Promise):
            aggregates.append(broken_rows_sql(check.condition))
        elif isinstance(check, Share):
            aggregates.append(matching_rows_sql(check.condition))
        elif isinstance(check, Mean):
            aggregates.append(f"avg({check.column})")
        elif isinstance(check, Nothing):
            queries.append(check.query)
    return [f"select {', '.join(aggregates)} from {quoted_relation(table.relation)}", *queries]
