"""Read a text file line by line in Python if DuckDB cannot read it.

The file is rewritten as Parquet: the columns of its table, and for each malformed row its fault and
its text. No row is lost, and only a line longer than 64 MiB stops the read.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.scan import LONGEST_LINE
from bank_warehouse.raw_drop.schema import RawTable, header_key

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BLANKS = " \t"

_READ_BYTES = 1024 * 1024
_LONGEST_KEPT = 64 * 1024 * 1024
_MOST_JOINED_LINES = 100
_LINE_END = re.compile(r"\r\n|\r|\n")
_ROWS_A_BATCH = 20_000

TOO_FEW = "too few cells"
TOO_MANY = "too many cells"
BROKEN_QUOTES = "broken quoting"
INVALID_BYTES = "invalid bytes"
NUL_BYTES = "NUL bytes"
TOO_LONG = "line too long"
REPEATED_HEADER = "repeated header"
OTHER_HEADER = "header of other columns"


@dataclass(frozen=True)
class Record:
    """One record of a text file.

    Attributes:
        cells: the cells, unquoted; empty if there is a fault.
        fault: why the record has no cells, or None.
        text: the text of the record without its line end. Bytes that are not UTF-8, and NUL
            bytes, are written as a backslash, x and two hex digits.
    """

    cells: tuple[str, ...]
    fault: str | None
    text: str


@dataclass(frozen=True)
class Shape:
    """The layout of a file's records.

    Attributes:
        separator: one character.
        width: number of cells of a record; further cells must be blank.
        columns: canonical column at each position that is read; a row of these names is a header.
        known: the :func:`header_key` of every accepted header, mapped to its column.
        amount: position of an amount column; a row is a header only if its cell there begins with
            a letter. None if the table has no amounts.
    """

    separator: str
    width: int
    columns: Mapping[int, str]
    known: Mapping[str, str]
    amount: int | None


def header_fault(cells: Sequence[str], shape: Shape) -> str | None:
    """Return the fault of a row that is a header of the table, else None.

    A header with the columns in another order is a different fault, because every row below it
    would be misread. So all cells are compared.
    """
    if shape.amount is not None:
        amount = cells[shape.amount].strip()
        if not amount[:1].isalpha():
            return None
        if any(letter.isdigit() for letter in amount) and header_key(amount) not in shape.known:
            return None
    named = {
        place: shape.known.get(header_key(cell)) for place, cell in enumerate(cells[: shape.width])
    }
    if all(named[place] == column for place, column in shape.columns.items()):
        return REPEATED_HEADER
    found = {column for column in named.values() if column}
    return OTHER_HEADER if 2 * len(found) >= max(len(shape.columns), 4) else None


def read_records(path: Path, relative: str, start: int, shape: Shape) -> Iterator[Record]:
    """Yield the records of `path` below its header line, in order; blank records are skipped.

    A line ends in LF, CR LF or CR. A cell in quotes may span several lines, up to 100 lines and 1
    MiB, unless :func:`_swallows_rows` returns true; blanks around the quotes are ignored. A quote
    anywhere else is broken quoting, and only its line is quarantined.

    Args:
        path: a plain file, mostly valid UTF-8, with its header on the first line.
        relative: the name of the file in messages.
        start: number of bytes to skip (the byte-order mark).
        shape: separator, width, header.

    Raises:
        DropError: a line is longer than 64 MiB.
    """
    parse = _parser(shape.separator)
    waiting: deque[tuple[bytes, bytes]] = deque()
    lines = _lines(path, relative, start)
    next(lines, None)
    while True:
        if waiting:
            body, end = waiting.popleft()
        else:
            following = next(lines, None)
            if following is None:
                return
            body, end = following
        if not body.strip(b" \t"):
            continue
        record = _plain_fault(body)
        if record is not None:
            yield record
            continue
        text = body.decode("utf-8")
        if '"' not in text:
            cells: Sequence[str] | None = text.split(shape.separator)
        else:
            cells, is_open, _ = parse(text)
            if cells is None and is_open:
                joined, used, cells = _join(text, end, waiting, lines, parse, shape)
                if cells is not None:
                    text = joined
                    for _ in range(used):
                        waiting.popleft()
        if cells is None:
            yield Record((), BROKEN_QUOTES, text)
            continue
        if not any(cell.strip(BLANKS) for cell in cells):
            continue
        yield _shaped(cells, text, shape)


def write_parquet(
    path: Path,
    relative: str,
    start: int,
    shape: Shape,
    table: RawTable,
    positions: dict[str, int],
    target: Path,
) -> int:
    """Write the records of a text file to `target` as Parquet and return their number.

    The columns are those of `table` in `positions`, then `structural_fault` and `raw_line`, all
    text.

    Raises:
        DropError: a line is longer than 64 MiB.
    """
    names = [column.name for column in table.columns if column.name in positions]
    picked = [positions[name] for name in names]
    return write_records(read_records(path, relative, start, shape), names, picked, target)


def write_records(
    records: Iterable[Record], names: Sequence[str], picked: Sequence[int], target: Path
) -> int:
    """Write records to `target` as Parquet and return their number.

    Args:
        records: in the order of their file.
        names: the columns.
        picked: the position of each column in the cells of a record.
        target: a new file.
    """
    # Imported late: few drops need pyarrow, and it takes longer to import than this package.
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in (*names, "structural_fault", "raw_line")])
    rows = 0
    with pq.ParquetWriter(target, schema) as writer:
        batch: list[tuple[str | None, ...]] = []
        size = 0
        for record in records:
            if record.fault is None:
                cells = record.cells
                batch.append((*(cells[place] for place in picked), None, None))
            else:
                batch.append((*(None for _ in picked), record.fault, record.text))
                size += len(record.text)
            if len(batch) >= _ROWS_A_BATCH or size > _LONGEST_KEPT:
                rows += _write(writer, schema, batch)
                size = 0
        rows += _write(writer, schema, batch)
    return rows


def _write(
    writer: "pq.ParquetWriter", schema: "pa.Schema", batch: list[tuple[str | None, ...]]
) -> int:
    import pyarrow as pa

    rows = len(batch)
    if batch:
        columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        batch.clear()
    return rows


def _lines(path: Path, relative: str, start: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield each line and the characters that end it."""
    number = 0
    pending: list[bytes] = []
    length = 0
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(_READ_BYTES):
            if block.endswith(b"\r"):  # LF may be the first byte of the next block
                block += file.read(1)
            pieces = block.splitlines(keepends=True)
            whole = block.endswith((b"\n", b"\r"))
            for piece in pieces if whole else pieces[:-1]:
                number += 1
                yield _split_end(b"".join([*pending, piece]) if pending else piece)
                pending.clear()
                length = 0
            if not whole:
                pending.append(pieces[-1])
                length += len(pieces[-1])
                if length > _LONGEST_KEPT:
                    raise DropError(
                        f"{relative}, line {number + 1}: longer than 64 MiB. Either the file is "
                        "not a table, or its line ends are lost. Export it again."
                    )
        if pending:
            yield _split_end(b"".join(pending))


