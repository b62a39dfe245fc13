"""Fingerprints of tables, which show whether a table is the one that was checked.

A fingerprint is the columns with their types, the number of rows and the sum of the 64-bit hashes
of all rows. The order of rows does not matter, and duplicate rows count. Two different tables have
the same sum with probability 2^-64. DuckDB's hash is not cryptographic, so this guards against
accidents, not against tampering. The hash depends on the version of DuckDB, which every record of
fingerprints names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from bank_warehouse.sql import quote_identifier, quote_literal

MART_SCHEMAS = ("marts", "quality", "restricted")


@dataclass(frozen=True)
class Fingerprint:
    """The content of a table at one moment.

    Attributes:
        rows: Number of rows.
        hash: Sum of the hashes of the rows, as text.
        columns: `name TYPE` of each column in order, joined by commas.
    """

    rows: int
    hash: str
    columns: str


def source_of(relation: str) -> str:
    """Return `schema.table` quoted for SQL."""
    return ".".join(quote_identifier(part) for part in relation.split(".", 1))


def fingerprints_query(relations: Iterable[str]) -> str:
    """Return the query for the fingerprints of tables in the connected database.

    Args:
        relations: Names `schema.table`, at least one.

    Returns:
        SQL for rows (relation, row_count, row_hash as text, columns as text).
    """
    parts = [
        f"select {quote_literal(relation)} as relation, count(*) as row_count, "
        f"cast(coalesce(sum(hash(mart)), 0) as varchar) as row_hash from {source_of(relation)} "
        "as mart"
        for relation in relations
    ]
    return (
        f"with counted as ({' union all '.join(parts)}), "
        "described as (select table_schema || '.' || table_name as relation, "
        "string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) as columns "
        "from information_schema.columns where table_catalog = current_database() "
        "group by all) "
        "select counted.relation, counted.row_count, counted.row_hash, described.columns "
        "from counted inner join described on counted.relation = described.relation "
        "order by counted.relation"
    )


def fingerprints(
    connection: duckdb.DuckDBPyConnection, relations: Iterable[str]
) -> dict[str, Fingerprint]:
    """Return the fingerprints of tables or views by their name `schema.table`.

    Raises:
        duckdb.Error: One of them is missing or cannot be read.
    """
    wanted = sorted(relations)
    if not wanted:
        return {}
    rows = connection.execute(fingerprints_query(wanted)).fetchall()
    return {relation: Fingerprint(count, text, columns) for relation, count, text, columns in rows}


def mart_relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names `schema.table` of all tables and views in the schemas of marts."""
    # With bound parameters, DuckDB would import pandas, which takes longer than the query.
    schemas = ", ".join(quote_literal(schema) for schema in MART_SCHEMAS)
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        f"where table_catalog = current_database() and table_schema in ({schemas}) order by all"
    ).fetchall()
    return [str(row[0]) for row in rows]


def file_fingerprint(connection: duckdb.DuckDBPyConnection, parquet: str) -> Fingerprint:
    """Return the fingerprint of the rows of a Parquet file."""
    source = f"read_parquet({quote_literal(parquet)})"
    columns = connection.execute(f"describe select * from {source}").fetchall()
    row = connection.execute(
        f"select count(*), cast(coalesce(sum(hash(mart)), 0) as varchar) from {source} as mart"
    ).fetchone()
    rows, text = row or (0, "0")
    return Fingerprint(rows, text, ", ".join(f"{column[0]} {column[1]}" for column in columns))


def to_json(found: Mapping[str, Fingerprint]) -> dict[str, dict[str, int | str]]:
    """Return fingerprints in the form used in a record."""
    return {
        relation: {"rows": seen.rows, "hash": seen.hash, "columns": seen.columns}
        for relation, seen in found.items()
    }


def from_json(written: Mapping[str, Mapping[str, int | str]]) -> dict[str, Fingerprint]:
    """Return the fingerprints that :func:`to_json` wrote."""
    return {
        relation: Fingerprint(int(seen["rows"]), str(seen["hash"]), str(seen["columns"]))
        for relation, seen in written.items()
    }
