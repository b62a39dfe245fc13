"""The command ``publish``: the checked marts become the current release."""

import os
from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.publish.flow import DEFAULT_WAIT, publish

DSN_VARIABLE = "BANK_POSTGRES_DSN"


@click.command("publish")
@options.warehouse
@options.publish_dir
@click.option(
    "--with-restricted",
    is_flag=True,
    help="Publish names and client ids too. The manifest records this.",
)
@click.option(
    "--replace-bank",
    is_flag=True,
    help="Let the shipped sample or another bank replace the release of a bank.",
)
@click.option(
    "--wait-for-readers",
    "wait",
    type=click.FloatRange(min=0),
    default=DEFAULT_WAIT,
    show_default=True,
    help="Seconds to wait for PostgreSQL sessions that are in a transaction.",
)
def command(
    warehouse: Path, publish_dir: Path, with_restricted: bool, replace_bank: bool, wait: float
) -> None:
    """Publish all marts or none, as files and, if BANK_POSTGRES_DSN is set, to PostgreSQL.

    The last `bank build` and the last `bank check` must have passed, and the tables must be
    unchanged since then.
    """
    release = publish(
        warehouse,
        publish_dir,
        os.environ.get(DSN_VARIABLE),
        with_restricted=with_restricted,
        replace_bank=replace_bank,
        wait=wait,
        progress=click.echo,
    )
    manifest = release.manifest
    held = sum(entry["left_out_because"] is None for entry in manifest["marts"])
    click.echo(
        f"\nRelease {release.number}, as of {manifest['as_of_date']}: {held} tables in "
        f"{release.path}"
    )
    for entry in manifest["marts"]:
        if entry["left_out_because"]:
            click.echo(f"  without {entry['schema']}.{entry['name']}: {entry['left_out_because']}")
    if with_restricted:
        click.echo("  The release holds personal data: give it only to people who may see names.")
