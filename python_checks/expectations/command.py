"""Run the Great Expectations suites: ``bank check``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
import duckdb

from bank_warehouse.project import warehouse_path
from bank_warehouse.publish import fingerprints, records
from python_checks.expectations import warehouse as warehouses

if TYPE_CHECKING:
    from python_checks.expectations.runner import TableResult

EXIT_FAILED = 1
EXIT_UNREADABLE = 2
SUITE_NAMES = records.ALL_SUITES
DEFAULT_DOCS = Path(__file__).parent / "data_docs"


@click.command("check")
@click.option(
    "--warehouse",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=warehouse_path,
    help="The DuckDB file that dbt built. Default: BANK_WAREHOUSE, or warehouse/bank.duckdb.",
)
@click.option(
    "--docs",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_DOCS,
    help="Folder of the Data Docs site, replaced by this run.",
)
@click.option("--no-docs", is_flag=True, help="Build no Data Docs site.")
@click.option(
    "--suite",
    "suite_names",
    type=click.Choice(SUITE_NAMES),
    multiple=True,
    help="Only this suite; may be given several times. Default: all.",
)
def command(path: Path, docs: Path, no_docs: bool, suite_names: tuple[str, ...]) -> None:
    """Check a built warehouse against its suites; it is only read.

    What was checked and found is recorded beside the warehouse, for the publisher.

    Exits with 0 where every expectation is met, 1 where one is not, 2 where the warehouse cannot
    be checked.
    """
    chosen = suite_names or SUITE_NAMES
    try:
        connection = warehouses.connect(path)
    except warehouses.UnreadableWarehouseError as error:
        _stop(error)
    # Imported late: an unreadable warehouse is told without waiting for Great Expectations.
    from python_checks.expectations import report, runner
    from python_checks.expectations.suites import REQUIRED, SUITES

    with connection:
        try:
            warehouses.require_relations(
                path,
                warehouses.existing_relations(connection),
                (name for suite in chosen for name in REQUIRED[suite]),
            )
            tables = {name: SUITES[name](connection) for name in chosen}
            seen = fingerprints.fingerprints(connection, fingerprints.mart_relations(connection))
        except warehouses.UnreadableWarehouseError as error:
            _stop(error)
        except duckdb.Error as error:
            _stop(warehouses.unreadable_tables(path, error))
    try:
        results = runner.run(
            path, tables, None if no_docs else docs, progress=click.echo, marts=seen
        )
    except warehouses.UnreadableWarehouseError as error:
        _stop(error)
    _record(path, chosen, results, seen)
    click.echo()
    click.echo(report.summary(results))
    if not no_docs:
        click.echo(f"\nData Docs: {docs / 'index.html'}")
    if any(result.failures for result in results):
        sys.exit(EXIT_FAILED)


def _record(
    path: Path,
    suites: Sequence[str],
    results: "Sequence[TableResult]",
    seen: dict[str, fingerprints.Fingerprint],
) -> None:
    checked = {
        f"{result.suite}.{result.table}": (result.checked, len(result.failures))
        for result in results
    }
    try:
        records.write_checks_record(path, suites, checked, seen)
    except OSError as problem:
        click.echo(
            f"Warning: {records.checks_record_path(path)} cannot be written: "
            f"{problem.strerror or problem}. Nothing can be published without this record; give "
            "this user the right to write there, and run the checks again.",
            err=True,
        )


def _stop(error: Exception) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(EXIT_UNREADABLE)
