"""Odd raw drops, each made from the shipped seeds by one small function.

The docstring of each function describes the oddity. Its decorator defines the expected outcome: the
drop is read correctly or refused with a message, or some of its rows are quarantined with a reason.
The decorator adds the oddity to `ODDITIES`. The tests read this list, and the table in
`docs/odd-drops.md` is generated from it.
"""

import csv
import gzip
import io
import os
import shutil
import sys
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Literal

import duckdb
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bank_warehouse.raw_drop.schema import CLIENTS, TABLES
from bank_warehouse.sql import quote_literal
from python_checks.testing.paths import SEEDS
from python_checks.testing.workbooks import (
    Edit,
    seed_sheet,
    seed_sheets,
    typed_rows,
    write_ods,
    write_xlsx,
)

LOOKUPS = tuple(table for table in TABLES if table != CLIENTS.name)

Outcome = Literal["read", "refused", "quarantined"]


@dataclass(frozen=True)
class Oddity:
    """An odd drop and its expected outcome.

    Attributes:
        name: name of the function that writes it.
        what: description of the oddity.
        make: writes the drop into an empty folder.
        outcome: read correctly (every row, every value), refused, or rows quarantined.
        says: text in the refusal, or in the reasons of the quarantined rows.
        rows_quarantined: how many rows are quarantined.
        rows: number of records read, including quarantined ones.
        decided_by: what decides the outcome: `reader`, which plans how to read the files, or
            `staging`, the models that read every cell.
        warns: text in a warning about the drop; empty if the test looks for none.
        date_formats: the declared raw_date_format; by default, each file proves its formats.
        max_quarantine_rate: the share of rows that may be quarantined.
        variables: other dbt vars.
    """

    name: str
    what: str
    make: Callable[[Path], None]
    outcome: Outcome
    says: str
    rows_quarantined: int
    rows: int
    decided_by: Literal["reader", "staging"]
    warns: str
    date_formats: tuple[str, ...]
    max_quarantine_rate: float
    variables: dict[str, object]


ODDITIES: list[Oddity] = []

NOT_ON_WINDOWS = {
    "link_out_of_folder": "Windows users often cannot create links",
    "named_pipe": "Windows folders cannot hold named pipes",
    "hostile_file_name": 'Windows file names cannot contain * ? or "',
}
"""Oddities that cannot be made on Windows, and why."""


def seed_rows() -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of the clients seed."""
    header, *rows = _seed_lines()
    return [*header], [[*row] for row in rows]


@cache
def _seed_lines() -> tuple[tuple[str, ...], ...]:
    with (SEEDS / "raw_clients.csv").open(encoding="utf-8", newline="") as file:
        return tuple(map(tuple, csv.reader(file)))


SEED_COUNT = len(seed_rows()[1])


def oddity(
    outcome: Outcome,
    says: str = "",
    *,
    quarantined: int = 0,
    rows: int = SEED_COUNT,
    by: Literal["reader", "staging"] = "reader",
    warns: str = "",
    date_formats: tuple[str, ...] = ("auto",),
    max_quarantine_rate: float = 0.01,
    variables: dict[str, object] | None = None,
) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register the decorated function as an oddity."""

    def register(make: Callable[[Path], None]) -> Callable[[Path], None]:
        what = " ".join((make.__doc__ or "").split())
        ODDITIES.append(
            Oddity(
                name=make.__name__,
                what=what,
                make=make,
                outcome=outcome,
                says=says,
                rows_quarantined=quarantined,
                rows=rows,
                decided_by=by,
                warns=warns,
                date_formats=date_formats,
                max_quarantine_rate=max_quarantine_rate,
                variables=variables or {},
            )
        )
        return make

    return register


def lookups(drop: Path) -> None:
    """Copy the lookup tables unchanged."""
    for table in LOOKUPS:
        shutil.copy(SEEDS / f"raw_{table}.csv", drop)


def text_of(
    rows: Sequence[Sequence[str]],
    header: Sequence[str] | None = None,
    *,
    separator: str = ",",
    line_end: str = "\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
) -> str:
    """Return rows as CSV text, under the header of the seed by default."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerow(seed_rows()[0] if header is None else header)
    writer.writerows(rows)
    return out.getvalue()


def put(drop: Path, data: str | bytes, name: str = "banking-clients.csv") -> None:
    """Write a clients file, and the lookups beside it."""
    lookups(drop)
    (drop / name).parent.mkdir(exist_ok=True)
    (drop / name).write_bytes(data.encode() if isinstance(data, str) else data)


def seed_text() -> str:
    """Return the clients seed as text."""
    return text_of(seed_rows()[1])


def edit_line(number: int, edit: Callable[[str], str]) -> str:
    """Return the clients seed after an edit to the text of one row (1 is the first)."""
    lines = seed_text().split("\n")
    lines[number] = edit(lines[number])
    return "\n".join(lines)


def edit_cells(column: str, edit: Callable[[str], str], numbers: Sequence[int] = ()) -> str:
    """Return the clients seed after an edit to a column, in all rows or those with `numbers`."""
    header, rows = seed_rows()
    place = header.index(column)
    for number, row in enumerate(rows, start=1):
        if not numbers or number in numbers:
            row[place] = edit(row[place])
    return text_of(rows)


def edit_header(edit: Callable[[str], str]) -> str:
    """Return the clients seed after an edit to each header."""
    header, rows = seed_rows()
    return text_of(rows, [edit(name) for name in header])


def write_parquet(drop: Path, select: str, name: str = "banking-clients.parquet") -> None:
    """Write the result of a select from `seed`, the clients seed as text columns, as Parquet."""
    with duckdb.connect() as connection:
        source = quote_literal(str(SEEDS / "raw_clients.csv"))
        connection.execute(f"create view seed as from read_csv({source}, all_varchar = true)")
        connection.execute(f"copy ({select}) to {quote_literal(str(drop / name))} (format parquet)")


def write_edited(drop: Path, edit: Edit) -> None:
    """Write the seeds as a workbook after an edit to the first sheet."""
    write_xlsx(drop / "Banking.xlsx", seed_sheets(), edit=edit)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CLIENTS_PLACE = {column.name: place for place, column in enumerate(CLIENTS.columns)}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of old office files and of workbooks with a password."""

# ------------------------------------------------------------------ encodings and line ends


@oddity("read")
def utf8_mark(drop: Path) -> None:
    """UTF-8 with a byte-order mark."""
    put(drop, b"\xef\xbb\xbf" + seed_text().encode())


@oddity("read")
def mark_in_first_header(drop: Path) -> None:
    """A second byte-order mark inside the quotes of the first header."""
    put(drop, "\ufeff" + seed_text().replace("Client ID", '"\ufeffClient ID"', 1))


@oddity("read", warns="UTF-16-LE")
def utf16_with_mark(drop: Path) -> None:
    """UTF-16 with a byte-order mark, which spreadsheets call `Unicode text`."""
    put(drop, text_of(seed_rows()[1], separator="\t", line_end="\r\n").encode("utf-16"))


@oddity("read", warns="UTF-16-BE")
def utf16_without_mark(drop: Path) -> None:
    """UTF-16, big-endian, without a byte-order mark."""
    put(drop, seed_text().encode("utf-16-be"))


@oddity("refused", "not valid UTF-16")
def utf16_cut_off(drop: Path) -> None:
    """UTF-16 whose last byte is missing."""
    put(drop, seed_text().encode("utf-16")[:-1])


NAMED = {
    "latin1": ("cp1252", ["Zoë Núñez", "José Muñoz", "Jürgen Groß", "Seán O’Neill"]),
    "latin9": ("iso8859-15", ["Šárka Œuvre", "Žofie Lœw"]),
    "windows_1250": ("cp1250", ["Łukasz Wałęsa", "Jiří Dvořák", "Růžena Němcová"]),
    "hungarian_in_windows_1250": (
        "cp1250",
        ["Jenő Petőfi", "Győző Tarján", "Lőrinc Török", "Ernő Szűcs", "Rezső Bűr"],
    ),
    "windows_1251": ("cp1251", ["Иван Петров", "Пётр Чехов", "Анна Ахматова", "Ольга Ёлкина"]),
    "mac_roman": ("mac_roman", ["José Muñoz", "Hélène Çelik", "Jürgen Groß"]),
    "shift_jis": (
        "cp932",
        ["山田 太郎", "佐藤 花子", "鈴木 一郎", "高橋 さくら", "田中 ケンジ", "渡辺 美咲"],
    ),
    "gb18030": (
        "gb18030",
        [
            *("王小明", "李娜", "张伟", "刘洋", "陈静", "杨丽华", "赵强", "黄磊", "周杰", "吴芳"),
            *("徐静茹", "孙浩", "胡军", "朱婷", "高圆圆", "林志玲", "何炅", "郭德纲", "马云"),
        ],
    ),
    "misread_and_saved": ("utf-8", ["José Núñez".encode().decode("cp1252")]),
}
"""The encoding of each oddity with names of its own, and the names from row 2001 on."""
FIRST_NAMED = 2001


def named(encoding: str, names: Sequence[str]) -> bytes:
    """Return the seed in an encoding, with different names from row `FIRST_NAMED` on."""
    header, rows = seed_rows()
    for row, name in zip(rows[FIRST_NAMED - 1 :], names, strict=False):
        row[header.index("Name")] = name
    return text_of(rows).encode(encoding)


@oddity(
    "read",
    warns="read as Windows-1252 (Latin-1), so line 2002 holds 'Zoë Núñez'",
    by="staging",
)
def latin1(drop: Path) -> None:
    """Western names in Windows-1252, which many call Latin-1: the warning shows one name."""
    put(drop, named(*NAMED["latin1"]))


@oddity("read", warns="read as Latin-9", by="staging")
def latin9(drop: Path) -> None:
    """Latin-9 with `Š` and `Œ`, whose bytes are symbols in Latin-1."""
    put(drop, named(*NAMED["latin9"]))


@oddity("read", warns="read as Windows-1250", by="staging")
def windows_1250(drop: Path) -> None:
    """Polish and Czech names in Windows-1250."""
    put(drop, named(*NAMED["windows_1250"]))


@oddity("read", warns="read as Windows-1250", by="staging")
def hungarian_in_windows_1250(drop: Path) -> None:
    """Hungarian names in Windows-1250: in Windows-1252, they would mix three languages."""
    put(drop, named(*NAMED["hungarian_in_windows_1250"]))


@oddity("read", warns="read as Windows-1251", by="staging")
def windows_1251(drop: Path) -> None:
    """Russian names in Windows-1251."""
    put(drop, named(*NAMED["windows_1251"]))


@oddity("read", warns="read as Mac Roman", by="staging")
def mac_roman(drop: Path) -> None:
    """Western names in Mac Roman, the encoding of old Macs."""
    put(drop, named(*NAMED["mac_roman"]))


@oddity("read", warns="read as Shift-JIS", by="staging")
def shift_jis(drop: Path) -> None:
    """Japanese names in Shift-JIS."""
    put(drop, named(*NAMED["shift_jis"]))


@oddity("read", warns="read as GB18030", by="staging")
def gb18030(drop: Path) -> None:
    """Chinese names in GB18030."""
    put(drop, named(*NAMED["gb18030"]))


@oddity("refused", "name the encoding in BANK_RAW_ENCODING")
def encoding_in_doubt(drop: Path) -> None:
    """One Russian name: its bytes could be Greek, Korean or Chinese."""
    put(drop, named("cp1251", ["Пров Донцов"]))


@oddity("refused", "It could be cp1252: 'IND")
def byte_of_no_encoding(drop: Path) -> None:
    """A stray byte in an id and in a name: as an accented letter, it would fit only the name."""
    damaged = edit_line(40, lambda line: line.replace(",", "\udcff,", 2))
    put(drop, damaged.encode("utf-8", "surrogateescape"))


@oddity("quarantined", "invalid bytes", quarantined=6, warns="two encodings in one file")
def two_encodings(drop: Path) -> None:
    """Five cells in UTF-8 and six in Windows-1252: the rows of the six are quarantined."""
    header, rows = seed_rows()
    remarks = dict.fromkeys(range(2000, 2005), "José")
    noted = [[*row, remarks.get(number, "")] for number, row in enumerate(rows)]
    for row in noted[1000:1006]:
        row[header.index("Name")] = "Jos\udce9"
    put(drop, text_of(noted, [*header, "Remarks"]).encode("utf-8", "surrogateescape"))


