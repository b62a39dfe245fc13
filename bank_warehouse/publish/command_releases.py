"""The command ``releases``: list the releases and show which one is current."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from bank_warehouse import options
from bank_warehouse.hints import command_line
from bank_warehouse.publish import pending
from bank_warehouse.publish.command import DSN_VARIABLE
from bank_warehouse.publish.errors import (
    BusyError,
    DamagedReleaseError,
    PostgresError,
    UnreadableReleaseError,
)
from bank_warehouse.publish.flow import settle
from bank_warehouse.publish.lock import publisher_lock
from bank_warehouse.publish.postgres import PostgresTarget, open_target
from bank_warehouse.publish.releases import current_number, read_release, release_numbers

COMMIT_LENGTH = 10


def listing(publish_dir: Path, in_postgres: int | None) -> list[str]:
    """Return a line for each release; the current one and the one in PostgreSQL are marked."""
    current = current_number(publish_dir)
    lines = [
        f"{'release':>7}  {'published at':20}  {'as of':10}  {'source':7}  {'customers':>11}  "
        f"{'loans':>22}  {'schema':>6}  {'personal data':13}  {'commit':11}  readers"
    ]
    for number in release_numbers(publish_dir):
        marks = [
            *(["files"] if number == current else []),
            *(["PostgreSQL"] if number == in_postgres else []),
        ]
        try:
            described = _described(read_release(publish_dir, number).manifest)
        except DamagedReleaseError as damage:
            described = f"damaged: {damage.problem}"
        except UnreadableReleaseError as refused:
            described = f"not readable: {refused.problem}"
        lines.append(f"{number:>7}  {described}  {', '.join(marks)}".rstrip())
    return lines


def _described(manifest: Mapping[str, Any]) -> str:
    commit = (manifest["git_commit"] or "none")[:COMMIT_LENGTH]
    changed = "+" if manifest["git_is_dirty"] else ""
    personal = "yes" if manifest["includes_restricted"] else "no"
    positions = next(mart for mart in manifest["marts"] if mart["name"] == "fct_customer_positions")
    loans = f"{Decimal(positions['totals']['total_loans']):,.2f}"
    return (
        f"{manifest['published_at']:20}  {manifest['as_of_date']:10}  "
        f"{manifest.get('source', 'unknown'):7}  {positions['row_count']:>11,}  {loans:>22}  "
        f"{manifest['schema_version']:>6}  {personal:13}  {commit + changed:11}"
    )


@click.command("releases")
@options.publish_dir
def command(publish_dir: Path) -> None:
    """List the releases and mark those that readers have.

    If the answer to a commit in PostgreSQL was lost, the commit is looked up first, and the files
    are updated to match. A + after the git commit means that the project had uncommitted changes
    during the build.
    """
    dsn = os.environ.get(DSN_VARIABLE)
    in_postgres = None
    try:
        with open_target(dsn) if dsn else nullcontext() as target:
            _settle(publish_dir, target)
            manifest = target.manifest() if target else None
            in_postgres = manifest["release"] if manifest else None
    except PostgresError as problem:
        click.echo(problem.problem, err=True)
        _settle(publish_dir, None)
    if not release_numbers(publish_dir):
        command = command_line("publish", {"publish_dir": publish_dir})
        click.echo(f"There is no release in {publish_dir}. `{command}` makes the first one.")
        return
    for line in listing(publish_dir, in_postgres):
        click.echo(line)


def _settle(publish_dir: Path, target: PostgresTarget | None) -> None:
    """Look up a commit whose answer was lost, unless another publisher is running."""
    if pending.noted(publish_dir) is None:
        return
    try:
        with publisher_lock(publish_dir):
            settle(publish_dir, target, lambda line: click.echo(line, err=True))
    except BusyError as busy:
        click.echo(busy.problem, err=True)
