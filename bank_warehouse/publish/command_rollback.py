"""The command ``rollback``: make an earlier release current."""

import os
from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.publish.command import DSN_VARIABLE
from bank_warehouse.publish.flow import DEFAULT_WAIT, roll_back


@click.command("rollback")
@click.argument("number", type=click.IntRange(min=1))
@options.publish_dir
@click.option(
    "--wait-for-readers",
    "wait",
    type=click.FloatRange(min=0),
    default=DEFAULT_WAIT,
    show_default=True,
    help="Seconds to wait for PostgreSQL sessions that are in a transaction.",
)
def command(number: int, publish_dir: Path, wait: float) -> None:
    """Make release NUMBER current again, in the files and in PostgreSQL.

    No release is removed: a later one can be made current again in the same way.
    """
    release = roll_back(
        publish_dir, number, os.environ.get(DSN_VARIABLE), wait=wait, progress=click.echo
    )
    click.echo(f"\nReaders have release {release.number}, as of {release.manifest['as_of_date']}.")