@oddity(
    "read",
    warns="misread and saved again before delivery, such as 'JosÃ© NÃºÃ±ez' for 'José",
    by="staging",
)
def misread_and_saved(drop: Path) -> None:
    """UTF-8 that was read as Latin-1 and saved again: a warning shows one cell."""
    put(drop, named(*NAMED["misread_and_saved"]))


@oddity("quarantined", "invalid bytes", quarantined=1, warns="not UTF-8")
def invalid_bytes(drop: Path) -> None:
    """Two bytes that are not UTF-8, in a file with the byte-order mark of UTF-8."""
    damaged = edit_line(40, lambda line: line.replace(",", "\udcff,", 2))
    put(drop, b"\xef\xbb\xbf" + damaged.encode("utf-8", "surrogateescape"))


@oddity("read")
def mark_read_as_latin1(drop: Path) -> None:
    """A UTF-8 mark that was read as Latin-1 and saved: the first header is `ï»¿Client ID`."""
    put(drop, "ï»¿" + seed_text())


@oddity("read")
def crlf(drop: Path) -> None:
    """Lines end in CR LF."""
    put(drop, seed_text().replace("\n", "\r\n"))


@oddity("read", warns="carriage returns")
def cr_only(drop: Path) -> None:
    """Lines end in CR alone."""
    put(drop, seed_text().replace("\n", "\r"))


@oddity("read")
def mixed_line_ends(drop: Path) -> None:
    """Every third line ends in CR LF, the others in LF."""
    lines = seed_text().splitlines()
    put(drop, "".join(line + ("\n" if i % 3 else "\r\n") for i, line in enumerate(lines)))


@oddity("read", warns="carriage returns")
def doubled_returns(drop: Path) -> None:
    """Lines end in CR CR LF, as after a text-mode copy on Windows."""
    put(drop, seed_text().replace("\n", "\r\r\n"))


@oddity("read")
def no_last_line_end(drop: Path) -> None:
    """The last line has no line end."""
    put(drop, seed_text().rstrip("\n"))


@oddity("read")
def blank_trailing_lines(drop: Path) -> None:
    """Blank lines, and lines of only blanks and separators, after the last row."""
    put(drop, seed_text() + "\n\n   \n" + "," * 24 + "\n")


@oddity("read")
def blank_last_line(drop: Path) -> None:
    """A last line of only separators, which has no line end."""
    put(drop, seed_text() + "," * 24)


@oddity("read")
def blank_lines_between(drop: Path) -> None:
    """A blank line between two rows."""
    put(drop, edit_line(100, lambda line: line + "\n"))


# ------------------------------------------------------------------ separators, quotes, headers


@oddity("read")
def semicolons(drop: Path) -> None:
    """Semicolons between the cells."""
    put(drop, text_of(seed_rows()[1], separator=";"))


@oddity("read")
def tabs(drop: Path) -> None:
    """Tabs between the cells, in a .tsv."""
    put(drop, text_of(seed_rows()[1], separator="\t"), "clients.tsv")


@oddity("read")
def pipes(drop: Path) -> None:
    """Pipes between the cells."""
    put(drop, text_of(seed_rows()[1], separator="|"))


@oddity("refused", "not separated by comma, semicolon, tab or pipe")
def unknown_separator(drop: Path) -> None:
    """A caret between the cells."""
    put(drop, text_of(seed_rows()[1], separator="^"))


@oddity("read")
def all_quoted(drop: Path) -> None:
    """Every cell in quotes."""
    put(drop, text_of(seed_rows()[1], quoting=csv.QUOTE_ALL))


@oddity("read", by="staging")
def quotes_and_separators_in_cells(drop: Path) -> None:
    """Names with commas and doubled quotes, quoted as they should be."""
    put(drop, edit_cells("Name", lambda name: f'{name}, "Jo"; Jr.'))


@oddity("read", warns="quotes", by="staging")
def line_breaks_in_cells(drop: Path) -> None:
    """Two names, each broken over two lines inside quotes."""
    put(drop, edit_cells("Name", lambda name: name.replace(" ", "\n"), [7, 8]))


@oddity("read", warns="quotes that do not enclose")
def padded_quotes(drop: Path) -> None:
    """Blanks around the quotes of a cell."""
    name = seed_rows()[1][4][1]
    put(drop, edit_line(5, lambda line: line.replace(name, f' "{name}" ', 1)))


@oddity("quarantined", "broken quoting", quarantined=1, warns="quote")
def quote_never_closed(drop: Path) -> None:
    """A quote that is never closed: the rows after it must not become part of its cell."""
    put(drop, edit_line(12, lambda line: line.replace(",", ',"', 1)))


def edge_quotes(column: str, first: int, last: int) -> str:
    """Return the seed with unescaped quotes at the edges of two cells.

    Args:
        column: the column of the cells.
        first: row whose cell begins with a quote.
        last: row whose cell ends with a quote.
    """
    header, rows = seed_rows()
    place = header.index(column)
    rows[first - 1][place] = '"' + rows[first - 1][place]
    rows[last - 1][place] += '"'
    return "".join(",".join(row) + "\n" for row in [header, *rows])


@oddity("quarantined", "broken quoting", quarantined=2, warns="a quote that is not closed")
def quotes_around_90_rows(drop: Path) -> None:
    """A quote before a name and another after a name 90 rows later: no row is lost."""
    put(drop, edge_quotes("Name", 11, 101))


@oddity("quarantined", "broken quoting", quarantined=2, warns="a quote that is not closed")
def quotes_around_two_rows(drop: Path) -> None:
    """A quote before an occupation and another after the occupation in the next row."""
    put(drop, edge_quotes("Occupation", 11, 12))


@oddity("quarantined", "broken quoting", quarantined=2, warns="a quote that is not closed")
def quotes_around_first_cells(drop: Path) -> None:
    """A quote before a client id, at the start of a line, and another after the next id."""
    put(drop, edge_quotes("Client ID", 11, 12))


@oddity("read", warns="inside quotes", by="staging")
def rows_inside_a_cell(drop: Path) -> None:
    """A cell that contains whole rows, in a file that quotes every cell: it stays one cell."""
    lines = seed_text().split("\n")
    put(
        drop,
        text_of(
            [
                [*row[:7], "\n".join(lines[1:3]) if number == 5 else row[7], *row[8:]]
                for number, row in enumerate(seed_rows()[1])
            ],
            quoting=csv.QUOTE_ALL,
        ),
    )


@oddity("quarantined", "broken quoting", quarantined=1, warns="quote")
def text_after_quote(drop: Path) -> None:
    """Text after a closing quote, which a lenient reader would lose."""
    put(drop, edit_line(12, lambda line: line.replace(",", ',"A" B ', 1)))


@oddity("quarantined", "too few cells", quarantined=2)
def short_rows(drop: Path) -> None:
    """Two rows that are cut off."""
    lines = seed_text().split("\n")
    lines[10] = lines[10].rsplit(",", 1)[0]
    lines[500] = lines[500].split(",")[0]
    put(drop, "\n".join(lines))


@oddity("quarantined", "too many cells", quarantined=1)
def long_row(drop: Path) -> None:
    """An unquoted comma in a name shifts the cells after it."""
    put(drop, edit_line(77, lambda line: line.replace(" ", ", ", 1)))


@oddity("quarantined", "too many cells", quarantined=1, rows=SEED_COUNT - 1)
def lost_line_end(drop: Path) -> None:
    """Two rows on one line: the text of the quarantined row contains both."""
    lines = seed_text().split("\n")
    lines[20:22] = ["".join(lines[20:22])]
    put(drop, "\n".join(lines))


@oddity("quarantined", "too many cells", quarantined=1, warns="a row of 99 cells")
def very_long_row(drop: Path) -> None:
    """A row of 99 cells."""
    put(drop, edit_line(9, lambda line: line + ",x" * 74))


@oddity("quarantined", "repeated header", quarantined=1, rows=SEED_COUNT + 1)
def header_between_rows(drop: Path) -> None:
    """The header repeated among the rows, as in files joined with `cat`."""
    lines = seed_text().split("\n")
    put(drop, "\n".join([*lines[:1000], lines[0], *lines[1000:]]))


def joined_in_another_order(rows: list[list[str]], first: int) -> str:
    """Return two joined files: after the first rows, two columns of money are exchanged."""
    header = list(seed_rows()[0])
    one, other = header.index("Checking Accounts"), header.index("Saving Accounts")
    for row in [header, *rows[first:]]:
        row[one], row[other] = row[other], row[one]
    return text_of(rows[:first]) + text_of(rows[first:], header)


@oddity(
    "refused",
    "row 1502: a header that has the columns in another order",
    rows=SEED_COUNT + 1,
)
def header_of_another_order(drop: Path) -> None:
    """Two files joined, the second with two columns of money exchanged."""
    put(drop, joined_in_another_order(seed_rows()[1], 1500))


@oddity(
    "refused",
    "row 5502: a header that has the columns in another order",
    rows=2 * SEED_COUNT + 1,
    by="staging",
)
def header_of_another_order_far_down(drop: Path) -> None:
    """Two files joined in the same way, with the second header below row 5,000."""
    rows = seed_rows()[1]
    rows += [[f"B{client_id}", *cells] for client_id, *cells in rows]
    put(drop, joined_in_another_order(rows, 5500))


@oddity(
    "refused",
    "2 things are wrong with this drop.",
    rows=SEED_COUNT + 1,
)
def header_of_another_order_and_converted_dates(drop: Path) -> None:
    """A header in a different order among the rows, and dates converted by a spreadsheet."""
    header, *lines = converted().split("\n")
    put(drop, "\n".join([header, *lines[:8], ",".join(header.split(",")[::-1]), *lines[8:]]))


@oddity("refused", "rows 1, 2, 3, 4, 5: above the header, which is in row 6")
def header_below_rows(drop: Path) -> None:
    """A header below five rows: these rows must not be lost."""
    lines = seed_text().split("\n")
    put(drop, "\n".join([*lines[1:6], lines[0], *lines[6:]]))


@oddity("read")
def separator_at_line_end(drop: Path) -> None:
    """Every line ends in a separator."""
    put(drop, seed_text().replace("\n", ",\n"))


@oddity("read", warns="above the header ignored")
def title_above_header(drop: Path) -> None:
    """A title, a comment and a blank line above the header."""
    put(drop, "Bank of nowhere, clients\n# exported on demand\n\n" + seed_text())


@oddity("read", warns="above the header ignored")
def separator_line(drop: Path) -> None:
    """`sep=;` on the first line, for spreadsheets."""
    put(drop, "sep=;\r\n" + text_of(seed_rows()[1], separator=";", line_end="\r\n"))


@oddity("read")
def headers_in_snake_case(drop: Path) -> None:
    """Headers such as client_id."""
    put(drop, text_of(seed_rows()[1], [column.name for column in CLIENTS.columns]))


@oddity("read")
def headers_in_camel_case(drop: Path) -> None:
    """Headers such as ClientID, without blanks."""
    put(drop, edit_header(lambda name: name.replace(" ", "")))


@oddity("read")
def headers_padded(drop: Path) -> None:
    """Headers in capitals, with blanks and no-break spaces."""
    put(drop, edit_header(lambda name: f"  {name.upper()}\u00a0 ".replace(" ", "\u00a0", 1)))


@oddity("read")
def header_broken_over_lines(drop: Path) -> None:
    """A header cell broken over two lines inside quotes."""
    put(drop, seed_text().replace("Client ID", '"Client\nID"', 1))


@oddity("read")
def columns_reordered(drop: Path) -> None:
    """Columns in reverse order."""
    header, rows = seed_rows()
    put(drop, text_of([row[::-1] for row in rows], header[::-1]))


@oddity("read", warns="columns ignored: Remarks")
def unknown_column(drop: Path) -> None:
    """An additional column, which is ignored, and one without a name, such as pandas's index."""
    header, rows = seed_rows()
    widened = [[str(i), *row, "none"] for i, row in enumerate(rows)]
    put(drop, text_of(widened, ["", *header, "Remarks"]))


