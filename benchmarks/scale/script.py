"""Run the compiled models as a plain script: one model after another on one connection.

Tables are created with `create table as`, without contracts, hooks, tests or records. With
--marts, only the models of the comparison set run, and its marts are written as Parquet files.

    python -m benchmarks.scale.script --script script.json --database bank.duckdb [--marts FOLDER]
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import duckdb

from bank_warehouse.sql import quote_identifier, quote_literal
from benchmarks.scale.comparison import MARTS, needed_models
from benchmarks.scale.project import Script, Step
from python_checks.testing.model_runner import run_python_model


@contextmanager
def open_database(database: Path, script: Script) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file and its attached files with the settings of dbt's connection."""
    settings: dict[str, str | bool | int | float | list[str]] = {**script.settings}
    with duckdb.connect(str(database), config=settings) as connection:
        for name in script.attached:
            path = database.with_name(f"{database.stem}_{name}.duckdb")
            connection.execute(f"attach {quote_literal(str(path))} as {quote_identifier(name)}")
        yield connection


def run_step(
    connection: duckdb.DuckDBPyConnection, step: Step, relations: Mapping[str, str]
) -> None:
    """Create the table or view of one model."""
    schema, _, _ = step.relation.rpartition(".")
    connection.execute(f"create schema if not exists {schema}")
    if step.kind == "python":
        run_python_model(connection, Path(step.code), step.name, relations)
    else:
        connection.execute(f"create {step.kind} {step.relation} as {step.code}")


def write_marts(
    connection: duckdb.DuckDBPyConnection,
    relations: Mapping[str, str],
    folder: Path,
    seconds: dict[str, float],
) -> None:
    """Write the marts of the comparison set as Parquet files.

    Args:
        connection: Connection to a warehouse with these marts.
        relations: The full quoted name of each model, keyed by its plain name.
        folder: Folder for the files.
        seconds: Receives the seconds that each file takes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for mart in MARTS:
        target = quote_literal(str(folder / f"{mart.name}.parquet"))
        with _timed(seconds, f"{mart.name} to Parquet"):
            connection.execute(f"copy ({mart.query(relations)}) to {target} (format parquet)")


@click.command()
@click.option("--script", "path", type=click.Path(path_type=Path), required=True)
@click.option("--database", type=click.Path(path_type=Path), required=True)
@click.option("--marts", type=click.Path(path_type=Path), help="Folder for the comparison set.")
@click.option("--times", type=click.Path(path_type=Path), help="File for the seconds by model.")
@click.option("--only-marts", is_flag=True, help="Only write the marts; the models are built.")
def main(
    path: Path, database: Path, marts: Path | None, times: Path | None, only_marts: bool
) -> None:
    """Run the steps of a script in DATABASE, which already has the reference seeds."""
    script = Script.read(path)
    wanted = needed_models(script) if marts else {step.name for step in script.steps}
    seconds: dict[str, float] = {}
    with open_database(database, script) as connection:
        for step in script.steps:
            if step.name in wanted and not only_marts:
                with _timed(seconds, step.name):
                    run_step(connection, step, script.relations)
        if marts:
            write_marts(connection, script.relations, marts, seconds)
    if times:
        times.write_text(json.dumps(seconds), encoding="utf-8")


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


if __name__ == "__main__":
    main()
