"""What the first bytes of a text file show: compression, encoding, separator, header."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bank_warehouse.raw_drop.encoding import declared_encoding
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.mapping import DropMapping
from bank_warehouse.raw_drop.recognise import best_header, describe_unknown, refuse_rows_above
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, RawTable, header_key, normalise

HEAD_BYTES = 256 * 1024
SEPARATORS = (",", ";", "\t", "|")
_LINES_BEFORE_HEADER = 20
_LONGEST_HEADER = 20_000
_LINES_EXAMINED = 1000

_FOREIGN_MAGIC = (
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard", "Unpack it, or compress it with gzip"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it"),
    (b"PAR1", "a Parquet file compressed with gzip", "Unpack it"),
    (b"%PDF", "a PDF", "Export the table as CSV"),
    (b"SQLite format 3", "a SQLite database", "Export the table as CSV"),
)
_MARKUP = re.compile(r"\s*<(?:!doctype|\?xml|html|head|table|meta)\b", re.IGNORECASE)
_LEAST_NAMES = 5


@dataclass(frozen=True)
class Head:
    """The dialect and the header of a text file.

    Attributes:
        is_gzip: whether the bytes are compressed.
        encoding: `utf-8`, `utf-16-le`, `utf-16-be`, `utf-32-le`, `utf-32-be` or the declared one.
            `utf-8` may be wrong; the scan of the whole file checks it.
        mark_length: length of the byte-order mark in bytes.
        separator: one character.
        header: the cells of the header line.
        lines_before: lines above the header (titles, comments, `sep=;`, blank lines).
        header_lines: lines of the header; more than one if a quoted header cell spans several
            lines.
        table: the table whose header it is, or None.
        unknown: why the header matches no table; empty if it matches one.
    """

    is_gzip: bool
    encoding: str
    mark_length: int
    separator: str
    header: tuple[str, ...]
    lines_before: int
    header_lines: int
    table: RawTable | None
    unknown: str


def read_head(path: Path, relative: str, hint: RawTable | None, mapping: DropMapping) -> Head:
    """Read the dialect and the header of a text file from its first 256 KiB.

    Args:
        path: the file.
        relative: its name in messages.
        hint: the table that its name suggests.
        mapping: the mapping file of the drop.

    Raises:
        DropError: the file cannot be read, is not text, is empty or damaged, or has rows above its
            header; or its header has one name too many or too few for its rows.
    """
    raw, is_gzip = _first_bytes(path, relative)
    if not raw:
        raise DropError(f"{relative}: the file is empty. Copy it again.")
    for magic, kind, remedy in _FOREIGN_MAGIC:
        if raw.startswith(magic):
            raise DropError(f"{relative}: the file is {kind}, not CSV text. {remedy}.")
    encoding, mark_length = detect_encoding(raw)
    text = raw[mark_length:].decode(encoding, "replace").lstrip("\ufeff")
    if _MARKUP.match(text):
        raise DropError(
            f"{relative}: an HTML or XML page, not a table: it begins with {text.strip()[:40]!r}. "
            "If it is an export, open it in a spreadsheet and save it as CSV or .xlsx; if it is a "
            "log-in page, download the file again."
        )
    if encoding == "utf-8" and _names_columns(raw[:_LONGEST_HEADER].decode("cp037")):
        raise DropError(
            f"{relative}: written in EBCDIC, the encoding of mainframes. Convert it to UTF-8, with "
            "a line end after each row."
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1 and len(text) > _LONGEST_HEADER:
        raise DropError(
            f"{relative}, row 1: no line end in the first {len(text):,} characters: the line "
            "ends are lost. Export the table again."
        )
    splits = list(_splits(lines))
    header = best_header(((number, cells) for number, _, cells, _ in splits), hint, mapping)
    if header is None:
        raise DropError(f"{relative}: the file holds nothing but blank lines. Copy it again.")
    separator, used = next(
        (separator, used)
        for number, separator, cells, used in splits
        if number == header.number and tuple(cells) == header.cells
    )
    unknown = ""
    if header.table is None:
        unknown = _not_separated(relative, lines) or describe_unknown(
            relative, header, mapping, header.number + 1
        )
    else:
        above = [
            (number + 1, cells)
            for number, mark, cells, _ in splits
            if mark == separator and number < header.number
        ]
        width = sum(bool(cell) for cell in header.cells)
        refuse_rows_above(relative, above, header.number + 1, width)
        below = lines[header.number + used : header.number + used + _LINES_EXAMINED]
        _refuse_other_width(relative, header.number + 1, header.cells, below, separator)
    return Head(
        is_gzip=is_gzip,
        encoding=encoding,
        mark_length=mark_length,
        separator=separator,
        header=header.cells,
        lines_before=header.number,
        header_lines=used,
        table=header.table,
        unknown=unknown,
    )


def _names_columns(text: str) -> bool:
    """Return whether text contains at least five column names of the clients."""
    joined = normalise(text)
    return sum(normalise(column.header) in joined for column in CLIENTS.columns) >= _LEAST_NAMES


def _refuse_other_width(
    relative: str, row: int, header: Sequence[str], lines: Sequence[str], separator: str
) -> None:
    """Refuse a header that, judged by the first rows, has one name too many or too few.

    Raises:
        DropError: each of the first rows has one cell fewer or one cell more than the header.
    """
    text = "\n".join(lines[:-1])  # the last may be cut off
    try:
        read = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        records = [cells for cells in read if any(cell.strip() for cell in cells)]
    except csv.Error:
        return
    cells = len(records[0]) if records else 0
    if not records or any(len(record) != cells for record in records):
        return
    where = (
        f"{relative}, row {row}: the header has {len(header)} names, and each of the first rows "
        f"has {cells} cells"
    )
    if cells == len(header) - 1 and header[-1]:
        tables = TABLES.values()
        known = {key for table in tables for column in table.columns for key in column.keys}
        split = (
            f"The separator splits a name that needs quotes, here {one!r} and {other!r}. Quote "
            "the name, or remove the separator from it."
            for one, other in pairwise(header)
            if header_key(one + other) in known and header_key(one) not in known
        )
        either = (
            "If the separator splits a name, quote this name. If a name has no cells below it, "
            "remove this name, or export the file again with all cells."
        )
        raise DropError(f"{where}. {next(split, either)}")
    beyond = sum(bool(record[-1].strip()) for record in records)
    if cells == len(header) + 1 and 2 * beyond > len(records):
        cause = (
            "The first cell is the row number, as R writes it"
            if all(record[0] == str(at) for at, record in enumerate(records, start=1))
            else "The first cell is a row name, as R writes it, or the last column has no name, or "
            "every row has a cell with a separator that needs quotes"
        )
        raise DropError(
            f"{where}, such as {separator.join(records[0])[:60]!r}. {cause}. Export without row "
            "names (row.names = FALSE in R), or add the missing name to the header."
        )


def _splits(lines: Sequence[str]) -> Iterator[tuple[int, str, list[str], int]]:
    """Yield each possible header: its line (0-based), separator, cells and number of lines."""
    for number, line in enumerate(lines[:_LINES_BEFORE_HEADER]):
        if line.strip():
            for separator in SEPARATORS:
                cells, used = _header_cells(lines[number : number + 30], separator)
                yield number, separator, cells, used


def detect_encoding(raw: bytes) -> tuple[str, int]:
    """Return the encoding of text that begins with `raw`, and the length of its byte-order mark.

    Raises:
        DropError: BANK_RAW_ENCODING names no known encoding.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            return encoding, len(mark)
    declared = declared_encoding()
    if declared:
        return declared, 0
    start = raw[:200]
    even, odd = start[0::2], start[1::2]
    # Without a mark: each Latin letter has three zero bytes in UTF-32, and one in UTF-16.
    if len(start) > 7 and start[0] and not any(start[1:4]) and start[4] and not any(start[5:8]):
        return "utf-32-le", 0
    if len(start) > 7 and start[3] and not any(start[:3]) and start[7] and not any(start[4:7]):
        return "utf-32-be", 0
    if odd and odd.count(0) > 0.8 * len(odd) and even.count(0) < 0.2 * len(even):
        return "utf-16-le", 0
    if even and even.count(0) > 0.8 * len(even) and odd.count(0) < 0.2 * len(odd):
        return "utf-16-be", 0
    return "utf-8", 0


