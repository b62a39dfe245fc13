"""The command ``findings``: write a page about the built warehouse, with figures."""

from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.findings.figures import draw
from bank_warehouse.findings.page import write_page
from bank_warehouse.findings.tables import Tables
from bank_warehouse.metrics import MetricsError, load_metrics
from bank_warehouse.project import CannotStartError, target_folder
from bank_warehouse.publish.records import SEMANTIC_MANIFEST
from bank_warehouse.summary import open_warehouse, read_summary
from bank_warehouse.whole_files import NotWrittenError, written_whole

PAGE = "findings.md"


def write_findings(warehouse: Path, manifest: Path, out: Path) -> Path:
    """Write the page and its figures, replacing the files of an earlier run.

    Args:
        warehouse: DuckDB file of a complete build; it is not changed.
        manifest: dbt's semantic_manifest.json.
        out: folder for findings.md and figures/, which is created if necessary.

    Returns:
        Path of the page.

    Raises:
        click.ClickException: The warehouse is not a complete build, it or the definitions cannot
            be read, or the folder cannot be written to; the message says what to do.
        NotWrittenError: A file cannot be written.
    """
    # This raises an error if the build was not completed.
    read_summary(warehouse)
    try:
        layer = load_metrics(manifest)
    except MetricsError as error:
        raise CannotStartError(str(error)) from error
    with open_warehouse(warehouse) as connection:
        tables = Tables(connection, layer)
        page = out / PAGE
        try:
            draw(tables, out / "figures")
            with written_whole(page) as draft:
                draft.write_text(write_page(tables), encoding="utf-8", newline="\n")
        except NotWrittenError:
            raise
        except OSError as error:
            message = f"{out} cannot be written to: {error}\nName another folder with --out."
            raise click.ClickException(message) from error
    return page


@click.command("findings")
@options.warehouse
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    callback=options.outside_releases,
    default=Path("reports"),
    show_default=True,
    help="Folder for findings.md and its figures.",
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="the one in the project's target folder",
    help="dbt's semantic_manifest.json.",
)
def command(warehouse: Path, out: Path, manifest: Path | None) -> None:
    """Write a page about the customers in the warehouse, with figures: reports/findings.md."""
    page = write_findings(warehouse, manifest or target_folder() / SEMANTIC_MANIFEST, out)
    click.echo(f"Wrote {page}")
