"""The command ``quarantine``: write the quarantined rows to a CSV file for correction.

The file is safe to open in a spreadsheet. A spreadsheet could run text as a formula if it begins
with ``=``, ``+``, ``-``, ``@``, a tab or a line end, even after blanks. Such text is prefixed with
an apostrophe, as OWASP recommends against CSV injection, and the spreadsheet shows it as text.
Numbers, including negative ones, are not changed. Cells are quoted as in RFC 4180, lines end with
CRLF, and the encoding is UTF-8 with a byte-order mark.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.numbers import count
from bank_warehouse.summary import SummaryError, open_warehouse
from bank_warehouse.whole_files import written_whole

ROWS_AT_ONCE = 1_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that begin a formula. Spreadsheets treat the full-width forms in the same way."""


_BEHIND_A_SEPARATOR = re.compile(r"""([;\t\r\n]["'\s]*)(?=[=+\-@＝＋－＠])""")
"""Start of a formula if the spreadsheet splits cells at semicolons, tabs or line ends."""


def harmless(cell: object) -> object:
    """Return a cell in a form that is safe to open in a spreadsheet.

    Args:
        cell: Text, a number, a date, or None.

    Returns:
        Text with an apostrophe before each possible formula and with NUL bytes replaced; any other
        cell unchanged.
    """
    if not isinstance(cell, str):
        return cell
    text = _BEHIND_A_SEPARATOR.sub(r"\1'", cell.replace("\x00", "�"))
    if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS):
        return "'" + text
    return text


def quarantined_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    """Yield the column names of the quarantine, then its rows by file and row number."""
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


def write_quarantine(warehouse: Path, target: Path, *, is_new: bool = False) -> int:
    """Write the quarantined rows of `warehouse` to the CSV file `target`.

    Rows are streamed, so memory use stays small. Only this user can read the file.

    Args:
        warehouse: the DuckDB file.
        target: the CSV file; on an error it is unchanged.
        is_new: whether to refuse to replace an existing file.

    Returns:
        The number of rows.

    Raises:
        SummaryError: The warehouse cannot be read; the message says what to do.
        NotWrittenError: The file cannot be written, or exists already.
    """
    written = -1
    with open_warehouse(warehouse) as connection:
        try:
            with (
                written_whole(target, is_private=True, is_new=is_new) as draft,
                draft.open("w", encoding="utf-8-sig", newline="") as file,
            ):
                writer = csv.writer(file, lineterminator="\r\n")
                for row in quarantined_rows(connection):
                    writer.writerow([harmless(cell) for cell in row])
                    written += 1
        except duckdb.Error as problem:
            message = (
                f"{warehouse} has no quarantine that can be read: {problem}\n"
                "Run `bank build` and fix the first error it prints."
            )
            raise SummaryError(message) from problem
    return written


@click.command("quarantine")
@options.warehouse
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    callback=options.outside_releases,
    help="The CSV file to write. It holds personal data.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(warehouse: Path, out: Path, force: bool) -> None:
    """Write the quarantined rows to a CSV file that is safe to open in a spreadsheet.

    Text that begins like a formula (= + - @, a tab, a line end) is prefixed with an apostrophe:
    remove it when you correct the row. The file holds personal data, and only you can read it.
    """
    rows = write_quarantine(warehouse, out, is_new=not force)
    click.echo(
        f"Wrote {count(rows, 'quarantined row')}, with the reasons, to {out}. It holds personal "
        "data."
    )
