"""The expectations as plain SQL, without Great Expectations, for tests of many warehouses."""

import duckdb

from python_checks.expectations.compile import plain_sql
from python_checks.expectations.declare import Mean, Nothing, Share, Table


def broken_checks(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """Return descriptions of the checks that a table breaks. `bank check` fails the same checks."""
    scan, *queries = plain_sql(table)
    row = connection.execute(scan).fetchone()
    assert row is not None
    row_count, *aggregates = row
    counts, found = iter(aggregates), iter(queries)
    broken = [] if row_count or table.may_be_empty else ["there is a row"]
    for check in table.checks:
        if isinstance(check, Nothing):
            is_kept = connection.execute(next(found)).fetchone() is None
            words = check.words
        elif isinstance(check, Mean):
            mean = next(counts)
            is_kept = mean is not None and check.lowest <= mean <= check.highest
            words = f"the mean of {check.column}"
        else:
            count = next(counts)
            is_kept = (
                row_count == 0 or check.lowest <= count / row_count <= check.highest
                if isinstance(check, Share)
                else count == 0
            )
            words = check.words
        if not is_kept:
            broken.append(words)
    return broken
