"""The tables of a release in PostgreSQL: their state, and the statements to change it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bank_warehouse.publish.contracts import Column, Contract
from bank_warehouse.publish.errors import PostgresError
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.postgres.server import Connection
from bank_warehouse.sql import quote_identifier, quote_literal

TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "TIMESTAMP": "timestamp without time zone",
    "VARCHAR": "character varying",
}
"""DuckDB's types and PostgreSQL's names for them; decimals keep their precision and scale."""


@dataclass(frozen=True)
class Found:
    """A table in PostgreSQL.

    Attributes:
        columns: The type of each column, by name, and whether the column is `not null`.
        key: Columns of the primary key; empty if there is none.
        key_name: Name of the primary key constraint.
    """

    columns: Mapping[str, tuple[str, bool]]
    key: tuple[str, ...]
    key_name: str


def postgres_type(contract: Contract, column: Column) -> str:
    """Return the PostgreSQL type of a column, as the server prints it.

    Raises:
        PostgresError: No PostgreSQL type holds the same values.
    """
    if column.type.startswith("DECIMAL("):
        return "numeric" + column.type.removeprefix("DECIMAL")
    if column.type not in TYPES:
        raise PostgresError(
            f"{contract.relation}: there is no PostgreSQL type for {column.name} ({column.type}).",
            f"Cast the column in the model to one of {', '.join(sorted(TYPES))} or a decimal.",
        )
    return TYPES[column.type]


def found_tables(connection: Connection, schemas: Iterable[str]) -> dict[str, Found]:
    """Return the tables, views and similar relations in the schemas, by `schema.name`."""
    columns = connection.execute(
        """
        select
            schemas.nspname || '.' || tables.relname,
            columns.attname,
            format_type(columns.atttypid, columns.atttypmod),
            columns.attnotnull
        from pg_class as tables
        inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
        left join pg_attribute as columns
            on tables.oid = columns.attrelid and columns.attnum > 0 and not columns.attisdropped
        where schemas.nspname = any(%s) and tables.relkind in ('r', 'v', 'm', 'f', 'p')
        order by tables.oid, columns.attnum
        """,
        (list(schemas),),
    ).fetchall()
    keys = connection.execute(
        """
        select
            schemas.nspname || '.' || tables.relname,
            keys.conname,
            (
                select array_agg(columns.attname::text order by members.place)
                from unnest(keys.conkey) with ordinality as members (number, place)
                inner join pg_attribute as columns
                    on columns.attrelid = keys.conrelid and columns.attnum = members.number
            )
        from pg_constraint as keys
        inner join pg_class as tables on keys.conrelid = tables.oid
        inner join pg_namespace as schemas on tables.relnamespace = schemas.oid
        where schemas.nspname = any(%s) and keys.contype = 'p'
        """,
        (list(schemas),),
    ).fetchall()
    by_table: dict[str, dict[str, tuple[str, bool]]] = {}
    for relation, name, type_name, is_not_null in columns:
        described = by_table.setdefault(relation, {})
        if name is not None:
            described[name] = (type_name, is_not_null)
    key_of = {relation: (name, tuple(members)) for relation, name, members in keys}
    return {
        relation: Found(
            described, key_of.get(relation, ("", ()))[1], key_of.get(relation, ("", ()))[0]
        )
        for relation, described in by_table.items()
    }


def creation(contract: Contract) -> str:
    """Return the statement that creates the table of a mart, without its key."""
    columns = ", ".join(
        f"{quote_identifier(column.name)} {postgres_type(contract, column)}"
        + ("" if column.is_nullable else " not null")
        for column in contract.columns
    )
    return f"create table {source_of(contract.relation)} ({columns})"


def changes_before(contract: Contract, found: Found) -> list[str]:
    """Return the statements that adapt a table to the columns of a contract, before it is filled.

    A column with another type is dropped and added again. PostgreSQL then rewrites no rows, so
    older transactions still see theirs.
    """
    table = source_of(contract.relation)
    wanted = {column.name: column for column in contract.columns}
    statements = []
    if found.key and found.key != contract.grain:
        statements.append(f"alter table {table} drop constraint {quote_identifier(found.key_name)}")
    for name, (type_name, is_not_null) in found.columns.items():
        quoted = quote_identifier(name)
        column = wanted.get(name)
        if column is None or postgres_type(contract, column) != type_name:
            statements.append(f"alter table {table} drop column {quoted} cascade")
        elif is_not_null and column.is_nullable and name not in contract.grain:
            statements.append(f"alter table {table} alter column {quoted} drop not null")
    for column in contract.columns:
        type_name = postgres_type(contract, column)
        if found.columns.get(column.name, ("",))[0] != type_name:
            statements.append(
                f"alter table {table} add column {quote_identifier(column.name)} {type_name}"
            )
    return statements


def changes_after(contract: Contract, found: Found | None) -> list[str]:
    """Return the statements that complete a filled table: nulls, key, indexes.

    Args:
        contract: The mart.
        found: The table before this release; None if it is new.
    """
    table = source_of(contract.relation)
    statements = []
    kept: set[str] = set()
    if found is not None:
        kept = {
            column.name
            for column in contract.columns
            if found.columns.get(column.name, ("",))[0] == postgres_type(contract, column)
        }
        statements += [
            f"alter table {table} alter column {quote_identifier(column.name)} set not null"
            for column in contract.columns
            if not column.is_nullable
            and not (column.name in kept and found.columns[column.name][1])
        ]
    if found is None or found.key != contract.grain or not set(contract.grain) <= kept:
        key = ", ".join(quote_identifier(name) for name in contract.grain)
        statements.append(f"alter table {table} add primary key ({key})")
    statements += [
        f"create index if not exists {quote_identifier(f'{contract.name}_{column}_index')} "
        f"on {table} ({quote_identifier(column)})"
        for column in indexed_columns(contract)
    ]
    return statements


def indexed_columns(contract: Contract) -> list[str]:
    """Return the columns that get an index besides the key: those that join to another mart.

    The first column of the key needs none.
    """
    return sorted(
        {
            column
            for column, target in contract.references
            if target.startswith(("dim_", "fct_")) and column != contract.grain[0]
        }
    )


def comments(contract: Contract) -> list[str]:
    """Return the statements that add the descriptions to a table and its columns."""
    table = source_of(contract.relation)
    return [
        f"comment on table {table} is {quote_literal(contract.description)}",
        *(
            f"comment on column {table}.{quote_identifier(column.name)} "
            f"is {quote_literal(column.description)}"
            for column in contract.columns
        ),
    ]
