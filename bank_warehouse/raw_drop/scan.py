"""Scan every byte of a text file for what DuckDB cannot read correctly.

The scan takes a few per cent of the time that DuckDB needs to read the file. It finds what DuckDB
1.5.5 misreads or fails on:

- bytes that are not UTF-8, which make the read fail, and NUL bytes, which stay in the data;
- lines longer than 1 MiB, because lines longer than about 2 MB make the read fail;
- quotes that are not paired as in RFC 4180: text after a closing quote is lost, and an open quote
    swallows the rest of the file;
- line breaks inside quotes, which make a parallel read that pads short rows fail;
- carriage returns inside a line: the next letter is lost if lines end in CR LF;
- rows with many more cells than the header: cells beyond the declared columns are lost.

A file in another encoding is then rewritten as UTF-8 and scanned again. If there is still trouble,
the fallback reader reads the file instead of DuckDB.

Blocks end at line ends, so each is scanned independently. The numpy operations work on whole
blocks, which fit in the processor's cache.
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

# How UTF-8 looks after it was read as Latin-1 or Windows-1252 and saved again: a letter from Â to
# ô, then a character that one of the bytes 80 to BF stands for.
_MISREAD = re.compile(
    rb"\xc3[\x82-\xb4](?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb][\x80-\xbf]|\xe2[\x80-\x84])"
)

_QUOTE, _LF, _CR, _SPACE = 0x22, 0x0A, 0x0D, 0x20
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
_Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Scan:
    """The result of scanning the bytes of a file.

    Attributes:
        trouble: why DuckDB cannot read the file directly, or None.
        is_utf8: whether all scanned bytes are UTF-8; the scan stops at the first trouble.
        has_quotes: whether there is a quote; if not, the read can ignore quotes.
        most_cells: number of cells of the longest row, at least the width of the header.
        has_rows: whether there is anything but blanks and separators below the first line.
        may_have_blanks: whether there may be rows of only blanks and separators. DuckDB looks for
            them only if this is true, because the check makes its read a third slower.
        may_be_misread: whether some characters look like UTF-8 that was read as Latin-1 or
            Windows-1252 and saved again.
    """

    trouble: str | None
    is_utf8: bool
    has_quotes: bool
    most_cells: int
    has_rows: bool
    may_have_blanks: bool
    may_be_misread: bool = False


def scan_text(path: Path, start: int, separator: str, width: int) -> Scan:
    """Scan the bytes of `path` from `start` on.

    Args:
        path: an uncompressed file that seems to be UTF-8.
        start: number of bytes to skip (the byte-order mark).
        separator: one ASCII character.
        width: number of cells of the header line.
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
    """Yield the file in blocks of whole lines; at a line longer than 1 MiB, yield None and stop."""
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
    """Return whether all bytes of a file are UTF-8. Unlike a scan, this reads the whole file."""
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
    """Return whether a line is empty, or begins with a blank, a separator or a quote."""
    starts = np.concatenate(([0], ends + 1))
    first = data[starts[starts < len(data)]]
    return bool(np.any((first <= _SPACE) | (first == _QUOTE) | (first == separator)))


def _trouble(block: bytes, data: _Bytes, ends: _Places) -> str | None:
    if b"\0" in block:
        return "NUL bytes"
    if b"\r" in block:
        in_pairs = np.count_nonzero(data[ends[ends > 0] - 1] == _CR)
        if np.count_nonzero(data == _CR) != in_pairs:
            return "carriage returns that are not part of CR LF"
    return None


def _quote_trouble(data: _Bytes, ends: _Places, separator: int) -> str | None:
    quotes = np.flatnonzero(data == _QUOTE)
    if np.any(np.searchsorted(quotes, ends) & 1):
        return "line breaks inside quotes, or a quote that is not closed in its line"
    if len(quotes) & 1:
        return "a quote that is never closed"
    opening, closing = quotes[0::2], quotes[1::2]
    before = data[np.maximum(opening - 1, 0)]
    after = data[np.minimum(closing + 1, len(data) - 1)]
    edges = np.zeros(256, dtype=bool)
    edges[[separator, _LF, _CR, _QUOTE]] = True
    opens = edges[before] | (opening == 0)
    closes = edges[after] | (closing == len(data) - 1)
    # A quote at the very start or end of the block has no neighbour there, and is accepted.
    if not (np.all(opens) and np.all(closes)):
        return "quotes that do not enclose a whole cell"
    return None


def _longest(cells: Any, ends: _Places) -> int:
    starts = np.concatenate(([0], ends + 1))
    starts = starts[starts < len(cells)]
    return int(np.add.reduceat(cells.astype(np.int64), starts).max()) + 1