def _split_end(line: bytes) -> tuple[bytes, bytes]:
    body = line.rstrip(b"\r\n") if line.endswith((b"\n", b"\r")) else line
    return body, line[len(body) :]


def _plain_fault(body: bytes) -> Record | None:
    """Return a malformed record if the bytes of a line alone show a fault, else None."""
    if len(body) > LONGEST_LINE:
        fault = TOO_LONG
    elif b"\0" in body:
        fault = NUL_BYTES
    elif body.isascii():
        return None
    else:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            fault = INVALID_BYTES
        else:
            return None
    return Record((), fault, body.decode("utf-8", "backslashreplace").replace("\0", "\\x00"))


def _shaped(cells: Sequence[str], text: str, shape: Shape) -> Record:
    if len(cells) < shape.width:
        return Record((), TOO_FEW, text)
    if any(cell.strip(BLANKS) for cell in cells[shape.width :]):
        return Record((), TOO_MANY, text)
    fault = header_fault(cells, shape)
    return Record((), fault, text) if fault else Record(tuple(cells), None, text)


Parser = Callable[[str], tuple[list[str] | None, bool, set[int]]]


def _parser(separator: str) -> Parser:
    """Return a function that splits a record with quotes in it.

    The function returns the cells or None, whether a quote is still open at the end of the text,
    and the positions of the quoted cells.
    """
    sep = re.escape(separator)
    pad = "[ ]*" if separator == "\t" else "[ \t]*"
    inner = '[^"]*(?:""[^"]*)*'
    quoted_cell = re.compile(f'{pad}"({inner})"{pad}(?={sep}|\\Z)')
    open_cell = re.compile(f'{pad}"{inner}\\Z')
    bare_cell = re.compile(f'[^"{sep}]*(?={sep}|\\Z)')

    def parse(text: str) -> tuple[list[str] | None, bool, set[int]]:
        cells: list[str] = []
        quotes: set[int] = set()
        position = 0
        while True:
            quoted = quoted_cell.match(text, position)
            bare = None if quoted else bare_cell.match(text, position)
            if quoted:
                quotes.add(len(cells))
                cells.append(quoted.group(1).replace('""', '"'))
                position = quoted.end()
            elif bare:
                cells.append(bare.group())
                position = bare.end()
            else:
                return None, open_cell.match(text, position) is not None, quotes
            if position == len(text):
                return cells, False, quotes
            position += 1

    return parse


