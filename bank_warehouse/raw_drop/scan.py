"""A look at every byte of a text file, at a few per cent of the cost of reading it.

DuckDB reads a well-formed file right and fast. What it reads wrong or fails on (checked with
1.5.5) is looked for here, so that such a file takes the careful way instead:

- bytes that are not UTF-8 and zero bytes: the first end the read, the second travel on;
- lines above 1 MiB: above about 2 MB they end the read;
- quotes that are not paired as RFC 4180 has it: text behind a closing quote is lost, an open
  quote swallows the rest of the file;
- line breaks inside quotes: they end a parallel read that pads short rows;
- carriage returns that end no line: a letter is lost behind them when lines end in CR LF;
- rows with many more cells than the header: cells beyond the declared columns are lost.

Blocks end at line ends, so each is looked at by itself; the operations are numpy's, over whole
blocks that fit the processor's cache.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BLOCK_BYTES = 512 * 1024
LONGEST_LINE = 1024 * 1024
MOST_SPARE_CELLS = 40

# A letter from Â to ô, then a sign: the bytes of UTF-8 read as Latin-1 or Windows-1252.
_MISREAD = re.compile(
    rb"\xc3[\x82-\xb4](?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb][\x80-\xbf]|\xe2[\x80-\x84])"
)

_QUOTE, _LF, _CR, _SPACE = 0x22, 0x0A, 0x0D, 0x20
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
_Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Scan:
    """What the bytes of a file allow.

    Attributes:
        trouble: why DuckDB cannot read the file as it is, or null.
        is_utf8: whether all bytes looked at are UTF-8; the look ends at the first trouble.
        has_quotes: whether a quote occurs; without one the read need not look for any.
        most_cells: cells of the longest row seen, at least the width of the header.
        has_rows: whether anything but blanks stands below the first line.
        may_have_blanks: whether a line begins with an empty or blank cell, so that there may be
            rows of nothing but blanks and separators. To ask this of every row costs DuckDB a
            third more than to read it.
        may_be_misread: whether two letters beyond ASCII follow each other as those of UTF-8 do
            that was read as Latin-1 and saved again.
    """

    trouble: str | None
    is_utf8: bool
    has_quotes: bool
    most_cells: int
    has_rows: bool
    may_have_blanks: bool
    may_be_misread: bool = False


def scan_text(path: Path, start: int, separator: str, width: int) -> Scan:
    """Look at the bytes of `path` from `start` on.

    Args:
        path: a plain file, by all appearances in UTF-8.
        start: bytes to leave out: the byte-order mark.
        separator: one ASCII character.
        width: cells of the header line.
    """
    has_quotes = False
    has_rows = False
    may_have_blanks = False
    may_be_misread = False
    most_cells = width
    nothing = b" \t\r\n" + separator.encode()
    for number, block in enumerate(line_blocks(path, start)):
        if block is None:
            return Scan("a line of more than 1 MiB", True, has_quotes, most_cells, True, True)
        if not has_rows:
            below = block.find(b"\n") + 1 or len(block) if number == 0 else 0
            has_rows = bool(block[below:].strip(nothing))
        if not block.isascii():
            try:
                block.decode("utf-8")
            except UnicodeDecodeError:
                return Scan("bytes that are not UTF-8", False, has_quotes, most_cells, True, True)
            may_be_misread = may_be_misread or _MISREAD.search(block) is not None
        data = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(data == _LF)
        trouble = _trouble(block, data, ends)
        if trouble:
            return Scan(trouble, True, has_quotes, most_cells, True, True)
        cells = data == ord(separator)
        if not may_have_blanks:
            may_have_blanks = _begins_blank(data, ends, ord(separator))
        if b'"' in block:
            has_quotes = True
            trouble = _quote_trouble(data, ends, ord(separator))
            if trouble:
                return Scan(trouble, True, True, most_cells, True, True)
            inside = np.bitwise_xor.accumulate((data == _QUOTE).view(np.uint8))
            cells &= inside == 0
        lines = len(ends) + (data[-1] != _LF)
        if np.count_nonzero(cells) != lines * (width - 1):
            most_cells = max(most_cells, _longest(cells, ends))
            if most_cells > width + MOST_SPARE_CELLS:
                return Scan(
                    f"a row of {most_cells} cells", True, has_quotes, most_cells, True, True
                )
    return Scan(None, True, has_quotes, most_cells, has_rows, may_have_blanks, may_be_misread)


def line_blocks(path: Path, start: int) -> Iterator[bytes | None]:
    """Yield the file in blocks of whole lines; null at a line above 1 MiB, and no more."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        rest = b""
        while chunk := file.read(BLOCK_BYTES):
            cut = chunk.rfind(b"\n") + 1
            to_first_end = chunk.find(b"\n") if cut else len(chunk)
            if len(rest) + to_first_end > LONGEST_LINE:
                yield None
                return
            if cut:
                yield (
                    b"".join((rest, memoryview(chunk)[:cut])) if cut < len(chunk) else rest + chunk
                )
                rest = chunk[cut:]
            else:
                rest += chunk
        if rest:
            yield rest


def is_utf8(path: Path, start: int) -> bool:
    """Return whether all bytes of a file are UTF-8; a scan ends at the first trouble."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        try:
            while chunk := file.read(BLOCK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _begins_blank(data: _Bytes, ends: _Places, separator: int) -> bool:
    """Return whether a line may begin with an empty or a blank cell, or with a quote."""
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else np.zeros(1, dtype=np.int64)
    first = data[starts]
    return bool(np.any((first <= _SPACE) | (first == _QUOTE) | (first == separator)))


def _trouble(block: bytes, data: _Bytes, ends: _Places) -> str | None:
    if b"\0" in block:
        return "zero bytes"
    if b"\r" in block:
        in_pairs = np.count_nonzero(data[ends[ends > 0] - 1] == _CR)
        if np.count_nonzero(data == _CR) != in_pairs:
            return "carriage returns that are not part of CR LF"
    return None


def _quote_trouble(data: _Bytes, ends: _Places, separator: int) -> str | None:
    quotes = np.flatnonzero(data == _QUOTE)
    if np.any(np.searchsorted(quotes, ends) & 1):
        return "line breaks or open quotes inside quotes"
    if len(quotes) & 1:
        return "a quote that is never closed"
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[np.maximum(opening - 1, 0)]
    after = data[np.minimum(closing + 1, len(data) - 1)]
    edges = np.zeros(256, dtype=bool)
    edges[[separator, _LF, _CR, _QUOTE]] = True
    opens = edges[before] | (opening == 0)
    closes = edges[after] | (closing == len(data) - 1)
    # A quote before the first opening one, or behind the last closing one, is its own partner.
    if not (np.all(opens) and np.all(closes)):
        return "quotes that do not enclose a whole cell"
    return None


def _longest(cells: Any, ends: _Places) -> int:
    starts = np.concatenate(([0], ends + 1))
    starts = starts[starts < len(cells)]
    return int(np.add.reduceat(cells.astype(np.int64), starts).max()) + 1
