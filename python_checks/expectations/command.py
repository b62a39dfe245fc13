"""Run the Great Expectations suites: ``bank check``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.publish import fingerprints, records
from python_checks.expectations import warehouse as warehouses

if TYPE_CHECKING:
    from python_checks.expectations.runner import TableResult

EXIT_FAILED = 1
SUITE_NAMES = records.ALL_SUITES
DOCS_SUFFIX = "_data_docs"
"""Suffix of the Data Docs folder, which is beside the warehouse."""


@click.command("check")
@options.warehouse
@click.option(
    "--docs",
    type=click.Path(path_type=Path, file_okay=False),
    callback=options.outside_releases,
    show_default="a folder beside the warehouse, such as bank_data_docs for bank.duckdb",
    help="Folder for the Data Docs site. An existing folder is replaced.",
)
@click.option("--no-docs", is_flag=True, help="Write no Data Docs site.")
@click.option(
    "--suite",
    "suite_names",
    type=click.Choice(SUITE_NAMES),
    multiple=True,
    show_default="all",
    help="Run only this suite. May be given several times.",
)
def command(
    warehouse: Path, docs: Path | None, no_docs: bool, suite_names: tuple[str, ...]
) -> None:
    """Check a built warehouse with the Great Expectations suites, read-only.

    The results are recorded beside the warehouse; `bank publish` needs this record.

    The exit code is 0 if every expectation passes, 1 if one fails, and 2 if the warehouse cannot be
    checked.
    """
    path = warehouse
    site = None if no_docs else docs or docs_folder(path)
    chosen = suite_names or SUITE_NAMES
    connection = warehouses.connect(path)
    # Imported here, so that an unreadable warehouse is refused before Great Expectations loads.
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
        except duckdb.Error as error:
            raise warehouses.unreadable_tables(path, error) from error
    results = runner.run(path, tables, site, progress=click.echo, marts=seen)
    _record(path, chosen, results, seen)
    click.echo()
    click.echo(report.summary(results))
    if site:
        click.echo(f"\nData Docs: {site / 'index.html'}")
    if any(result.failures for result in results):
        sys.exit(EXIT_FAILED)


def docs_folder(warehouse: Path) -> Path:
    """Return the folder of a warehouse's Data Docs."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + DOCS_SUFFIX)


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