def _join(
    text: str,
    end: bytes,
    waiting: deque[tuple[bytes, bytes]],
    lines: Iterator[tuple[bytes, bytes]],
    parse: Parser,
    shape: Shape,
) -> tuple[str, int, list[str] | None]:
    """Try to close an open quote with the next lines, which are added to `waiting`.

    Returns:
        The joined text, the number of lines added to it, and its cells. If the quote is not
        closed: the original text, 0 and None.
    """
    joined = text
    for used in range(1, _MOST_JOINED_LINES):
        if len(waiting) < used:
            following = next(lines, None)
            if following is None:
                break
            waiting.append(following)
        body, next_end = waiting[used - 1]
        if _plain_fault(body) is not None or len(joined) + len(body) > LONGEST_LINE:
            break
        joined += end.decode() + body.decode("utf-8")
        end = next_end
        if b'"' in body:
            cells, is_open, quoted = parse(joined)
            if cells is not None and not _swallows_rows(cells, quoted, shape):
                return joined, used, cells
            if not is_open:
                break
    return text, 0, None


def _swallows_rows(cells: Sequence[str], quoted: set[int], shape: Shape) -> bool:
    """Return whether the quotes of a record of several lines may enclose whole rows.

    If one name begins with a quote and a later one ends with a quote, everything between them looks
    like one cell. So the lines count as one record only if this record has the width of the table
    and either

    - at most one line would be a row by itself if separators inside quotes counted, and this line
        is the first or needs no such separator; or
    - the record quotes all cells with letters, even if they need no quotes. Programs that do so
        double every quote inside a cell, so a single quote cannot open a cell by mistake.
    """
    if len(cells) < shape.width or any(cell.strip(BLANKS) for cell in cells[shape.width :]):
        return True
    if _quotes_by_rule(cells, quoted, shape.separator):
        return False
    lines: list[list[str]] = [[]]
    gained = [False]  # whether separators inside quotes count in this line
    for cell in cells:
        first, *more = _LINE_END.split(cell)
        parts = first.split(shape.separator) if more else [cell]
        lines[-1].extend(parts)
        gained[-1] |= len(parts) > 1
        for piece in more:
            lines.append(piece.split(shape.separator))
            gained.append(len(lines[-1]) > 1)
    rows = [
        number > 0 and gained[number]
        for number, line in enumerate(lines)
        if len(line) >= shape.width and not "".join(line[shape.width :]).strip(BLANKS + '"')
    ]
    return len(rows) > 1 or any(rows)


def _quotes_by_rule(cells: Sequence[str], quoted: set[int], separator: str) -> bool:
    """Return whether all cells with a letter are quoted, at least one of them needlessly."""
    needs = re.compile(f'[{re.escape(separator)}"\r\n]|^[ \t]|[ \t]$')
    return any(not needs.search(cells[place]) for place in quoted) and all(
        place in quoted or not any(letter.isalpha() for letter in cell)
        for place, cell in enumerate(cells)
    )