def _first_bytes(path: Path, relative: str) -> tuple[bytes, bool]:
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD_BYTES)
        if not raw.startswith(b"\x1f\x8b"):
            return raw, False
        with gzip.open(path) as packed:
            return packed.read(HEAD_BYTES), True
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DropError(
            f"{relative}: the gzip data is damaged or cut off ({problem}). Copy it again."
        ) from None
    except OSError as problem:
        raise DropError(f"{relative}: cannot be read: {problem.strerror or problem}.") from None


def _header_cells(lines: Sequence[str], separator: str) -> tuple[list[str], int]:
    """Return the cells of the first record in `lines`, and the number of its lines."""
    reader = csv.reader(
        io.StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=separator != "\t"
    )
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return [], 1
    return [cell.strip() for cell in cells], reader.line_num


def _not_separated(relative: str, lines: Sequence[str]) -> str:
    """Return a message if the first line names columns without a separator, else ''."""
    first = next(line.strip() for line in lines if line.strip())
    joined = normalise(first)
    widest = max(len(_header_cells([first], separator)[0]) for separator in SEPARATORS)
    shown = first[:80] + ("..." if len(first) > 80 else "")
    for table in TABLES.values():
        known = sum(normalise(column.header) in joined for column in table.columns)
        if widest < known and (known == len(table.columns) or known > 4):
            return (
                f"{relative}, row 1: the header names columns of {table.name}, but they are not "
                f"separated by comma, semicolon, tab or pipe: {shown!r}. Save the file with one of "
                "these separators."
            )
    return ""