@oddity("refused", "occurs twice")
def header_twice(drop: Path) -> None:
    """Two columns with the same normalised name."""
    put(
        drop,
        edit_header(lambda name: "client_name" if name == "Age" else name).replace(
            "client_name", "client  id", 1
        ),
    )


@oddity("refused", "nearest in the file: 'Bank Lones'")
def header_misspelt(drop: Path) -> None:
    """A misspelt required header: the message shows the most similar one."""
    put(drop, edit_header(lambda name: name.replace("Bank Loans", "Bank Lones")))


@oddity("refused", "2 required columns missing: Age; Risk Weighting")
def required_columns_missing(drop: Path) -> None:
    """Two required columns are missing: the message names both."""
    header, rows = seed_rows()
    kept = [i for i, name in enumerate(header) if name not in ("Age", "Risk Weighting")]
    put(drop, text_of([[row[i] for i in kept] for row in rows], [header[i] for i in kept]))


@oddity("read", warns="location_id is null", by="staging")
def optional_columns_missing(drop: Path) -> None:
    """Location ID and Banking Contact are missing: they are null."""
    header, rows = seed_rows()
    kept = [i for i, name in enumerate(header) if name not in ("Location ID", "Banking Contact")]
    put(drop, text_of([[row[i] for i in kept] for row in rows], [header[i] for i in kept]))


@oddity("read", warns="'investment-advisors.Investment Advisor' is read as 'IAId'", by="staging")
def headers_with_something_around(drop: Path) -> None:
    """Headers as a query, a pivot table or a data model writes them, and `ID` for `Client ID`."""
    edited = {
        "Client ID": "ID",
        "Age": "Sum of Age",
        "BRId": "Table1[BRId]",
        "Bank Loans": "clients_bank_loans",
        "Saving Accounts": "Saving Accounts ($)",
        "IAId": "investment-advisors.Investment Advisor",
    }
    put(drop, edit_header(lambda name: edited.get(name, name)))


@oddity("refused", "'Age (then)' and 'Sum of Age' both mean 'Age'")
def headers_of_two_meanings(drop: Path) -> None:
    """Two headers that could mean the age, but none with the usual name."""
    header, rows = seed_rows()
    names = ["Age (then)" if name == "Age" else name for name in header]
    put(drop, text_of([[*row, row[2]] for row in rows], [*names, "Sum of Age"]))


@oddity("refused", "'Bank Loans (in thousands)' means 'Bank Loans', but it gives a different unit")
def amounts_in_thousands(drop: Path) -> None:
    """A header for amounts in thousands."""
    put(drop, edit_header(lambda name: name.replace("Bank Loans", "Bank Loans (in thousands)")))


@oddity("read", warns="mapping.yml", by="staging")
def header_with_a_unit_named_in_the_mapping(drop: Path) -> None:
    """`Bank Loans (in thousands)` over amounts in full, and named in mapping.yml."""
    amounts_in_thousands(drop)
    (drop / "mapping.yml").write_text("clients: {columns: {Bank Loans: Bank Loans (in thousands)}}")


@oddity("refused", "3,000 amounts in EUR in bank_loans of banking-clients.csv")
def currencies_in_headers(drop: Path) -> None:
    """`Bank Loans (EUR)` beside `Bank Deposits (USD)`."""
    theirs = {"Bank Loans": "Bank Loans (EUR)", "Bank Deposits": "Bank Deposits (USD)"}
    put(drop, edit_header(lambda name: theirs.get(name, name)))


@oddity("refused", "3,000 amounts in USD in bank_loans of banking-clients.csv")
def currency_of_header_and_cells(drop: Path) -> None:
    """`Bank Loans (€)` over amounts such as $1200.00."""
    text = edit_cells("Bank Loans", lambda cell: f"${cell}")
    put(drop, text.replace("Bank Loans", "Bank Loans (€)", 1))


@oddity("refused", "its currency is not one of USD, EUR, GBP")
def unknown_currency_in_a_header(drop: Path) -> None:
    """`Bank Loans (CHF)`, which is not a known currency."""
    put(drop, edit_header(lambda name: name.replace("Bank Loans", "Bank Loans (CHF)")))


@oddity("read", warns="mapping.yml", by="staging")
def headers_of_another_bank(drop: Path) -> None:
    """The headers and values of another bank, named in mapping.yml beside the tables."""
    theirs = {"Client ID": "KUNDENNR", "Bank Loans": "Kredite", "Name": "Имя"}
    put(drop, edit_header(lambda name: theirs.get(name, name)).replace(",High,", ",Hoch,"))
    (drop / "mapping.yml").write_text(
        "clients:\n  columns: {Client ID: KUNDENNR, Bank Loans: Kredite, Name: Имя}\n"
        "  values: {Fee Structure: {Hoch: High}}\n",
        encoding="utf-8",
    )


@oddity("read", warns="archive.zip[data/mapping.yml]: translates headers and values", by="staging")
def mapping_in_a_zip(drop: Path) -> None:
    """The tables of another bank in a ZIP archive, with their mapping.yml."""
    headers_of_another_bank(drop)
    with zipfile.ZipFile(drop / "archive.zip", "w") as archive:
        for file in sorted(drop.iterdir()):
            if file.suffix != ".zip":
                archive.write(file, f"data/{file.name}")
                file.unlink()


@oddity("read", warns="mapping.yml", by="staging")
def values_that_yaml_reads_as_booleans(drop: Path) -> None:
    """Another bank's values `No` and `Yes`, which must not become booleans in mapping.yml."""
    put(drop, seed_text().replace(",High,", ",Yes,").replace(",Low,", ",No,"))
    (drop / "mapping.yml").write_text(
        "clients:\n  values:\n    Fee Structure: {No: Low, Yes: High}\n"
    )


@oddity("refused", "mapping.yml: 'Loans' occurs twice, with two meanings. Keep one")
def two_columns_mapped_to_one(drop: Path) -> None:
    """A mapping file that reads loans and deposits from one column."""
    put(drop, edit_header(lambda name: "Loans" if name == "Bank Loans" else name))
    (drop / "mapping.yml").write_text(
        "clients: {columns: {Bank Loans: Loans, Bank Deposits: Loans}}"
    )


@oddity("refused", "mapping.yml, line 4: 'Bank Loans' is already defined on line 3")
def mapping_with_a_name_twice(drop: Path) -> None:
    """A mapping file that names a column twice: one name must not silently replace the other."""
    put(drop, seed_text())
    (drop / "mapping.yml").write_text(
        "clients:\n  columns:\n    Bank Loans: Business Lending\n    Bank Loans: Bank Loans\n"
    )


@oddity("refused", "Age of clients cannot be absent")
def required_column_declared_absent(drop: Path) -> None:
    """A mapping file that declares the age absent, although scores and bands use it."""
    put(drop, seed_text())
    (drop / "mapping.yml").write_text("clients: {absent: [Age]}")


@oddity("refused", "no header line found")
def no_header(drop: Path) -> None:
    """No header line."""
    put(drop, seed_text().split("\n", 1)[1])


# ------------------------------------------------------------------ files and folders


@oddity(
    "read",
    warns="the codes of the clients serve as names, such as 'Relationship 1'. To name them, put a "
    "file with the columns BRId,Banking Relationship next to the client file",
    by="staging",
)
def clients_alone(drop: Path) -> None:
    """Only the clients: their codes serve as names, such as `Relationship 1`."""
    (drop / "Banking.csv").write_text(seed_text())


@oddity("read", warns="banking_relationships: no file", by="staging")
def names_without_lookups(drop: Path) -> None:
    """Only the clients, with names instead of ids: the names are used unchanged."""
    codes_by_name(drop)
    for name in LOOKUPS:
        (drop / f"raw_{name}.csv").unlink()


@oddity("read")
def tables_under_wrong_names(drop: Path) -> None:
    """`Banking.csv` holds the advisors, `Banking_2.csv` the clients: the headers decide."""
    put(drop, seed_text(), "Banking_2.csv")
    (drop / "raw_investment_advisors.csv").rename(drop / "Banking.csv")


@oddity("refused", "The most similar table is clients: 3 of its 25 columns are there (Client ID")
def table_of_another_business(drop: Path) -> None:
    """The customers of another business, in a file with the name of a clients file."""
    (drop / "Banking.csv").write_text("customerID,gender,Age,tenure,Churn\n7590-V,Female,40,1,No\n")


@oddity("refused", "3 things are wrong with this drop")
def three_problems(drop: Path) -> None:
    """A missing column, an empty name and a lookup that is cut off: one message names all three."""
    put(drop, edit_header(lambda name: name.replace("Bank Loans", "Bank Lones")))
    (drop / "raw_genders.csv").write_text("GenderId,Gender\n1,Male\n2,\n")
    (drop / "raw_investment_advisors.csv").write_text('IAId,Investment Advisor\n1,A\n2\n"3,C\n')


@oddity("refused", "row 3 of raw_genders.csv: Gender is empty")
def lookup_with_an_empty_name(drop: Path) -> None:
    """A lookup row without a name."""
    put(drop, seed_text())
    (drop / "raw_genders.csv").write_text("GenderId,Gender\n1,Male\n2, \n")


@oddity("refused", "'2' could be '2' (code '1', row 2 of")
def advisor_named_like_an_id(drop: Path) -> None:
    """An advisor whose name is the id of another: clients would move to the wrong advisor."""
    put(drop, seed_text())
    path = drop / "raw_investment_advisors.csv"
    path.write_text(path.read_text().replace("\n1,Pia Dejesus\n", "\n1,2\n"))


@oddity("refused", "'1' could be")
def code_of_two_names(drop: Path) -> None:
    """A lookup that gives one id two names."""
    put(drop, seed_text())
    with (drop / "raw_genders.csv").open("a") as file:
        file.write("1,Other\n")


@oddity("read", warns="1 row repeats a code and its name")
def lookup_row_twice(drop: Path) -> None:
    """A lookup row that occurs twice, with the same name."""
    put(drop, seed_text())
    path = drop / "raw_genders.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")


@oddity("read", by="staging")
def ids_of_letters(drop: Path) -> None:
    """Advisors with ids such as `a7`."""
    put(drop, edit_cells("IAId", lambda code: f"a{code}"))
    path = drop / "raw_investment_advisors.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(f"a{row}" for row in rows)]))


@oddity("read", by="staging")
def ids_with_fraction(drop: Path) -> None:
    """Codes such as 1.0, as pandas writes whole numbers from a column with gaps."""
    header, rows = seed_rows()
    for row in rows:
        for name in ("BRId", "GenderId", "IAId", "Location ID"):
            row[header.index(name)] += ".0"
    put(drop, text_of(rows))


# ------------------------------------------------------------------ workbooks and archives


@oddity("read", by="staging")
def workbook(drop: Path) -> None:
    """One workbook with a sheet for each table; the clients begin below a title, in column C."""
    write_xlsx(drop / "Banking.xlsx", seed_sheets(), top=3, left=2)


@oddity("read", by="staging")
def workbook_of_libreoffice(drop: Path) -> None:
    """The four tables as sheets of an OpenDocument spreadsheet."""
    write_ods(drop / "Banking.ods", seed_sheets())


@oddity("read", warns="1 hidden or filtered row", by="staging")
def workbook_with_hidden_rows(drop: Path) -> None:
    """A hidden row, which is read like the others."""

    def edit(_book: Workbook, sheet: Worksheet) -> None:
        sheet.set_row(10, None, None, {"hidden": True})

    write_edited(drop, edit)


@oddity(
    "quarantined", "bank_loans is", quarantined=3, rows=SEED_COUNT + 1, warns="#REF!", by="staging"
)
def workbook_with_errors(drop: Path) -> None:
    """A cell with an error, a formula without a stored value, and a row of totals."""

    def edit(_book: Workbook, sheet: Worksheet) -> None:
        place = CLIENTS_PLACE["bank_loans"]
        sheet.write_formula(5, place, "=1/0", None, "#REF!")
        sheet.write_formula(6, place, "=1+1", None, "")
        sheet.write(SEED_COUNT + 1, 0, "Total")

    write_edited(drop, edit)


