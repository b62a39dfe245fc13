"""Fill the tables from the Parquet files of a release, and compare the results.

DuckDB writes the rows as CSV for `copy ... from stdin`, in parts. Two million rows of seven columns
take 6 to 8 s. DuckDB's PostgreSQL extension takes 4 s, but gives no control over locks, savepoints
and errors.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from bank_warehouse.publish import totals
from bank_warehouse.publish.contracts import Contract
from bank_warehouse.publish.errors import PostgresError
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.postgres.server import Connection, first_line
from bank_warehouse.sql import quote_identifier, quote_literal

ROWS_AT_ONCE = 500_000
BYTES_AT_ONCE = 1 << 20

Progress = Callable[[str], None]


def replace_rows(
    connection: Connection, contract: Contract, parquet: Path, scratch: Path, progress: Progress
) -> None:
    """Delete the rows of a table and insert those of a file, in the open transaction.

    Args:
        connection: A connection to the server.
        contract: The mart.
        parquet: Its file in the release.
        scratch: A folder for temporary files with parts of the rows.
        progress: Called with a line for each full part.

    Raises:
        PostgresError: The server rejects a value.
    """
    table = source_of(contract.relation)
    columns = ", ".join(quote_identifier(column.name) for column in contract.columns)
    connection.execute(f"delete from {table}")
    sent = 0
    try:
        for part, rows in _parts(contract, parquet, scratch):
            with connection.cursor().copy(
                f"copy {table} ({columns}) from stdin (format csv, null '\\N')"
            ) as copy:
                for block in part:
                    copy.write(block)
            sent += rows
            if rows == ROWS_AT_ONCE:
                progress(f"  {contract.relation:42} {sent:>12,} rows so far")
    except psycopg.DataError as problem:
        raise PostgresError(
            f"{contract.relation}: PostgreSQL rejects a value: {first_line(problem)}.",
            "Check the rows of this mart, for instance for NUL characters in text. The marts in "
            "PostgreSQL have not changed.",
        ) from problem


def _parts(
    contract: Contract, parquet: Path, scratch: Path
) -> Iterator[tuple[Iterator[bytes], int]]:
    """Yield the rows of a file as CSV in parts, with the number of rows of each."""
    columns = ", ".join(quote_identifier(column.name) for column in contract.columns)
    source = quote_literal(parquet.as_posix())
    part = scratch / f"{contract.name}.csv"
    with duckdb.connect() as database:
        counted = database.execute(f"select count(*) from read_parquet({source})").fetchone()
        total = counted[0] if counted else 0
        for start in range(0, total, ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, total)
            database.execute(
                f"copy (select {columns} from read_parquet({source}, file_row_number = true) "
                f"where file_row_number >= {start} and file_row_number < {end}) "
                f"to {quote_literal(part.as_posix())} (format csv, header false, nullstr '\\N')"
            )
            yield _blocks(part), end - start
            part.unlink()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BYTES_AT_ONCE):
            yield block


def require_same(
    connection: Connection, marts: Iterable[tuple[Contract, Mapping[str, Any]]], when: str
) -> None:
    """Compare the number of rows and the sums of each table with the manifest.

    Args:
        connection: A connection to the server.
        marts: Contract and manifest entry of each mart.
        when: How the message begins, such as `After the commit`.

    Raises:
        PostgresError: A table differs.
    """
    wrong = []
    for contract, entry in marts:
        query = totals.query(contract.columns, source_of(contract.relation))
        count, found = totals.read(contract.columns, connection.execute(query).fetchone() or ())
        if count != entry["row_count"]:
            wrong.append(
                f"{contract.relation} has {count:,} rows instead of {entry['row_count']:,}"
            )
        wrong += [
            f"{contract.relation}: {difference}"
            for difference in totals.differences(contract.columns, entry["totals"], found)
        ]
    if wrong:
        raise PostgresError(
            f"{when}, PostgreSQL differs from the release: {'; '.join(wrong[:5])}.",
            "Publish again, or roll back to another release; if it happens again, look for "
            "triggers or rules on these tables.",
        )
