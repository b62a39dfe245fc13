"""Measure the time and peak memory of each Python model on a built warehouse.

    python -m benchmarks.python_models --warehouse warehouse/bank.duckdb

Each model runs in its own process, together with DuckDB. In a build, BANK_MEMORY_LIMIT limits
DuckDB's memory; here the limit is 1 GB, as in the checks. The models read samples and aggregates,
so Python's memory should not grow with the number of customers. The warehouse is only read.
"""

import sys
from pathlib import Path

import click
import duckdb

from bank_warehouse.sql import quote_identifier
from benchmarks.expectations import run_measured
from python_checks.expectations.warehouse import connect
from python_checks.testing.model_runner import PROJECT, make_python_model


def relation_names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the full quoted name of each table and view of a warehouse, keyed by plain name."""
    found = connection.execute("select table_schema, table_name from information_schema.tables")
    return {
        name: f"{quote_identifier(schema)}.{quote_identifier(name)}"
        for schema, name in found.fetchall()
    }


@click.command()
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--model", help="Run only this model, in this process.")
def main(warehouse: Path, model: str | None) -> None:
    """Print the time and peak memory of each Python model."""
    paths = {path.stem: path for path in sorted((PROJECT / "models").rglob("*.py"))}
    if model:
        with connect(warehouse) as connection:
            make_python_model(connection, paths[model], relation_names(connection))
        return
    for name in paths:
        command = [sys.executable, "-m", "benchmarks.python_models"]
        seconds, peak = run_measured([*command, "--warehouse", str(warehouse), "--model", name])
        click.echo(f"{name:28} {seconds:6.1f} s including startup   peak {peak:6,.0f} MiB")


if __name__ == "__main__":
    main()