@oddity("read", by="staging")
def workbook_in_parts(drop: Path) -> None:
    """The clients on two sheets, named `clients 1` and `clients 2`."""
    header, *rows = seed_sheet(CLIENTS)
    sheets = {"clients 1": [header, *rows[:1000]], "clients 2": [header, *rows[1000:]]}
    lookups(drop)
    write_xlsx(drop / "Export.xlsx", sheets)


@oddity("refused", "clients is delivered more than once (Banking.xlsx[Data], Banking.xlsx[Copy])")
def workbook_with_a_copy(drop: Path) -> None:
    """The clients on two sheets of one workbook: reading both would count them twice."""
    write_xlsx(drop / "Banking.xlsx", {**seed_sheets(), "Copy": seed_sheet(CLIENTS)})


def write_converted(drop: Path, right: Sequence[int] = ()) -> None:
    """Write a workbook in which a spreadsheet exchanged day and month in the dates it could read.

    Args:
        drop: an empty folder.
        right: the rows whose dates are correct (0 is the first).
    """
    header, rows = seed_rows()
    cells = typed_rows(CLIENTS, rows)
    place = header.index("Joined Bank")
    for number, (row, texts) in enumerate(zip(cells, rows, strict=True)):
        if number not in right:
            day, month, year = map(int, texts[place].split("-"))
            row[place] = date(year, day, month) if day <= 12 else f"{day}/{month}/{year}"
    lookups(drop)
    write_xlsx(drop / "Banking.xlsx", {"Data": [header, *cells]})


@oddity("refused", "a spreadsheet read them in the wrong order")
def dates_read_by_a_spreadsheet(drop: Path) -> None:
    """Day-first dates, some of which a spreadsheet read as month first."""
    write_converted(drop)


@oddity("refused", "[Data], row 4: 1,833 joining dates with a day above 12 are text")
def dates_read_by_a_spreadsheet_but_one(drop: Path) -> None:
    """Day-first dates read as month first in the same way, except one with the day 13."""
    write_converted(drop, [1])


@oddity("refused", "[Data], row 1502: ")
def dates_read_by_a_spreadsheet_further_down(drop: Path) -> None:
    """Day-first dates read as month first, below 1,500 correct dates."""
    write_converted(drop, range(1500))


@oddity("read", warns="read as %Y-%m-%d or %d/%m/%Y", by="staging")
def few_dates_as_text_in_a_sheet(drop: Path) -> None:
    """A sheet of dates, three of which are text such as 13/10/2008."""
    write_edited(
        drop,
        lambda _, sheet: write_texts(
            sheet, "Joined Bank", {2: "13/10/2008", 3: "19/07/2004", 4: "13/04/2014"}
        ),
    )


def write_texts(sheet: Worksheet, column: str, texts: dict[int, str]) -> None:
    """Write text into cells of a column, by the number of the row (1 is the first)."""
    for number, text in texts.items():
        sheet.write_string(number, seed_rows()[0].index(column), text)


@oddity("refused", "row 2: bank_loans: 20 of 20 amounts, such as 258.000, fit two readings")
def money_as_text_among_numbers(drop: Path) -> None:
    """A sheet with 20 loans as the text 258.000 among numbers."""
    texts = dict.fromkeys(range(1, 21), "258.000")
    write_edited(drop, lambda _, sheet: write_texts(sheet, "Bank Loans", texts))


@oddity("refused", "and no other text cell in the column proves either")
def money_as_text_beside_one_number(drop: Path) -> None:
    """A sheet whose loans are the text 258.000 except for one number."""
    texts = dict.fromkeys(range(2, SEED_COUNT + 1), "258.000")
    write_edited(drop, lambda _, sheet: write_texts(sheet, "Bank Loans", texts))


@oddity("refused", "20 of 20 amounts, such as 258,000, fit two readings")
def money_as_text_with_a_comma_among_numbers(drop: Path) -> None:
    """A sheet with 20 loans as the text 258,000 among numbers."""
    texts = dict.fromkeys(range(1, 21), "258,000")
    write_edited(drop, lambda _, sheet: write_texts(sheet, "Bank Loans", texts))


@oddity("read", warns="because other amounts of the column prove", by="staging")
def money_as_text_that_proves_its_mark(drop: Path) -> None:
    """A sheet with 258.000 and 1,234.56 as text: the second proves a decimal point."""
    texts = {1: "258.000", 2: "1,234.56"}
    write_edited(drop, lambda _, sheet: write_texts(sheet, "Bank Loans", texts))


@oddity("quarantined", "bank_loans has a different decimal mark", quarantined=1, by="staging")
def number_among_texts_with_a_decimal_comma(drop: Path) -> None:
    """A sheet whose loans are text such as 75.384,77, except for the number 258.125."""
    place = CLIENTS_PLACE["bank_loans"]

    def edit(_book: Workbook, sheet: Worksheet) -> None:
        loans = [continental(row[place]) for row in seed_rows()[1]]
        write_texts(sheet, "Bank Loans", dict(enumerate(loans, start=1)))
        sheet.write_number(5, place, 258.125)

    write_edited(drop, edit)


@oddity("read", warns="19 of 3,000 amounts such as 258.000 have three digits", by="staging")
def money_with_three_digits_in_few_cells(drop: Path) -> None:
    """19 cells such as 258.000 among amounts with two decimals: a warning counts them."""
    put(drop, edit_cells("Bank Loans", lambda _: "258.000", range(1, 20)))


@oddity("read", by="staging")
def workbook_under_a_csv_name(drop: Path) -> None:
    """A workbook with the name of a CSV file: the content counts."""
    write_xlsx(drop / "Banking.xlsx", seed_sheets())
    (drop / "Banking.xlsx").rename(drop / "Banking.csv")


@oddity("refused", "an old Excel workbook (.xls). Save it as .xlsx")
def old_workbook(drop: Path) -> None:
    """A workbook in the old binary format."""
    (drop / "Banking.xls").write_bytes(OLE + b"\0" * 600)


@oddity("refused", "protected by a password")
def protected_workbook(drop: Path) -> None:
    """A workbook with a password, which is no longer a ZIP archive."""
    (drop / "Banking.xlsx").write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))


