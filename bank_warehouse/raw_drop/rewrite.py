"""Rewrite a text file as plain UTF-8 with its header on the first line, block by block."""

import codecs
import errno
import gzip
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bank_warehouse.raw_drop import temp_files
from bank_warehouse.raw_drop.errors import DropError

_BLOCK = 1024 * 1024


@contextmanager
def speaking_of(relative: str) -> Iterator[None]:
    """Turn a failed read or write into a refusal that names the file and, if known, the remedy."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DropError(
            f"{relative}: the gzip data is damaged or cut off ({problem}). Copy it again."
        ) from None
    except UnicodeDecodeError as problem:
        raise DropError(
            f"{relative}: not valid {problem.encoding.upper()} ({problem.reason}): the file is "
            "damaged, cut off or in another encoding. Copy it again, or save it as UTF-8."
        ) from None
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DropError(
                f"{relative}: the disk is full, so the file cannot be rewritten. Free some "
                "space, or set TMPDIR to a folder with more."
            ) from None
        raise DropError(f"{relative}: cannot be read: {problem.strerror or problem}.") from None


def as_utf8(path: Path, relative: str, *, is_gzip: bool, encoding: str, mark_length: int) -> Path:
    """Unpack and transcode `path` into a new UTF-8 file without a byte-order mark.

    Args:
        path: the file.
        relative: its name in messages.
        is_gzip: whether it is compressed.
        encoding: `utf-8` (bytes are copied unchanged) or a name Python knows.
        mark_length: length of the byte-order mark, which is left out.

    Raises:
        DropError: the data is damaged, the disk is full, or the file cannot be read.
    """
    target = temp_files.new_path(".csv")
    with speaking_of(relative):
        source: BinaryIO = gzip.open(path) if is_gzip else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
        with source, target.open("wb") as out:
            source.read(mark_length)
            if encoding == "utf-8":
                shutil.copyfileobj(source, out, _BLOCK)
            else:
                for text in _decoded(source, encoding):
                    out.write(text.encode("utf-8"))
    return target


def with_header_first(path: Path, relative: str, start: int, skipped: int) -> Path:
    """Copy `path` with a placeholder line, which no reader uses, in place of its first lines.

    Args:
        path: a file in UTF-8.
        relative: its name in messages.
        start: length of the byte-order mark in bytes, which is left out.
        skipped: number of lines to replace.

    Raises:
        DropError: the disk is full, or the file cannot be read.
    """
    target = temp_files.new_path(".csv")
    with speaking_of(relative), path.open("rb") as source, target.open("wb") as out:
        source.seek(start)
        head = source.read(_BLOCK)
        ends = [match.end() for match in re.finditer(rb"\r\n|\r|\n", head)]
        source.seek(start + (ends[skipped - 1] if len(ends) >= skipped else len(head)))
        out.write(b"header\n")
        shutil.copyfileobj(source, out, _BLOCK)
    return target


def _decoded(source: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := source.read(_BLOCK):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        problem.encoding = encoding  # Python says `charmap` for many encodings
        raise
