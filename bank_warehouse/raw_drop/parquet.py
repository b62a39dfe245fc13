"""Parquet files of a drop: typed columns, converted to the text that a CSV would hold."""

from dataclasses import dataclass

import duckdb

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile
from bank_warehouse.raw_drop.header import require_names_once
from bank_warehouse.raw_drop.mapping import DropMapping
from bank_warehouse.raw_drop.recognise import best_header, describe_unknown
from bank_warehouse.raw_drop.schema import RawColumn, RawTable
from bank_warehouse.sql import quote_identifier, quote_literal

_WHOLE_TYPES = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}
_ISO = "'%Y-%m-%d'"
_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}


@dataclass(frozen=True)
class ParquetHead:
    """The columns of a Parquet file.

    Attributes:
        columns: names in the file, in order.
        types: their DuckDB types.
        rows: number of rows, from the footer.
        table: the table that the columns match, or None.
        unknown: why the columns match no table; empty if they match one.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    table: RawTable | None
    unknown: str


def read_parquet_head(file: FoundFile, mapping: DropMapping, source: str) -> ParquetHead:
    """Read the footer of a Parquet file.

    Args:
        file: the file.
        mapping: the mapping file of the drop.
        source: the path of the file for DuckDB, with wildcards escaped.

    Raises:
        DropError: the file is not Parquet or is damaged, two columns have the same name, or no
            column has a name.
    """
    with duckdb.connect() as connection:
        try:
            described = connection.execute(
                f"describe select * from read_parquet({quote_literal(source)}, "
                "hive_partitioning = false)"
            ).fetchall()
            named = connection.execute(
                f"select name from parquet_schema({quote_literal(source)}) "
                "where num_children is null or num_children = 0"
            ).fetchall()
            counted = connection.execute(
                f"select sum(num_rows) from parquet_file_metadata({quote_literal(source)})"
            ).fetchone()
        except duckdb.Error as problem:
            reason = str(problem).splitlines()[0]
            raise DropError(
                f"{file.relative}: cannot be read as Parquet ({reason}). Copy it again."
            ) from None
    columns = tuple(str(row[0]) for row in described)
    types = tuple(str(row[1]) for row in described)
    rows = int(counted[0] or 0) if counted else 0
    if len(named) == len(columns):
        # DuckDB renames a second column with the same name.
        require_names_once(file.relative, tuple(str(name) for (name,) in named))
    header = best_header([(0, columns)], file.hint, mapping)
    if header is None:
        raise DropError(f"{file.relative}: no column has a name. Export the table again.")
    unknown = "" if header.table else describe_unknown(file.relative, header, mapping)
    return ParquetHead(columns, types, rows, header.table, unknown)


def text_of(file: str, column: RawColumn, source: str, type_name: str) -> str:
    """Return SQL that writes a typed Parquet column as text.

    Dates become ISO text, whatever raw_date_format declares. A timestamp keeps its time unless it
    is midnight. A timestamp with a time zone is written in UTC. An amount that is a double gets two
    decimals if it is below 1e13 and within 1e-6 of a cent; otherwise it keeps all its digits. Ids
    and counts that pandas turned into doubles lose the `.0`.

    Raises:
        DropError: the type cannot be written as text, or money is in 32-bit floats, which cannot
            hold cents above 131,072.00.
    """
    name = quote_identifier(source)
    base = type_name.split("(")[0]
    if base == "VARCHAR" or type_name.startswith("ENUM"):
        return f"cast({name} as varchar)"
    if base in _WHOLE_TYPES or base in {"BOOLEAN", "DECIMAL"}:
        return f"cast({name} as varchar)"
    if base == "FLOAT" and column.kind == "money":
        raise DropError(
            f"{file}: {source!r} holds money in 32-bit floats, which lose cents above 131,072.00. "
            "Write the file again with decimals or 64-bit doubles."
        )
    if base in {"FLOAT", "DOUBLE"}:
        most = 2**24 if base == "FLOAT" else 2**53
        return _double(f"cast({name} as double)", column.kind, most)
    if base == "DATE":
        return f"strftime({name}, {_ISO})"
    if base in _TIMESTAMPS or base == "TIMESTAMP WITH TIME ZONE":
        moment = (
            f"make_timestamp(epoch_us({name}))"
            if base == "TIMESTAMP WITH TIME ZONE"
            else f"cast({name} as timestamp)"
        )
        return (
            f"case when {moment} = cast(cast({moment} as date) as timestamp) "
            f"then strftime({moment}, {_ISO}) "
            f"else cast({moment} as varchar) end"
        )
    raise DropError(
        f"{file}: {source!r} is of type {type_name}. Write it as text, a number or a date."
    )


def _double(value: str, kind: str, most: int) -> str:
    """Return SQL that writes a double as text.

    Args:
        value: SQL of the double.
        kind: the kind of its column.
        most: from this number on, the type cannot hold every integer. Unless the column holds
            amounts, such numbers get scientific notation, in which ids are refused.
    """
    if kind == "money":
        fits = f"abs({value}) < 1e13 and abs({value} - round({value}, 2)) <= 1e-6"
        exact = f"cast(cast(round({value}, 2) as decimal(18, 2)) as varchar)"
        other = f"cast({value} as varchar)"
    else:
        fits = f"abs({value}) < {most} and {value} = trunc({value})"
        exact = f"cast(cast({value} as bigint) as varchar)"
        other = (
            f"case when abs({value}) >= {most} and isfinite({value}) "
            f"then format('{{:.15e}}', {value}) else cast({value} as varchar) end"
        )
    return f"case when {fits} then {exact} else {other} end"