@oddity("read")
def zipped(drop: Path) -> None:
    """The four tables in a folder of a ZIP archive."""
    with zipfile.ZipFile(drop / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/Banking.csv", seed_text())
        archive.writestr("__MACOSX/archive/._Banking.csv", "of no use")
        for name in LOOKUPS:
            archive.write(SEEDS / f"raw_{name}.csv", f"archive/{name}.csv")


@oddity("read")
def zipped_on_windows(drop: Path) -> None:
    """A ZIP archive with backslashes in the names of its files."""
    with zipfile.ZipFile(drop / "archive.zip", "w") as archive:
        for name in LOOKUPS:
            archive.write(SEEDS / f"raw_{name}.csv", f"{name}.csv")
        member = zipfile.ZipInfo("Banking.csv")
        member.filename = "data\\Banking.csv"
        archive.writestr(member, seed_text())


@oddity("refused", "archive.zip: the archive is empty. Pack the tables again")
def zip_without_files(drop: Path) -> None:
    """A ZIP archive that holds nothing."""
    zipfile.ZipFile(drop / "archive.zip", "w").close()


@oddity("refused", "archive.zip: holds two files named clients.csv")
def zip_with_a_name_twice(drop: Path) -> None:
    """A ZIP archive that holds two files with the same name."""
    with zipfile.ZipFile(drop / "archive.zip", "w") as archive:
        archive.writestr("clients.csv", seed_text())
        with warnings.catch_warnings(action="ignore"):
            archive.writestr("clients.csv", seed_text() + "\n")


@oddity("read")
def text_under_the_name_of_a_workbook(drop: Path) -> None:
    """Tab-separated text with the extension .xls, as many reports export it."""
    put(drop, text_of(seed_rows()[1], separator="\t"), "Banking.xls")


@oddity("refused", "an HTML or XML page, not a table")
def page_under_the_name_of_a_workbook(drop: Path) -> None:
    """An HTML table with the extension .xls, as many reports export it."""
    put(drop, "<html><body><table><tr><td>Client ID</td></tr></table></body></html>", "Banking.xls")


@oddity("read", warns="Banking.xlsx[Pivot]: ignored", by="staging")
def pivot_table_beside_the_clients(drop: Path) -> None:
    """A sheet with sums of all amounts: it has no client ids, so it is ignored."""
    money = [column.header for column in CLIENTS.columns if column.kind == "money"]
    sheets = seed_sheets()
    sheets["Pivot"] = [
        ["Row Labels", *(f"Sum of {name}" for name in money)],
        ["Male", *map(float, range(len(money)))],
    ]
    write_xlsx(drop / "Banking.xlsx", sheets)


@oddity("refused", "leads out of the archive")
def zip_with_a_path_out(drop: Path) -> None:
    """An archive that would write outside the folder it is unpacked into."""
    with zipfile.ZipFile(drop / "Banking.zip", "w") as archive:
        archive.writestr("../Banking.csv", seed_text())


@oddity("refused", "times its size")
def zip_bomb(drop: Path) -> None:
    """An archive that unpacks to a thousand times its size."""
    with zipfile.ZipFile(drop / "Banking.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Banking.csv", b"0" * 50_000_000)


@oddity("read", warns="unpacked")
def gzipped(drop: Path) -> None:
    """A file compressed with gzip."""
    put(drop, gzip.compress(seed_text().encode()), "banking-clients.csv.gz")


@oddity("read", warns="unpacked")
def gzipped_under_a_plain_name(drop: Path) -> None:
    """A gzip file with the name of a plain file."""
    put(drop, gzip.compress(seed_text().encode()))


@oddity("read")
def plain_under_a_gzip_name(drop: Path) -> None:
    """A plain file with the name of a compressed file."""
    put(drop, seed_text(), "banking-clients.csv.gz")


@oddity("refused", "the line ends are lost")
def line_ends_lost(drop: Path) -> None:
    """All line ends replaced by blanks."""
    put(drop, seed_text().replace("\n", " "))


@oddity("refused", "gzip data is damaged or cut off")
def gzip_cut_off(drop: Path) -> None:
    """A gzip file whose end is missing."""
    put(drop, gzip.compress(seed_text().encode())[:-400], "banking-clients.csv.gz")


@oddity("refused", "written in EBCDIC, the encoding of mainframes")
def ebcdic(drop: Path) -> None:
    """A mainframe file in EBCDIC, with records of fixed length."""
    lines = seed_text().splitlines()
    put(drop, "".join(line.ljust(400) for line in lines).encode("cp037"))


@oddity("refused", "The first cell is the row number, as R writes it")
def row_names_of_r(drop: Path) -> None:
    """Numbers before each row but not in the header, as R writes row names."""
    header, *rows = seed_text().splitlines()
    put(drop, "\n".join([header, *(f"{n},{row}" for n, row in enumerate(rows, start=1))]))


@oddity("refused", "or the last column has no name")
def last_column_without_a_name(drop: Path) -> None:
    """Each row has one more cell than the header has names."""
    header, *rows = seed_text().splitlines()
    put(drop, "\n".join([header, *(f"{row},x" for row in rows)]))


@oddity("refused", "needs quotes, here 'Estimated' and 'Income'. Quote the name")
def comma_in_a_header(drop: Path) -> None:
    """A header with a comma and without quotes: `Estimated, Income`."""
    put(drop, seed_text().replace("Estimated Income", "Estimated, Income", 1))


@oddity("refused", "ZIP archive or an Excel workbook")
def workbook_named_csv(drop: Path) -> None:
    """A damaged Excel workbook with the name of a CSV file."""
    put(drop, b"PK\x03\x04" + b"\0" * 100)


@oddity("read")
def many_parts(drop: Path) -> None:
    """Twelve parts, which are read in numerical order, not in alphabetical order."""
    lines = seed_text().splitlines(keepends=True)
    for part in range(12):
        rows = lines[1 + part * 250 : 1 + (part + 1) * 250]
        put(drop, lines[0] + "".join(rows), f"banking-clients_part{part + 1}.csv")


@oddity("read", warns="unpacked")
def parts_of_different_shape(drop: Path) -> None:
    """Two monthly files with different separators and column orders, one of them compressed."""
    header, rows = seed_rows()
    put(drop, text_of(rows[:1000], separator=";"), "banking-clients-2021-01.csv")
    second = text_of([row[::-1] for row in rows[1000:]], header[::-1])
    put(drop, gzip.compress(second.encode()), "banking-clients-2021-02.csv.gz")


@oddity("read")
def folder_of_parquet(drop: Path) -> None:
    """A folder of Parquet files, all text."""
    lookups(drop)
    (drop / "clients").mkdir()
    write_parquet(drop, "from seed limit 1500", "clients/a.parquet")
    write_parquet(drop, "from seed offset 1500", "clients/b.parquet")


@oddity("read")
def typed_parquet(drop: Path) -> None:
    """Parquet with dates, doubles, decimals and integers."""
    lookups(drop)
    header = seed_rows()[0]
    casts = {
        column.header: {
            "date": "strptime(\"{}\", '%d-%m-%Y')::date",
            "money": '"{}"::double',
            "whole": '"{}"::double',
            "code": '"{}"::integer',
            "text": '"{}"',
        }[column.kind].format(column.header)
        for column in CLIENTS.columns
    }
    casts["Bank Loans"] = '"Bank Loans"::decimal(18, 2)'
    fields = ", ".join(f'{casts[name]} as "{name}"' for name in header)
    write_parquet(drop, f"select {fields} from seed")


@oddity("refused", "32-bit floats")
def money_in_floats(drop: Path) -> None:
    """Money in 32-bit floats, which lose cents."""
    lookups(drop)
    write_parquet(drop, 'select * replace ("Bank Loans"::float as "Bank Loans") from seed')


@oddity("refused", "cannot be read as Parquet")
def parquet_cut_off(drop: Path) -> None:
    """A Parquet file whose end is missing."""
    lookups(drop)
    write_parquet(drop, "from seed")
    path = drop / "banking-clients.parquet"
    path.write_bytes(path.read_bytes()[:-100])


@oddity("read")
def misspelt_names(drop: Path) -> None:
    """The misspelt file names in circulation: banking-realtionships, investment-advisiors."""
    put(drop, seed_text(), "Banking.csv")
    (drop / "raw_banking_relationships.csv").rename(drop / "banking-realtionships.csv")
    (drop / "raw_investment_advisors.csv").rename(drop / "investment-advisiors.csv")
    (drop / "raw_genders.csv").rename(drop / "gender.csv")


@oddity("read", warns="ignored: old clients.xlsx: a ZIP archive or an Excel workbook, but damaged")
def foreign_files(drop: Path) -> None:
    """Other files beside the tables: a warning names them."""
    put(drop, seed_text())
    (drop / "old clients.xlsx").write_bytes(b"PK\x03\x04")
    (drop / "notes.csv").write_text("a,b\n1,2\n")


@oddity("refused", "delivered more than once")
def table_under_two_names(drop: Path) -> None:
    """The whole clients table under two names."""
    put(drop, seed_text())
    put(drop, seed_text(), "Banking.csv")


@oddity("refused", "hold the same bytes")
def part_twice(drop: Path) -> None:
    """The same part twice under two names."""
    put(drop, seed_text(), "banking-clients-1.csv")
    put(drop, seed_text(), "banking-clients-2.csv")


@oddity("refused", "no file for clients: no file or sheet has their headers")
def clients_absent(drop: Path) -> None:
    """No clients file."""
    lookups(drop)


@oddity("refused", "the file is empty")
def empty_file(drop: Path) -> None:
    """A file of 0 bytes."""
    put(drop, "")


@oddity("refused", "a header without rows")
def header_only(drop: Path) -> None:
    """A header with only blank lines below it."""
    put(drop, text_of([]) + "\n\n")


@oddity("refused", "a link out of the raw folder")
def link_out_of_folder(drop: Path) -> None:
    """The clients file is a link to a file elsewhere."""
    lookups(drop)
    elsewhere = drop.parent / f"{drop.name}-elsewhere.csv"
    elsewhere.write_text(seed_text())
    (drop / "banking-clients.csv").symlink_to(elsewhere)


@oddity("refused", "not a regular file")
def named_pipe(drop: Path) -> None:
    """A named pipe with the name of the clients: opening it would block forever."""
    lookups(drop)
    if sys.platform != "win32":
        os.mkfifo(drop / "banking-clients.csv")


@oddity("read")
def hostile_file_name(drop: Path) -> None:
    """Wildcards, quotes, braces and SQL in the name of a file in the clients folder."""
    put(drop, seed_text(), "clients/[a]*? '; drop table clients; -- {{ x }} \".csv")


# ------------------------------------------------------------------ cells


@oddity("quarantined", "NUL bytes", quarantined=1, warns="NUL bytes")
def nul_byte(drop: Path) -> None:
    """A NUL byte in a cell."""
    put(drop, edit_line(33, lambda line: line.replace(",", "\0,", 1)))


@oddity("quarantined", "line too long", quarantined=1, warns="1 MiB")
def cell_of_10_mb(drop: Path) -> None:
    """A cell of 10 MB."""
    put(drop, edit_line(33, lambda line: line.replace(",", "x" * 10_000_000 + ",", 1)))


@oddity("read", by="staging")
def formula_cells(drop: Path) -> None:
    """Cells that a spreadsheet would execute as formulas: they remain text."""
    put(drop, edit_cells("Name", lambda name: f"=cmd|' /C calc'!A0 {name}", [3]))


@oddity("read", by="staging")
def sql_in_cells(drop: Path) -> None:
    """SQL, quotes and semicolons in cells."""
    put(drop, edit_cells("Name", lambda name: f"{name}'; drop table clients; --", [3]))


@oddity("read", by="staging")
def padded_cells(drop: Path) -> None:
    """Blanks around every cell."""
    header, rows = seed_rows()
    put(drop, text_of([[f"  {cell} " for cell in row] for row in rows], header))


@oddity("read", by="staging")
def money_grouped(drop: Path) -> None:
    """Money as 75,384.77, quoted because of the comma."""
    put(drop, edit_cells("Bank Loans", lambda money: f"{float(money):,.2f}"))


@oddity("read", by="staging")
def money_with_currency(drop: Path) -> None:
    """Money as $75,384.77."""
    put(drop, edit_cells("Bank Deposits", lambda money: f"${float(money):,.2f}"))


@oddity("read", by="staging")
def money_dash_for_zero(drop: Path) -> None:
    """Zero as ` $-   `, as the accounting format of spreadsheets writes it."""
    put(drop, edit_cells("Bank Loans", lambda money: money if float(money) else " $-   "))


@oddity("read", by="staging")
def money_in_brackets(drop: Path) -> None:
    """A negative amount as (1,200.00)."""
    put(drop, edit_cells("Bank Loans", lambda _: "(1,200.00)", [1]))


@oddity("quarantined", "bank_loans has a different decimal mark", quarantined=1, by="staging")
def money_with_decimal_comma(drop: Path) -> None:
    """An amount with a decimal comma among amounts with a point."""
    put(drop, edit_cells("Bank Loans", lambda money: money.replace(".", ","), [5]))


@oddity("quarantined", "bank_loans is empty", quarantined=1, by="staging")
def money_empty(drop: Path) -> None:
    """An empty amount, which is not zero."""
    put(drop, edit_cells("Bank Loans", lambda _: "", [5]))


@oddity("read", by="staging")
def midnight_after_dates(drop: Path) -> None:
    """A time of midnight after each date."""
    put(drop, edit_cells("Joined Bank", lambda date: date + " 00:00:00"))


@oddity("quarantined", "joined_bank is not a date", quarantined=1, by="staging")
def impossible_date(drop: Path) -> None:
    """The 31st of February."""
    put(drop, edit_cells("Joined Bank", lambda _: "31-02-2010", [5]))


@oddity("read", warns="read as %m-%d-%Y", by="staging")
def month_first_dates(drop: Path) -> None:
    """All dates month first: those with a day above 12 prove the order."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[3:5]}-{date[:2]}{date[5:]}"))


@oddity("refused", 'Set raw_date_format to "%m-%d-%Y"', date_formats=("%d-%m-%Y",))
def month_first_dates_declared_day_first(drop: Path) -> None:
    """All dates month first, declared day first: many do not fit the declared order."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[3:5]}-{date[:2]}{date[5:]}"))


@oddity("read", by="staging", date_formats=("%Y-%m-%d",))
def iso_dates(drop: Path) -> None:
    """Dates such as 2019-05-06, declared in this format."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[6:]}-{date[3:5]}-{date[:2]}"))


@oddity("read", by="staging")
def codes_by_name(drop: Path) -> None:
    """Relationships, genders and advisors as names under headers such as `Gender`, not as ids."""
    header, rows = seed_rows()
    names = {}
    for table in LOOKUPS:
        with (SEEDS / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
            (code, _), *pairs = csv.reader(file)
        names[code] = dict(pairs)
    for row in rows:
        for code, known in names.items():
            row[header.index(code)] = known[row[header.index(code)]]
    spoken = {"BRId": "Banking Relationship", "GenderId": "Gender", "IAId": "Investment Advisor"}
    put(drop, text_of(rows, [spoken.get(name, name) for name in header]))


@oddity("quarantined", "br_id is not a known code", quarantined=1, by="staging")
def unknown_code(drop: Path) -> None:
    """A relationship that is not in the lookup."""
    put(drop, edit_cells("BRId", lambda _: "9", [5]))


@oddity("quarantined", "ia_id is empty", quarantined=1, by="staging")
def code_empty(drop: Path) -> None:
    """An empty advisor, although every client needs one."""
    put(drop, edit_cells("IAId", lambda _: " ", [5]))


@oddity("read", by="staging")
def codes_in_other_case(drop: Path) -> None:
    """Fee structure and loyalty class in capitals and padded."""
    header, rows = seed_rows()
    for row in rows:
        for name in ("Fee Structure", "Loyalty Classification"):
            row[header.index(name)] = f" {row[header.index(name)].upper()}"
    put(drop, text_of(rows))


@oddity("quarantined", "fee_structure is not a known code", quarantined=1, by="staging")
def unknown_fee_structure(drop: Path) -> None:
    """A fee structure without a fee rate."""
    put(drop, edit_cells("Fee Structure", lambda _: "Medium", [5]))


@oddity("quarantined", "age is not a whole number", quarantined=1, by="staging")
def age_in_words(drop: Path) -> None:
    """An age in words."""
    put(drop, edit_cells("Age", lambda _: "forty", [5]))


@oddity("quarantined", "age is not between 0 and 120", quarantined=1, by="staging")
def age_of_a_birth_year(drop: Path) -> None:
    """A year of birth instead of the age."""
    put(drop, edit_cells("Age", lambda _: "1966", [5]))


@oddity("read", by="staging")
def whole_numbers_with_fraction(drop: Path) -> None:
    """Whole numbers such as 3.0, as pandas writes a column with gaps."""
    put(drop, edit_cells("Properties Owned", lambda count: f"{count}.0"))


@oddity("quarantined", "bank_loans is not an amount to the cent", quarantined=2, by="staging")
def money_in_exponents(drop: Path) -> None:
    """An amount of 1.2E+06 and one of 12.345: neither is exact to the cent."""
    edited = {5: "1.2E+06", 6: "12.345"}
    header, rows = seed_rows()
    for number, amount in edited.items():
        rows[number - 1][header.index("Bank Loans")] = amount
    put(drop, text_of(rows))


@oddity("quarantined", "name is empty; age is empty", quarantined=1, by="staging")
def two_faults_in_a_row(drop: Path) -> None:
    """No name and no age in one row: both reasons are given."""
    header, rows = seed_rows()
    for name in ("Name", "Age"):
        rows[4][header.index(name)] = ""
    put(drop, text_of(rows))


@oddity("quarantined", "joined_bank is empty", quarantined=1, by="staging")
def date_empty(drop: Path) -> None:
    """No joining date."""
    put(drop, edit_cells("Joined Bank", lambda _: "", [5]))


@oddity("quarantined", "joined_bank is after the as-of date", quarantined=1, by="staging")
def date_after_as_of(drop: Path) -> None:
    """A client who joins after the date at which ages and tenures are measured."""
    put(drop, edit_cells("Joined Bank", lambda _: "01-01-2022", [5]))


@oddity("quarantined", "joined_bank is before 1901", quarantined=1, by="staging")
def date_before_anyone_was_born(drop: Path) -> None:
    """A client who joined more than 120 years ago."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[:6]}1021", [5]))


