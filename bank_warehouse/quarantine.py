"""The command ``quarantine``: the quarantined rows as a CSV file for the people who mend them.

The file is safe to open in a spreadsheet. A text that a spreadsheet could take for a formula, since
it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return (also behind blanks), gets an
apostrophe in front: the spreadsheet shows the text and runs nothing. Numbers stay numbers, negative
ones too. (The rule is that of the OWASP page on CSV injection.) Cells are quoted as RFC 4180 says,
lines end in CRLF, the file is UTF-8 with a byte-order mark.
"""

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.summary import SummaryError, open_warehouse

ROWS_AT_ONCE = 1_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First letters of a formula; a spreadsheet takes the full-width ones for the same."""


_BEHIND_A_SEPARATOR = re.compile(r"""([;\t\r\n]["'\s]*)(?=[=+\-@＝＋－＠])""")
"""Where a formula begins for a spreadsheet that separates cells by semicolon, tab or line."""


def harmless(cell: object) -> object:
    """Return a cell in a form that is safe in a file that a spreadsheet opens.

    Args:
        cell: A text, a number, a date, or null.

    Returns:
        A dangerous text with an apostrophe in front of what could be a formula, and without NUL
        bytes; anything else as it is.
    """
    if not isinstance(cell, str):
        return cell
    text = _BEHIND_A_SEPARATOR.sub(r"\1'", cell.replace("\x00", "�"))
    if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS):
        return "'" + text
    return text


def quarantined_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    """Yield the names of the columns of the quarantine, then its rows by file and number."""
    result = connection.execute(
        """
        select source_file, source_row, reject_reasons, raw_text, * exclude (
            source_file, source_row, reject_reasons, raw_text
        )
        from quality.fct_quarantined_clients
        order by source_file, source_row
        """
    )
    yield tuple(column[0] for column in result.description)
    while rows := result.fetchmany(ROWS_AT_ONCE):
        yield from rows


def write_quarantine(warehouse: Path, target: Path) -> int:
    """Write the quarantined rows of `warehouse` into the CSV file `target`.

    They are never all in the memory of Python. The file is there whole or not at all.

    Returns:
        The number of rows.

    Raises:
        click.ClickException: The warehouse cannot be read or the file not be written; the message
            says what to do.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    count = -1
    with open_warehouse(warehouse) as connection:
        try:
            # Personal data: for this user alone, who may give the file to others.
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(handle, "w", encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
                writer = csv.writer(file, lineterminator="\r\n")
                for row in quarantined_rows(connection):
                    writer.writerow([harmless(cell) for cell in row])
                    count += 1
            draft.replace(target)
        except duckdb.Error as problem:
            draft.unlink(missing_ok=True)
            message = (
                f"{warehouse} has no quarantine that can be read: {problem}\n"
                "Run `bank build` and see to the first error it prints."
            )
            raise SummaryError(message) from problem
        except OSError as problem:
            draft.unlink(missing_ok=True)
            message = (
                f"{target} cannot be written: {problem.strerror or problem}.\n"
                "Name a file in a folder that is there and that this user may write."
            )
            raise click.ClickException(message) from problem
    return count


@click.command("quarantine")
@options.warehouse
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The CSV file to write. It holds personal data.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def command(warehouse: Path, out: Path, force: bool) -> None:
    """Write the quarantined rows to a CSV file that is safe to open in a spreadsheet.

    A text that begins like a formula (= + - @, a tab, the end of a line) gets an apostrophe in
    front: remove it when you mend the row. The file holds personal data and only this user may
    read it.
    """
    if out.exists() and not force:
        message = f"{out} is there already. Name another file, or add --force to replace it."
        raise click.ClickException(message)
    count = write_quarantine(warehouse, out)
    click.echo(f"{count:,} quarantined rows, with their reasons, are in {out}. Personal data.")
