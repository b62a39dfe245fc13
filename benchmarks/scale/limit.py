"""The limit: read the raw clients file once into a typed DuckDB table, and do nothing else.

No row is validated or quarantined, and a cell that does not fit its type is an error. The limit is
the time that DuckDB needs to read the file and write its columns. Everything else that a warehouse
does takes additional time.

    python -m benchmarks.scale.limit --script script.json --drop DROP --database bank.duckdb
"""

from pathlib import Path

import click
import duckdb

from bank_warehouse.raw_drop.schema import TABLES, RawTable
from bank_warehouse.sql import quote_literal
from benchmarks.scale.project import Script
from benchmarks.scale.script import open_database

TYPES = {
    "text": "varchar",
    "code": "integer",
    "whole": "integer",
    "money": "decimal(18, 2)",
    "date": "date",
}
DATE_FORMAT = "%d-%m-%Y"


def clients_file(drop: Path) -> Path:
    """Return the clients file of a generated drop.

    Raises:
        FileNotFoundError: No file has one of the known names of the clients file.
    """
    for ending in ("csv", "parquet"):
        for stem in TABLES["clients"].stems:
            if (file := drop / f"{stem}.{ending}").exists():
                return file
    message = f"{drop} contains no clients file."
    raise FileNotFoundError(message)


def read_query(file: Path, table: RawTable = TABLES["clients"]) -> str:
    """Return the query that reads a generated clients file with typed columns."""
    source = quote_literal(str(file))
    if file.suffix == ".parquet":
        return f"from read_parquet({source})"
    columns = ", ".join(
        f"{quote_literal(column.header)}: {quote_literal(TYPES[column.kind])}"
        for column in table.columns
    )
    return (
        f"from read_csv({source}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"dateformat = {quote_literal(DATE_FORMAT)}, columns = {{{columns}}})"
    )


def read_once(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Create the table `clients` from a generated clients file."""
    connection.execute(f"create table clients as {read_query(file)}")


@click.command()
@click.option("--script", type=click.Path(path_type=Path), required=True)
@click.option("--drop", type=click.Path(path_type=Path), required=True)
@click.option("--database", type=click.Path(path_type=Path), required=True)
def main(script: Path, drop: Path, database: Path) -> None:
    """Read the clients file of DROP into a table of DATABASE, with the settings of SCRIPT."""
    with open_database(database, Script.read(script)) as connection:
        read_once(connection, clients_file(drop))


if __name__ == "__main__":
    main()