@oddity("quarantined", "joined_bank is not a date", quarantined=1, by="staging")
def date_with_two_digits_of_the_year(drop: Path) -> None:
    """One date with a two-digit year, such as 06-05-19, among four-digit years."""
    put(drop, edit_cells("Joined Bank", lambda date: date[:6] + date[8:], [5]))


@oddity(
    "quarantined",
    "joined_bank is not a date written as %d-%m-%y",
    quarantined=1,
    warns="two-digit years are 1969 to 2068",
    by="staging",
)
def one_digit_of_a_year(drop: Path) -> None:
    """Dates with two-digit years, and one with one digit fewer, 06-05-1."""
    header, rows = seed_rows()
    place = header.index("Joined Bank")
    for number, row in enumerate(rows, start=1):
        row[place] = "06-05-1" if number == 5 else row[place][:6] + row[place][8:]
    put(drop, text_of(rows))


@oddity(
    "quarantined",
    "joined_bank is not a date written as %y/%m/%d",
    quarantined=1,
    by="staging",
    date_formats=("%y/%m/%d",),
)
def one_digit_of_a_day_or_a_year(drop: Path) -> None:
    """Dates such as 19/05/06, year first, and one as 01/05/6: the 1 or the 6 can be the year."""
    header, rows = seed_rows()
    place = header.index("Joined Bank")
    for number, row in enumerate(rows, start=1):
        day, month, year = row[place].split("-")
        row[place] = "01/05/6" if number == 5 else f"{year[2:]}/{month}/{day}"
    put(drop, text_of(rows))


@oddity("read", warns="two-digit years are 1969 to 2068", by="staging")
def two_digits_of_every_year(drop: Path) -> None:
    """All dates with two-digit years, such as 06-05-19."""
    put(drop, edit_cells("Joined Bank", lambda date: date[:6] + date[8:]))


@oddity("read", by="staging", date_formats=("%d-%m-%Y", "%d-%m-%y"))
def years_of_two_and_of_four_digits(drop: Path) -> None:
    """Some two-digit years among four-digit years, with both formats declared."""
    put(drop, edit_cells("Joined Bank", lambda date: date[:6] + date[8:], range(1, 1000)))


@oddity("quarantined", "joined_bank is not a date", quarantined=1, by="staging")
def time_after_a_date(drop: Path) -> None:
    """A time other than midnight after a date: the column may have a different meaning."""
    put(drop, edit_cells("Joined Bank", lambda date: date + " 10:30:00", [5]))


@oddity("read", warns="read as %Y-%m-%d", by="staging")
def iso_dates_undeclared(drop: Path) -> None:
    """Dates such as 2019-05-06, not declared."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[6:]}-{date[3:5]}-{date[:2]}"))


@oddity("refused", "all 3,000 can be read as %Y-%m-%d", date_formats=("%d-%m-%Y",))
def iso_dates_declared_day_first(drop: Path) -> None:
    """Dates such as 2019-05-06, declared as day first."""
    put(drop, edit_cells("Joined Bank", lambda date: f"{date[6:]}-{date[3:5]}-{date[:2]}"))


@oddity("read", by="staging", date_formats=("%d-%m-%Y", "%Y-%m-%d"))
def dates_of_two_formats(drop: Path) -> None:
    """Dates in two formats that cannot be confused, with both declared."""
    edit = lambda date: f"{date[6:]}-{date[3:5]}-{date[:2]}"  # noqa: E731
    put(drop, edit_cells("Joined Bank", edit, range(1, 1000)))


@oddity(
    "quarantined", "joined_bank is ", quarantined=4, rows=12, by="staging", max_quarantine_rate=0.5
)
def dates_of_both_orders(drop: Path) -> None:
    """Twelve rows, one with the month first: this row and all dates in doubt are quarantined.

    A day above 12, or equal to the month, leaves no doubt.
    """
    header, rows = seed_rows()
    few = rows[:12]
    dates = ["01-09-2015", "02-09-2015", "12-09-2015", "09-09-2015", "09-20-2015"]
    for row, joined in zip(few, dates + ["13-09-2015"] * 7, strict=True):
        row[header.index("Joined Bank")] = joined
    put(drop, text_of(few))


@oddity("refused", "could be day-first or month-first, and the file has both", by="staging")
def one_month_first_date(drop: Path) -> None:
    """One month-first date among thousands: more dates are in doubt than may be quarantined."""
    put(drop, edit_cells("Joined Bank", lambda _: "09-20-2015", [5]))


@oddity("refused", "31 of 3,000 client rows are quarantined", by="staging")
def too_many_bad_rows(drop: Path) -> None:
    """More than one row in a hundred with an empty cell: the whole drop is refused."""
    put(drop, edit_cells("Occupation", lambda _: "", range(1, 32)))


@oddity(
    "refused",
    "3,000 of 3,000 client rows are quarantined, and no customer is left:\n"
    "  3,000 rows: age is not a whole number (first: banking-clients.csv, row 2)",
    by="staging",
    max_quarantine_rate=1.0,
)
def no_row_accepted(drop: Path) -> None:
    """No age can be read, and the settings allow any share of quarantined rows."""
    put(drop, edit_cells("Age", lambda age: f"{age} yrs"))


@oddity(
    "quarantined", "repeats row 4 of banking-clients.csv", quarantined=2, rows=3002, by="staging"
)
def rows_repeated(drop: Path) -> None:
    """A row that occurs three times: the first is accepted."""
    rows = seed_rows()[1]
    put(drop, text_of([*rows, rows[2], rows[2]]))


@oddity("quarantined", "but different values", quarantined=2, rows=3001, by="staging")
def same_client_other_values(drop: Path) -> None:
    """A client with two different balances: either may be right, so both rows are quarantined."""
    header, rows = seed_rows()
    other = list(rows[2])
    other[header.index("Bank Loans")] = "0.00"
    put(drop, text_of([*rows, other]))


@oddity("read", by="staging")
def ids_shared(drop: Path) -> None:
    """One client id for two people: both are accepted, because an id is not a key."""
    header, rows = seed_rows()
    rows[5][header.index("Client ID")] = rows[6][header.index("Client ID")]
    put(drop, text_of(rows))


def local_date(date: str) -> str:
    """Return a date, with slashes if a spreadsheet of another locale could read it."""
    return date.replace("-", "/") if int(date[:2]) <= 12 else date


def in_slashes(number: int, date: str) -> str:
    """Return a date, with slashes in every file but the first."""
    return date.replace("-", "/") if number else date


@oddity("read", warns="read as %d/%m/%Y", by="staging")
def dates_with_slashes(drop: Path) -> None:
    """Dates as 25/07/2015."""
    put(drop, edit_cells("Joined Bank", lambda date: date.replace("-", "/")))


@oddity("read", warns="read as %d.%m.%Y", by="staging")
def dates_with_points(drop: Path) -> None:
    """Dates as 25.07.2015."""
    put(drop, edit_cells("Joined Bank", lambda date: date.replace("-", ".")))


@oddity("read", warns="read as %d-%b-%Y", by="staging")
def dates_with_month_names(drop: Path) -> None:
    """Dates as 25-Jul-2015."""
    edit = lambda date: f"{date[:2]}-{MONTHS[int(date[3:5]) - 1]}-{date[6:]}"  # noqa: E731
    put(drop, edit_cells("Joined Bank", edit))


@oddity(
    "refused",
    'raw_date_format: ["%d-%m-%Y", "%d/%m/%Y"] reads 3,000 of them; '
    'raw_date_format: ["%d-%m-%Y", "%m/%d/%Y"] reads 3,000',
)
def dates_rewritten_by_a_spreadsheet(drop: Path) -> None:
    """Each date with a day up to 12 as 04/07/2015, the others as 25-07-2015."""
    put(drop, edit_cells("Joined Bank", local_date))


@oddity(
    "read",
    warns="1,064 joining dates such as",
    by="staging",
    date_formats=("%d-%m-%Y", "%d/%m/%Y"),
)
def dates_rewritten_and_declared(drop: Path) -> None:
    """Dates rewritten in the same way, with an order declared: a warning counts those in doubt."""
    put(drop, edit_cells("Joined Bank", local_date))


def converted(
    early: Callable[[str, str, str], str] = "{2}-{0}-{1}".format,
    late: Callable[[str, str, str], str] = "{0}/{1}/{2}".format,
    numbers: Sequence[int] = range(SEED_COUNT),
    rest: Callable[[str, str, str], str] = "{0}-{1}-{2}".format,
) -> str:
    """Return the seeds after a spreadsheet of another locale converted the dates it could read.

    Args:
        early: writes the day, month and year of a date that the spreadsheet converted.
        late: writes those of a date that the spreadsheet could not read.
        numbers: the rows that the spreadsheet opened (0 is the first).
        rest: writes the dates of the other rows.
    """
    header, rows = seed_rows()
    place = header.index("Joined Bank")
    for number, row in enumerate(rows):
        day, month, year = row[place].split("-")
        write = rest if number not in numbers else early if int(day) <= 12 else late
        row[place] = write(day, month, year)
    return text_of(rows)


@oddity(
    "refused",
    'raw_date_format: ["%d/%m/%Y", "%Y-%m-%d"] reads 3,000 of them; '
    'raw_date_format: ["%d/%m/%Y", "%Y-%d-%m"] reads 3,000',
)
def dates_converted_to_iso(drop: Path) -> None:
    """Each date with a day up to 12 as 2015-04-07 for the 4th of July, the others as 25/07/2015."""
    put(drop, converted())


@oddity(
    "read",
    warns="1,064 joining dates such as",
    by="staging",
    date_formats=("%d/%m/%Y", "%Y-%d-%m"),
)
def dates_converted_and_declared(drop: Path) -> None:
    """Dates converted in the same way, with the order declared: a warning counts those in doubt."""
    put(drop, converted())


@oddity("refused", "1,064 such as 2006-04-07 00:00:00 may have day and month")
def dates_converted_with_midnight(drop: Path) -> None:
    """Dates converted in the same way, with midnight after each, and no order declared."""
    put(drop, converted("{2}-{0}-{1} 00:00:00".format))


@oddity("refused", "1,064 such as 20060407 may have day and month exchanged")
def dates_converted_to_eight_digits(drop: Path) -> None:
    """Each date with a day up to 12 as 20150407 for the 4th of July, the others as 25/07/2015."""
    put(drop, converted("{2}{0}{1}".format))


@oddity("refused", '--vars: raw_date_format: ["%d/%m/%Y", "%d-%b-%Y"] reads 3,000')
def dates_converted_to_month_names(drop: Path) -> None:
    """Each date with a day up to 12 as 07-Apr-2015 for the 4th of July, others as 25/07/2015."""
    put(drop, converted(lambda day, month, year: f"{month}-{MONTHS[int(day) - 1]}-{year}"))


@oddity("refused", '["%d/%m/%Y", "%Y-%d-%m"] reads 2,959 of them')
def dates_converted_beside_right_ones(drop: Path) -> None:
    """Converted dates after 60 rows with correct dates in the same notation."""
    put(drop, converted(numbers=range(60, SEED_COUNT), rest="{2}-{1}-{0}".format))


@oddity("refused", '["%d/%m/%Y", "%Y-%d-%m"] reads 2,094 of them')
def dates_converted_in_the_second_half(drop: Path) -> None:
    """Converted dates after 1,500 rows with correct dates in the same notation."""
    put(drop, converted(numbers=range(1500, SEED_COUNT), rest="{2}-{1}-{0}".format))


@oddity("refused", '["%d-%m-%Y", "%m/%d/%Y"] reads 2,959 of them')
def dates_rewritten_beside_right_ones(drop: Path) -> None:
    """Dates rewritten as 04/07/2015 for the 7th of April, after 60 correct dates with slashes."""
    text = converted(
        "{1}/{0}/{2}".format,
        "{0}-{1}-{2}".format,
        range(60, SEED_COUNT),
        "{0}/{1}/{2}".format,
    )
    put(drop, text)


@oddity(
    "quarantined", "joined_bank is not a date", quarantined=19, by="staging", warns="19, such as"
)
def few_dates_converted(drop: Path) -> None:
    """Converted dates only in the first 59 rows: few enough to be quarantined."""
    put(drop, converted(numbers=range(59)))


@oddity("read", warns="read as %d-%m-%Y or %Y-%m-%d", by="staging")
def dates_of_two_formats_undeclared(drop: Path) -> None:
    """One file joined from two, one with dates as 25-07-2015 and one as 2015-07-25."""
    put(
        drop,
        converted(
            numbers=range(2000),
            early="{0}-{1}-{2}".format,
            late="{0}-{1}-{2}".format,
            rest="{2}-{1}-{0}".format,
        ),
    )


@oddity("read", warns="read as %d-%m-%Y or %Y-%m-%d", by="staging")
def first_days_in_another_format(drop: Path) -> None:
    """The first day of each month as 2015-07-01, all other dates as 25-07-2015."""
    edit = lambda date: f"{date[6:]}-{date[3:5]}-01" if date[:2] == "01" else date  # noqa: E731
    put(drop, edit_cells("Joined Bank", edit))


@oddity("refused", "fit two orders, and no date written the same way proves one", rows=12)
def dates_that_prove_nothing(drop: Path) -> None:
    """Twelve rows whose days are all at most 12."""
    header, rows = seed_rows()
    place = header.index("Joined Bank")
    put(drop, text_of([[*r[:place], "04-07-2015", *r[place + 1 :]] for r in rows[:12]]))


@oddity("read", warns="read as %d/%m/%Y", by="staging")
def dates_of_each_file_in_its_own_format(drop: Path) -> None:
    """Two monthly files, one with dates as 25-07-2015 and one as 25/07/2015."""
    header, rows = seed_rows()
    place = header.index("Joined Bank")
    for number in (0, 1):
        part = [
            [*row[:place], in_slashes(number, row[place]), *row[place + 1 :]]
            for row in rows[number * 1500 : (number + 1) * 1500]
        ]
        put(drop, text_of(part), f"banking-clients-{number + 1}.csv")


@oddity("read", by="staging", date_formats=("%d-%m-%y", "%d-%m-%Y"))
def typed_dates_under_a_declared_format(drop: Path) -> None:
    """Parquet with typed dates: a declared format does not apply to them."""
    lookups(drop)
    date = "strptime(\"Joined Bank\", '%d-%m-%Y')::date"
    old = "case when \"Client ID\" = 'IND70097' then date '1915-05-06' else " + date + " end"
    write_parquet(drop, f'select * replace ({old} as "Joined Bank") from seed')


def continental(money: str) -> str:
    """Return an amount as 75.384,77."""
    return f"{float(money):,.2f}".translate(str.maketrans(",.", ".,"))


@oddity("read", warns="read with a decimal comma", by="staging")
def money_in_decimal_commas(drop: Path) -> None:
    """Money as 75.384,77 in the whole column."""
    put(drop, edit_cells("Bank Loans", continental))


@oddity("read", by="staging")
def money_grouped_by_apostrophes(drop: Path) -> None:
    """Money as 75'384.77."""
    put(drop, edit_cells("Bank Loans", lambda money: f"{float(money):,.2f}".replace(",", "'")))


