"""Read the reference seeds from the warehouse, so that the suites need no copies of the values."""

import duckdb

from bank_warehouse.sql import quote_identifier

Row = tuple[object, ...]

# Reference tables have a few hundred rows at most, so a larger table is a mistake.
MAXIMUM_ROWS = 20_000


def rows(
    connection: duckdb.DuckDBPyConnection, relation: str, *columns: str, order_by: str = "1"
) -> list[Row]:
    """Return the given columns of a small reference table, in a stable order.

    Raises:
        ValueError: The table has more than `MAXIMUM_ROWS` rows, so it is not a reference table.
    """
    listed = ", ".join(quote_identifier(column) for column in columns)
    name = ".".join(quote_identifier(part) for part in relation.split("."))
    found: list[Row] = connection.execute(
        f"select {listed} from {name} order by {order_by} limit {MAXIMUM_ROWS + 1}"
    ).fetchall()
    if len(found) > MAXIMUM_ROWS:
        raise ValueError(
            f"{relation} has more than {MAXIMUM_ROWS} rows, so it is not a reference table"
        )
    return found


def values(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> list[object]:
    """Return the values of one column of a reference table, sorted."""
    return [row[0] for row in rows(connection, relation, column)]


def pairs(
    connection: duckdb.DuckDBPyConnection, relation: str, key: str, value: str
) -> list[tuple[object, object]]:
    """Return the pairs of key and value of a reference table, sorted by key."""
    return [(row[0], row[1]) for row in rows(connection, relation, key, value)]


def bands(
    connection: duckdb.DuckDBPyConnection, relation: str, label: str
) -> list[tuple[object, object, object]]:
    """Return the label, lower limit and upper limit of every band of a band table."""
    found = rows(connection, relation, label, "lower_limit", "upper_limit")
    return [(row[0], row[1], row[2]) for row in found]


def row_count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return the number of rows of a table."""
    name = ".".join(quote_identifier(part) for part in relation.split("."))
    counted = connection.execute(f"select count(*) from {name}").fetchone()
    return int(counted[0]) if counted else 0
