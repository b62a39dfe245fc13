"""Write the four files of a pack in segments, so that memory does not grow with the rows.

DuckDB keeps every Arrow batch of a stream until the query ends, so one query for all rows would
hold all rows in memory. Each query here reads one segment.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bank_warehouse.generator import domains
from bank_warehouse.generator.clients import Plan, draw_columns, make_plan, record_batch
from bank_warehouse.generator.names import staff_names
from bank_warehouse.sql import quote_identifier, quote_literal

FORMATS = ("csv", "parquet")
BLOCK_ROWS = 122_880  # a row group of a Parquet file; the data does not depend on it
BLOCKS = "blocks"  # the name of a segment in DuckDB
COPY_BYTES = 1 << 20
MEMORY_LIMIT = "512MB"
MOST_THREADS = 4  # one thread creates the blocks, so more writers would only cost memory
SEGMENT_BLOCKS = 4  # blocks of a segment; a CSV query writes them on several threads
CSV_OPTIONS = "format csv, delimiter ',', dateformat '%d-%m-%Y'"

Progress = Callable[[int], None]


def file_names(file_format: str, as_seeds: bool = False) -> dict[str, str]:
    """Return the file name of each table of a pack, with the clients last.

    Args:
        file_format: "csv" or "parquet".
        as_seeds: Whether to name the files like the dbt seeds (raw_clients).
    """
    stems = {table: f"raw_{table}" for table in domains.FILES} if as_seeds else domains.FILES
    names = {table: f"{stem}.{file_format}" for table, stem in stems.items()}
    names["clients"] = names.pop("clients")
    return names


def write_pack(
    customers: int,
    seed: int,
    out: Path,
    file_format: str = "csv",
    *,
    as_seeds: bool = False,
    threads: int | None = None,
    plant: str | None = None,
    months_later: int = 0,
    progress: Progress = lambda _: None,
) -> list[Path]:
    """Write a pack and return its files.

    Every file is written under a temporary name (.name.partial). All are renamed at the end, the
    clients last, so a killed run leaves no partial file under a final name.

    Args:
        customers: The number of customers in the first month.
        seed: The seed; with the other arguments equal, the same seed gives the same bytes.
        out: An existing folder. Files with the same names in it are replaced.
        file_format: "csv" (dates DD-MM-YYYY) or "parquet" (date, decimal(18,2), integer).
        as_seeds: Whether to name the files like the dbt seeds.
        threads: The number of DuckDB's threads, which does not change the data; None for one per
            core, at most four.
        plant: The name of an effect in `planted_effects.PLANTS` to plant in the data.
        months_later: Months between the first pack and this one.
        progress: Called with the number of rows processed since the last call, leavers included.

    Raises:
        OSError: If a file cannot be written or renamed.
        duckdb.Error: If DuckDB cannot write, for instance to a full disk.
    """
    plan = make_plan(customers, seed, plant, months_later)
    finals = {table: out / name for table, name in file_names(file_format, as_seeds).items()}
    partials = {table: path.with_name(f".{path.name}.partial") for table, path in finals.items()}
    write = _write_csv if file_format == "csv" else _write_parquet
    try:
        with duckdb.connect(config=_settings(threads)) as connection:
            for table, content in _lookups().items():
                write(connection, f"select * from {BLOCKS}", iter([content]), partials[table])
            write(connection, _client_query(), _segments(plan, progress), partials["clients"])
        for table, final in finals.items():
            partials[table].replace(final)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
            _part_of(partial).unlink(missing_ok=True)
    return list(finals.values())


def _settings(threads: int | None) -> dict[str, str | bool | int | float | list[str]]:
    """Return the DuckDB settings that keep rows in order and limit memory."""
    return {
        "memory_limit": MEMORY_LIMIT,
        "preserve_insertion_order": True,
        "threads": threads or min(os.cpu_count() or 1, MOST_THREADS),
    }


def _write_csv(
    connection: duckdb.DuckDBPyConnection, query: str, segments: Iterator[pa.Table], path: Path
) -> None:
    """Write the result of `query` for each segment in turn, below the header."""
    part = _part_of(path)
    target = quote_literal(str(part))
    with path.open("wb") as file:
        for number, segment in enumerate(segments):
            connection.register(BLOCKS, segment)
            header = "true" if number == 0 else "false"
            connection.execute(f"copy ({query}) to {target} ({CSV_OPTIONS}, header {header})")
            connection.unregister(BLOCKS)
            with part.open("rb") as written:
                shutil.copyfileobj(written, file, COPY_BYTES)


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, query: str, segments: Iterator[pa.Table], path: Path
) -> None:
    """Write the result of `query` for each segment, in row groups of one block."""
    writer: pq.ParquetWriter | None = None
    try:
        for segment in segments:
            connection.register(BLOCKS, segment)
            table = connection.execute(query).to_arrow_table()
            connection.unregister(BLOCKS)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=BLOCK_ROWS)
    finally:
        if writer is not None:
            writer.close()


def _part_of(path: Path) -> Path:
    """Return the path for a segment before it is appended to `path`."""
    return path.with_name(f"{path.name}.part")


def _segments(plan: Plan, progress: Progress) -> Iterator[pa.Table]:
    """Yield the clients of a plan in segments of a few blocks, created on demand."""
    rows = SEGMENT_BLOCKS * BLOCK_ROWS
    for first in range(0, plan.rows, rows):
        last = min(first + rows, plan.rows)
        yield pa.Table.from_batches(
            [
                record_batch(plan, draw_columns(plan, start, min(start + BLOCK_ROWS, last)))
                for start in range(first, last, BLOCK_ROWS)
            ]
        )
        progress(last - first)


def _client_query() -> str:
    """Return the query that puts the columns of the client blocks in the order of the file."""
    made = {
        "Client ID": "'IND' || \"client number\"",
        "Name": "\"first name\" || ' ' || surname",
    }
    expressions = [
        f"{made.get(name, quote_identifier(name))} as {quote_identifier(name)}"
        for name in domains.CLIENT_COLUMNS
    ]
    return f"select {', '.join(expressions)} from {BLOCKS}"


def _lookups() -> dict[str, pa.Table]:
    """Return the three lookup tables, with ids from 1."""
    advisors = staff_names("investment advisors", domains.INVESTMENT_ADVISORS)
    return {
        "banking_relationships": _lookup(
            "BRId", "Banking Relationship", domains.BANKING_RELATIONSHIPS
        ),
        "genders": _lookup("GenderId", "Gender", domains.GENDERS),
        "investment_advisors": _lookup("IAId", "Investment Advisor", advisors),
    }


def _lookup(id_name: str, value_name: str, values: Sequence[str]) -> pa.Table:
    """Return a table of two columns: ids from 1, and values."""
    ids = pa.array(range(1, len(values) + 1), pa.int32())
    return pa.table({id_name: ids, value_name: pa.array(values, pa.string())})