@oddity("read", warns="read with a decimal comma", by="staging")
def money_grouped_by_blanks(drop: Path) -> None:
    """Money as 75 384,77, with no-break spaces."""
    edit = lambda money: f"{float(money):,.2f}".replace(",", "\u00a0").replace(".", ",")  # noqa: E731
    put(drop, edit_cells("Bank Loans", edit))


@oddity("quarantined", "has a different decimal mark", quarantined=1, by="staging")
def money_with_a_point_among_commas(drop: Path) -> None:
    """One amount with a decimal point in a column of decimal commas."""
    header, rows = seed_rows()
    place = header.index("Bank Loans")
    for number, row in enumerate(rows):
        row[place] = "75384.77" if number == 4 else continental(row[place])
    put(drop, text_of(rows))


@oddity("refused", "with raw_decimal_mark '.' 258.000 is 258.000, and with ',' it is 258000")
def money_of_two_readings(drop: Path) -> None:
    """Money as 258.000 in the whole column, in a file with semicolons."""
    header, rows = seed_rows()
    for row in rows:
        row[header.index("Bank Loans")] = "258.000"
    put(drop, text_of(rows, separator=";"))


@oddity("refused", "fit two readings")
def money_with_groups_that_begin_with_zero(drop: Path) -> None:
    """Money as 012,345 in the whole column."""
    put(drop, edit_cells("Bank Loans", lambda _: "012,345"))


@oddity(
    "read", by="staging", warns="raw_decimal_mark declares", variables={"raw_decimal_mark": ","}
)
def money_of_two_readings_declared(drop: Path) -> None:
    """Money as 258.000 in the whole column, with a decimal comma declared."""
    put(drop, decimal_commas_everywhere())


def decimal_commas_everywhere() -> str:
    """Return the seeds with amounts such as 75384,77, and every loan as 258.000."""
    header, rows = seed_rows()
    for row in rows:
        for column in CLIENTS.columns:
            if column.kind == "money":
                place = header.index(column.header)
                row[place] = row[place].replace(".", ",")
        row[header.index("Bank Loans")] = "258.000"
    return text_of(rows)


@oddity("refused", "raw_money_rounding to 'half_up'")
def money_with_more_digits_than_cents(drop: Path) -> None:
    """Money as 776242.9184, as pandas writes computed values."""
    put(drop, edit_cells("Bank Loans", lambda money: f"{money}36"))


@oddity("read", by="staging", variables={"raw_money_rounding": "half_up"})
def money_rounded_half_up(drop: Path) -> None:
    """Money as 776242.9184, with rounding declared."""
    put(drop, edit_cells("Bank Loans", lambda money: f"{money}36"))


@oddity("refused", "The drop mixes currencies")
def money_in_two_currencies(drop: Path) -> None:
    """Dollars and euros in one column."""
    header, rows = seed_rows()
    place = header.index("Bank Loans")
    for number, row in enumerate(rows):
        row[place] = ("$" if number % 2 else "€") + row[place]
    put(drop, text_of(rows))


@oddity("quarantined", "bank_loans is empty", quarantined=1, by="staging")
def money_as_a_lone_dash(drop: Path) -> None:
    """A lone dash in a column without accounting notation counts as empty."""
    put(drop, edit_cells("Bank Loans", lambda _: "-", [5]))


@oddity("read", by="staging")
def money_in_accounting_notation(drop: Path) -> None:
    """A lone dash for zero in a column with an amount in brackets."""
    header, rows = seed_rows()
    place = header.index("Business Lending")
    for number, row in enumerate(rows, start=1):
        row[place] = "(1,200.00)" if number == 1 else row[place] if float(row[place]) else "-"
    put(drop, text_of(rows))


@oddity("quarantined", "is 1,000,000,000,000.00 or more", quarantined=1, by="staging")
def money_too_large_to_add_up(drop: Path) -> None:
    """An amount of 9999999999999999.99 in three columns of a row."""
    header, rows = seed_rows()
    for name in ("Bank Loans", "Bank Deposits", "Business Lending"):
        rows[4][header.index(name)] = "9999999999999999.99"
    put(drop, text_of(rows))


@oddity("refused", "The largest amounts are in banking-clients.csv, row 1385.", by="staging")
def money_that_adds_up_to_too_much(drop: Path) -> None:
    """Four balances just below the limit in every row: their sums are too large for the totals."""
    header, rows = seed_rows()
    for name in ("Bank Loans", "Business Lending", "Bank Deposits", "Saving Accounts"):
        for row in rows:
            row[header.index(name)] = "999999999999.99"
    put(drop, text_of(rows))


@oddity("quarantined", "is empty", quarantined=6, by="staging")
def null_markers(drop: Path) -> None:
    """`NULL`, `#N/A`, `nan`, `#REF!`, `N/A` and two dashes instead of a value."""
    header, rows = seed_rows()
    words = {
        1: ("Name", "NULL"),
        2: ("Name", "#N/A"),
        3: ("Nationality", "nan"),
        4: ("Occupation", "#REF!"),
        5: ("Occupation", "N/A"),
        6: ("Name", " -- "),
    }
    for number, (name, word) in words.items():
        rows[number][header.index(name)] = word
    put(drop, text_of(rows))


@oddity("read", by="staging")
def surname_null(drop: Path) -> None:
    """A client named Null, which is not a null marker, unlike NULL and null."""
    put(drop, edit_cells("Name", lambda _: "Null", [5]))


@oddity("quarantined", "name is empty", quarantined=3, by="staging")
def invisible_names(drop: Path) -> None:
    """Names that consist of a zero-width space, an ideographic space or a soft hyphen."""
    header, rows = seed_rows()
    for number, name in enumerate(("\u200b", "\u3000", " \u00ad ")):
        rows[number][header.index("Name")] = name
    put(drop, text_of(rows))


@oddity("read", by="staging")
def invisible_characters_around_names(drop: Path) -> None:
    """A zero-width space after a name and an ideographic space before another."""
    header, rows = seed_rows()
    place = header.index("Name")
    rows[0][place] += "\u200b"
    rows[1][place] = "\u3000" + rows[1][place]
    put(drop, text_of(rows))


def respelt() -> str:
    """Return the seeds and four repeated rows that differ in blanks, case or composed accents."""
    rows = seed_rows()[1]
    first, second, third, fourth = ([*row] for row in rows[:4])
    first[0] = first[0].lower()
    first[1] = first[1].replace(" ", "  ")
    second[1] = second[1].replace(" ", "\u3000").upper()
    third[1] = third[1].replace(" ", "\u200b\u00a0")
    rows[3][1] = "Jos\u00e9 Lowe"
    fourth[1] = "Jose\u0301 Lowe"
    return text_of([*rows, first, second, third, fourth])


@oddity("read", rows=3004, by="staging", warns="8 rows are 4 people written in different ways")
def people_written_in_two_ways(drop: Path) -> None:
    """Four repeated rows that differ in the case of an id, blanks, capitals or composed accents."""
    put(drop, respelt())


@oddity(
    "quarantined",
    "repeats row",
    quarantined=4,
    rows=3004,
    by="staging",
    variables={"near_duplicates": "quarantine"},
)
def people_written_in_two_ways_as_duplicates(drop: Path) -> None:
    """The same four repeated rows, with near_duplicates set to quarantine."""
    put(drop, respelt())


@oddity("read", rows=3002, by="staging")
def bars_in_ids_and_names(drop: Path) -> None:
    """Two rows that differ only in the position of a bar: after the id or before the name."""
    last = seed_rows()[1][-1]
    put(drop, text_of([*seed_rows()[1], ["A|B", "C", *last[2:]], ["A", "B|C", *last[2:]]]))


def longer(count: int, edit: Callable[[int, list[str]], None]) -> str:
    """Return `count` clients with unique ids. Each is a row of the seed after an edit."""
    rows = [
        [f"N{at}", *row[1:]] for at, row in zip(range(count), cycle(seed_rows()[1]), strict=False)
    ]
    for at, row in enumerate(rows):
        edit(at, row)
    return text_of(rows)


@oddity(
    "refused",
    "row 5502: bank_loans: 250 of 6,000 amounts, such as 258,000, fit two readings",
    rows=6000,
    by="staging",
)
def money_contradicted_further_down(drop: Path) -> None:
    """Amounts such as 258,000 and 258,5 below 5,500 rows that prove a decimal point."""

    def edit(at: int, row: list[str]) -> None:
        if at >= 5500:
            row[CLIENTS_PLACE["bank_loans"]] = "258,000" if at % 2 else "258,5"

    put(drop, longer(6000, edit))


