"""The command ``generate``: a look-alike of the bank's data pack, of any size."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.generator import months
from bank_warehouse.generator.files import FORMATS, Progress, file_names, write_pack
from bank_warehouse.generator.planted_effects import PLANTS
from bank_warehouse.project import quoted

MOST_CUSTOMERS = 1_000_000_000
_SECONDS_BETWEEN_LINES = 5.0


@click.command("generate")
@click.option(
    "--customers",
    type=click.IntRange(1, MOST_CUSTOMERS),
    required=True,
    help="Number of clients in the first month.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same seed writes the same bytes.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    callback=options.outside_releases,
    required=True,
    help="Folder to write to, which is created if necessary.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="Format of the files.",
)
@click.option(
    "--as-seeds", is_flag=True, help="Name the files like the dbt seeds: raw_clients.csv."
)
@click.option("--threads", type=click.IntRange(1), help="Threads to use; no effect on the data.")
@click.option(
    "--plant",
    type=click.Choice(list(PLANTS)),
    help="Plant an effect in the data, to see whether an analysis finds it.",
)
@click.option(
    "--months-later",
    type=click.IntRange(0, months.MOST_MONTHS),
    default=0,
    show_default=True,
    help=(
        "Write the same bank this many months later: some customers have joined or left, and "
        "balances have changed."
    ),
)
@click.option("--force", is_flag=True, help="Replace files with the same names.")
def command(
    customers: int,
    seed: int,
    out: Path,
    file_format: str,
    as_seeds: bool,
    threads: int | None,
    plant: str | None,
    months_later: int,
    force: bool,
) -> None:
    """Write invented raw files like the bank's own: clients and lookups, of any size."""
    if as_seeds and file_format != "csv":
        message = "dbt seeds are CSV files, so leave out --format parquet or --as-seeds."
        raise click.UsageError(message)
    _refuse_occupied(out, file_format, as_seeds, force)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _progress(customers + months.joined_by(customers, months_later)) as progress:
            files = write_pack(
                customers,
                seed,
                out,
                file_format,
                as_seeds=as_seeds,
                threads=threads,
                plant=plant,
                months_later=months_later,
                progress=progress,
            )
    except (OSError, duckdb.Error) as error:
        message = f"Cannot write to {out}: {error}\nCheck the permissions and the free space there."
        raise click.ClickException(message) from error
    for path in files:
        click.echo(f"{path} ({path.stat().st_size:,} bytes)")
    if months_later:
        as_of = months.as_of_date(months_later)
        click.echo(f"As of {as_of}: `bank build {quoted(out)} --as-of {as_of}`")


def _refuse_occupied(out: Path, file_format: str, as_seeds: bool, force: bool) -> None:
    """Refuse a folder that holds the same tables; with `force`, only those in another format.

    Raises:
        click.ClickException: There are such files; the message names them and the remedy.
    """
    for other_format in FORMATS:
        taken = [
            name for name in file_names(other_format, as_seeds).values() if (out / name).exists()
        ]
        if not taken:
            continue
        if other_format != file_format:
            message = (
                f"{out} already holds these tables in another format: {', '.join(taken)}.\n"
                "A drop with two copies of a table is refused: "
                "choose another --out, or remove those files."
            )
            raise click.ClickException(message)
        if not force:
            message = (
                f"{out} already holds {', '.join(taken)}.\n"
                "Choose another --out, or add --force to replace them."
            )
            raise click.ClickException(message)


@contextmanager
def _progress(customers: int) -> Iterator[Progress]:
    """Show progress on stderr: a bar on a terminal, else a line at most every five seconds."""
    if sys.stderr.isatty():
        with click.progressbar(length=customers, label="Generating", file=sys.stderr) as bar:
            yield bar.update
        return
    done = 0
    last_line = time.monotonic()

    def report(made: int) -> None:
        nonlocal done, last_line
        done += made
        if time.monotonic() - last_line >= _SECONDS_BETWEEN_LINES:
            last_line = time.monotonic()
            click.echo(f"{done:,} of {customers:,} clients", err=True)

    yield report