@oddity(
    "refused",
    "row 5002: of 6,000 joining dates some prove one order and some another",
    rows=6000,
    by="staging",
)
def dates_contradicted_further_down(drop: Path) -> None:
    """5,000 dates such as 15-07-25, with the year first, then others such as 25-07-99."""

    def edit(at: int, row: list[str]) -> None:
        row[CLIENTS_PLACE["joined_bank"]] = (
            ("15-07-25", "99-07-25")[at % 2] if at < 5000 else ("25-07-99", "01-02-03")[at % 2]
        )

    put(drop, longer(6000, edit))


# ------------------------------------------------------------------ unexpected contents of columns


@oddity("refused", 'ids examined are written like ="IND')
def ids_marked_as_text(drop: Path) -> None:
    """Ids as `="IND70097"`, which makes a spreadsheet treat them as text."""
    put(drop, edit_cells("Client ID", lambda cell: f'="{cell}"'))


@oddity("refused", "row 5: client_id: 1 of 3,000 ids examined are written like 'IND")
def id_after_an_apostrophe(drop: Path) -> None:
    """One id with an apostrophe in front, which is how a spreadsheet marks text."""
    put(drop, edit_cells("Client ID", lambda cell: f"'{cell}", [4]))


@oddity("refused", "client_id: 3,000 of 3,000 ids examined are written like 1.23457E+15")
def ids_in_scientific_notation(drop: Path) -> None:
    """Every id as 1.23457E+15, because a spreadsheet held it as a number."""
    put(drop, edit_cells("Client ID", lambda _: "1.23457E+15"))


@oddity("refused", "client_id: 299 of 3,000 ids examined are written like 1.23457E+15")
def some_ids_in_scientific_notation(drop: Path) -> None:
    """299 ids as 1.23457E+15."""
    put(drop, edit_cells("Client ID", lambda _: "1.23457E+15", range(1, 300)))


@oddity(
    "refused",
    "row 4: location_id: 2 of 3,000 ids examined are written like ########: the column was too "
    "narrow",
)
def ids_wider_than_their_column(drop: Path) -> None:
    """Location ids as `########`, as a spreadsheet shows numbers in a narrow column."""
    put(drop, edit_cells("Location ID", lambda _: "########", [3, 4]))


@oddity("refused", "ids examined are written like 1.234567890123457e+19")
def workbook_with_ids_of_20_digits(drop: Path) -> None:
    """Ids of 20 digits as numbers in a sheet, which keeps only 15 digits."""
    header, *rows = seed_sheet(CLIENTS)
    long = [[12345678901234567890.0 + 4096 * at, *row[1:]] for at, row in enumerate(rows)]
    write_xlsx(drop / "Banking.xlsx", seed_sheets() | {"Data": [header, *long]})


@oddity("refused", "ids examined are written like 1.000000000000101e+17: a program")
def parquet_with_ids_as_doubles(drop: Path) -> None:
    """Ids of 18 digits as doubles in Parquet, which keep only about 16 digits."""
    lookups(drop)
    number = '1e17 + cast("Client ID"[4:] as integer)'
    write_parquet(drop, f'select * replace (cast({number} as double) as "Client ID") from seed')


@oddity("refused", "row 2: GenderId is written as 1E+00: a program that held the column as numbers")
def lookup_with_codes_in_scientific_notation(drop: Path) -> None:
    """A code in a lookup as 1E+00."""
    put(drop, seed_text())
    (drop / "raw_genders.csv").write_text("GenderId,Gender\n1E+00,Male\n2,Female\n")


@oddity("read", by="staging")
def ids_that_look_like_numbers(drop: Path) -> None:
    """Ids such as `70097.0`, as pandas writes whole numbers from a column with gaps."""
    put(drop, edit_cells("Client ID", lambda cell: f"{cell[3:]}.0"))


@oddity("read", by="staging")
def parquet_with_whole_ids_as_doubles(drop: Path) -> None:
    """Ids such as 70097 as doubles in Parquet."""
    lookups(drop)
    number = 'cast("Client ID"[4:] as double)'
    write_parquet(drop, f'select * replace ({number} as "Client ID") from seed')


@oddity("refused", "such as 36652. It looks like the number of a day in a spreadsheet")
def dates_as_days_of_a_spreadsheet(drop: Path) -> None:
    """Dates as 36652, which is how a spreadsheet stores them."""
    first = date(1899, 12, 30)
    put(
        drop,
        edit_cells(
            "Joined Bank",
            lambda cell: str((datetime.strptime(cell, "%d-%m-%Y").date() - first).days),
        ),
    )


@oddity("refused", "joining dates are in no known format, such as 2000")
def dates_of_a_year_alone(drop: Path) -> None:
    """Only the year of each joining date."""
    put(drop, edit_cells("Joined Bank", lambda cell: cell[-4:]))


@oddity("read", warns="read as %m/%d/%Y", by="staging")
def midnight_in_words(drop: Path) -> None:
    """Dates as `05/06/2000 12:00:00 AM`, as office databases write them."""
    put(
        drop,
        edit_cells("Joined Bank", lambda cell: f"{cell[3:5]}/{cell[:2]}/{cell[6:]} 12:00:00 AM"),
    )


@oddity("quarantined", "joined_bank is not a date", quarantined=1, by="staging")
def noon_after_a_date(drop: Path) -> None:
    """A date with the time 12:00:00, which is noon, not midnight."""
    put(drop, edit_cells("Joined Bank", lambda cell: f"{cell} 12:00:00", [4]))


@oddity("read", warns="read as %Y%m%d", by="staging")
def parquet_with_dates_as_numbers(drop: Path) -> None:
    """Parquet with dates as whole numbers such as 20000506."""
    lookups(drop)
    day = "strftime(strptime(\"Joined Bank\", '%d-%m-%Y'), '%Y%m%d')"
    write_parquet(drop, f'select * replace (cast({day} as integer) as "Joined Bank") from seed')


@oddity("refused", "such as 1994-12-31 22:00:00. It looks like midnight in another time zone")
def parquet_with_local_midnights(drop: Path) -> None:
    """Parquet with dates as UTC times: midnight in a time zone two hours ahead."""
    lookups(drop)
    moment = "strptime(\"Joined Bank\", '%d-%m-%Y') - interval 2 hour"
    write_parquet(drop, f'select * replace ({moment} as "Joined Bank") from seed')


@oddity("refused", "It is the next day, minus a rounding error of a spreadsheet")
def workbook_with_dates_before_midnight(drop: Path) -> None:
    """Dates in a sheet that are a thousandth of a second before midnight."""
    header, *rows = seed_sheet(CLIENTS)
    place = CLIENTS_PLACE["joined_bank"]
    for row in rows:
        day = row[place]
        assert isinstance(day, date)
        moment = datetime.combine(day, datetime.min.time()) - timedelta(milliseconds=1)
        row[place] = moment
    write_xlsx(drop / "Banking.xlsx", seed_sheets() | {"Data": [header, *rows]})


@oddity(
    "refused",
    "bank_loans: 3,000 of 3,000 cells are not in a known notation",
)
def money_as_percent(drop: Path) -> None:
    """A column of percentages under the header of an amount."""
    put(drop, edit_cells("Bank Loans", lambda _: "12.5%"))


@oddity("refused", "Scientific notation cuts off digits")
def money_all_in_exponents(drop: Path) -> None:
    """A whole column as 2.572197e+05."""
    put(drop, edit_cells("Bank Loans", lambda cell: f"{float(cell):e}"))


@oddity("refused", "CHF. Export them in the form 75384.77")
def money_in_an_unknown_currency(drop: Path) -> None:
    """`CHF` after each amount, which is not a known currency."""
    put(drop, edit_cells("Bank Loans", lambda cell: f"{cell} CHF"))


@oddity("quarantined", "not an amount to the cent", quarantined=4, by="staging")
def money_in_other_forms(drop: Path) -> None:
    """A minus after an amount, a long minus, digits grouped in pairs, and a `k` for thousands."""
    header, rows = seed_rows()
    for row, cell in zip(rows, ("1200.00-", "\u22121200.00", "12,34,567.89", "12k"), strict=False):
        row[header.index("Bank Loans")] = cell
    put(drop, text_of(rows))


@oddity("quarantined", "not a", quarantined=3, by="staging")
def digits_of_other_scripts(drop: Path) -> None:
    """Arabic digits in an amount and in a date, full-width digits in an age."""
    header, rows = seed_rows()
    arabic = str.maketrans(
        "0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
    )
    wide = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
    for row, name, digits in zip(
        rows, ("Bank Loans", "Joined Bank", "Age"), (arabic, arabic, wide), strict=False
    ):
        row[header.index(name)] = row[header.index(name)].translate(digits)
    put(drop, text_of(rows))


# ------------------------------------------------------------------ more files and lines


@oddity("read", warns="UTF-32-LE")
def utf32_without_mark(drop: Path) -> None:
    """UTF-32 without a byte-order mark."""
    put(drop, seed_text().encode("utf-32-le"))


@oddity("read")
def semicolons_of_a_european_spreadsheet(drop: Path) -> None:
    """Semicolons, a byte-order mark and CR LF, as many European spreadsheets save CSV."""
    put(drop, "\ufeff" + text_of(seed_rows()[1], separator=";", line_end="\r\n"))


@oddity("refused", "export/: ignored: the folder does not have the name of a raw table")
def clients_in_another_folder(drop: Path) -> None:
    """The clients in a folder `export`: the message names the folder."""
    lookups(drop)
    (drop / "export").mkdir()
    (drop / "export" / "clients.csv").write_text(seed_text(), encoding="utf-8")


@oddity("refused", "an archive inside an archive. Unpack it")
def zip_in_a_zip(drop: Path) -> None:
    """An archive that holds an archive."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("clients.csv", seed_text())
    with zipfile.ZipFile(drop / "clients.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())


@oddity("read", warns="unpacked")
def gzip_in_a_zip(drop: Path) -> None:
    """A compressed file inside an archive, beside the lookups."""
    lookups(drop)
    with zipfile.ZipFile(drop / "clients.zip", "w") as archive:
        archive.writestr("clients.csv.gz", gzip.compress(seed_text().encode()))


@oddity("quarantined", "too few cells", quarantined=5, rows=SEED_COUNT + 5)
def lines_of_a_merge(drop: Path) -> None:
    """Merge-conflict markers, a row count and a comment among the rows."""
    lines = seed_text().split("\n")
    marks = ["<<<<<<< HEAD", "=======", ">>>>>>> other", "(3000 rows affected)", "# the end"]
    put(drop, "\n".join([*lines[:50], *marks, *lines[50:]]))


@oddity("refused", "the columns match no known table: 'version https://")
def pointer_for_a_file(drop: Path) -> None:
    """A Git LFS pointer instead of the clients file."""
    put(drop, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")


@oddity("refused", "an HTML or XML page, not a table: it begins with '<!DOCTYPE html>")
def page_for_a_file(drop: Path) -> None:
    """A saved log-in page with the name of the clients file."""
    put(drop, "<!DOCTYPE html><html><body>Sign in</body></html>\n")


# ------------------------------------------------------------------ the table in the docs

DOCUMENT = SEEDS.parents[1] / "docs" / "odd-drops.md"
BEGIN, END = "<!-- oddities: begin -->", "<!-- oddities: end -->"


def what_happens(oddity: Oddity) -> str:
    """Return what happens to an odd drop, in Markdown."""
    if oddity.outcome == "read":
        return "read correctly" + (f"; a warning contains `{oddity.warns}`" if oddity.warns else "")
    if oddity.outcome == "refused":
        return f"refused: `{oddity.says}`"
    plural = "s" if oddity.rows_quarantined > 1 else ""
    return f"{oddity.rows_quarantined} row{plural} quarantined: `{oddity.says.strip()}`"


def table() -> str:
    """Return the table of all oddities in Markdown."""
    lines = ["| what is odd | what happens | test |", "| --- | --- | --- |"]
    for oddity in ODDITIES:
        cells = (oddity.what, what_happens(oddity), f"`test_odd_drop[{oddity.name}]`")
        lines.append(f"| {' | '.join(map(_in_a_row, cells))} |")
    return "\n".join(lines)


def _in_a_row(cell: str) -> str:
    """Return the text of a cell, which may have several lines, as one line of a table."""
    return " ".join(map(str.strip, cell.splitlines())).replace("|", r"\|")


def with_table(document: str) -> str:
    """Return the document with the current table between its markers."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
