"""Detect the kind of a file, and unpack ZIP files within limits."""

import codecs
import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from bank_warehouse.raw_drop import temp_files
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile, name_hint
from bank_warehouse.raw_drop.head import detect_encoding
from bank_warehouse.raw_drop.mapping import MAPPING_NAMES
from bank_warehouse.raw_drop.rewrite import speaking_of

FileKind = Literal["text", "parquet", "xlsx", "ods", "archive"]

UNPACKED_LIMIT_SETTING = "BANK_RAW_UNPACKED_GIB"
DEFAULT_LIMIT_GIB = 2.0
# Compression makes client data 6 times smaller, and a workbook of identical cells 40 times.
_MOST_RATIO = 200
_MOST_MEMBERS = 1000
_BLOCK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EMPTY_ZIP = b"PK\x05\x06"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def kind_of(file: FoundFile) -> FileKind:
    """Return the kind of a file, judged by its content.

    A file whose name ends in `.parquet` or `.pq` also counts as Parquet. A file that is neither
    Parquet nor a ZIP file counts as text. If its name is that of a workbook or an archive and it
    does not begin with text, it is refused.

    Raises:
        DropError: files of this kind cannot be read, or the file is damaged, too large or
            protected by a password. The message says what to do.
    """
    name = file.relative.rstrip("]").lower()
    with speaking_of(file.relative), file.content.open("rb") as opened:
        first = opened.read(8)
        if first.startswith(_OLE):
            raise DropError(_old_or_encrypted(file, opened.read(8 << 20), name))
    if first.startswith(b"PAR1") or name.endswith((".parquet", ".pq")):
        return "parquet"
    if not first.startswith((b"PK\x03\x04", _EMPTY_ZIP)):
        is_archive = name.endswith((".xlsx", ".xlsm", ".ods", ".zip", ".xlsb", ".numbers", ".xls"))
        if is_archive and not _is_text(first):
            raise DropError(
                f"{file.relative}: not a .{name.rsplit('.', 1)[1]} file, although its name says "
                f"so: it begins with {first!r}. Give it the right extension, or save it again."
            )
        return "text"
    with open_archive(file) as archive:
        members = set(archive.namelist())
        if "xl/workbook.xml" in members:
            return "xlsx"
        if "xl/workbook.bin" in members:
            raise DropError(
                f"{file.relative}: a binary workbook (.xlsb). Save it as .xlsx, or as CSV."
            )
        if "content.xml" in members and "mimetype" in members:
            return "ods"
        if "Index/Document.iwa" in members:
            raise DropError(f"{file.relative}: a Numbers document. Export it as CSV or .xlsx.")
    return "archive"


def _is_text(first: bytes) -> bool:
    """Return whether a file with these first bytes can be text."""
    encoding, mark_length = detect_encoding(first)
    try:  # the last character may be cut off
        text = codecs.getincrementaldecoder(encoding)().decode(first[mark_length:])
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\r\n" for letter in text)


def _old_or_encrypted(file: FoundFile, rest: bytes, name: str) -> str:
    if _ENCRYPTED_STREAM in rest or name.endswith((".xlsx", ".xlsm")):
        return (
            f"{file.relative}: the workbook is protected by a password. Open it and save it "
            "without one."
        )
    return f"{file.relative}: an old Excel workbook (.xls). Save it as .xlsx, or as CSV."


def open_archive(file: FoundFile) -> zipfile.ZipFile:
    """Open a ZIP file or a workbook (also a ZIP file) and check its unpacked size.

    Raises:
        DropError: the archive is damaged or protected by a password, or would unpack to more than
            the limits allow.
    """
    try:
        archive = zipfile.ZipFile(file.content)
    except (zipfile.BadZipFile, OSError, ValueError) as problem:
        raise DropError(
            f"{file.relative}: a ZIP archive or an Excel workbook, but damaged or cut off "
            f"({problem}). Copy it again."
        ) from None
    limit = unpacked_limit()
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if any(entry.flag_bits & 1 for entry in entries):
        raise DropError(f"{file.relative}: protected by a password. Pack it without one.")
    if size > limit or (size > _BLOCK and size > _MOST_RATIO * packed):
        raise DropError(
            f"{file.relative}: would unpack to {size / 2**30:.2f} GiB, {size // packed} times "
            f"its size. The limits are {limit / 2**30:.3g} GiB and {_MOST_RATIO} times its size. "
            "If you trust the archive, unpack it yourself, or raise the first limit with "
            f"{UNPACKED_LIMIT_SETTING}."
        )
    return archive


def unpacked_limit() -> int:
    """Return how many bytes an archive may unpack to.

    Raises:
        DropError: BANK_RAW_UNPACKED_GIB is not a number above 0.
    """
    value = os.environ.get(UNPACKED_LIMIT_SETTING, "")
    try:
        limit = round(float(value or DEFAULT_LIMIT_GIB) * 2**30)
    except (ValueError, OverflowError):
        limit = 0
    if limit <= 0:
        raise DropError(
            f"{UNPACKED_LIMIT_SETTING} is {value!r}. Set it to a number of GiB above 0, such as 4."
        )
    return limit


def unpack(file: FoundFile, warnings: list[str]) -> Iterator[FoundFile]:
    """Unpack the files of a ZIP archive into the temporary folder and yield each.

    Mapping files are left out; so are empty files, with a warning.

    Raises:
        DropError: the archive cannot be opened, has no files, too many files or two files with the
            same name; or a file in it is damaged, is a link, has a path that leads out of the
            archive, or is larger than the archive states.
    """
    with open_archive(file) as archive:
        kept = _members(archive)
        if not kept:
            raise DropError(f"{file.relative}: the archive is empty. Pack the tables again.")
        twice = next((name for name, n in Counter(name for name, _ in kept).items() if n > 1), "")
        if twice:
            raise DropError(
                f"{file.relative}: holds two files named {twice}. Pack the archive again with one "
                "of them."
            )
        if len(kept) > _MOST_MEMBERS:
            raise DropError(
                f"{file.relative}: holds {len(kept)} files. Unpack it and keep only the tables."
            )
        left = unpacked_limit()
        for name, entry in kept:
            inner = PurePosixPath(name)
            where = f"{file.relative}[{name}]"
            if inner.name in MAPPING_NAMES:
                continue
            if inner.is_absolute() or ".." in inner.parts:
                raise DropError(
                    f"{where}: the path leads out of the archive. Pack the tables without folders."
                )
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise DropError(f"{where}: a link. Pack the file itself.")
            if entry.file_size == 0:
                warnings.append(f"{where}: ignored: the file is empty.")
                continue
            hint, form = name_hint(inner.name)
            if hint is None:
                hint, form = file.hint, file.form
            target = temp_files.new_path(inner.suffix if len(inner.suffix) < 9 else "")
            left -= _unpack_one(archive, entry, where, target, left)
            yield replace(file, relative=where, hint=hint, form=form, unpacked=target)


def unpack_mappings(file: FoundFile) -> Iterator[tuple[str, Path]]:
    """Unpack the mapping files of a ZIP archive, and yield the name and the path of each.

    Raises:
        DropError: a mapping file in the archive is damaged.
    """
    with ExitStack() as opened:
        try:
            if kind_of(file) != "archive":
                return
            members = _members(archive := opened.enter_context(open_archive(file)))
        except DropError:
            return
        for name, entry in members:
            if PurePosixPath(name).name in MAPPING_NAMES:
                where, target = f"{file.relative}[{name}]", temp_files.new_path(".yml")
                _unpack_one(archive, entry, where, target, unpacked_limit())
                yield where, target


def _members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """Return the files of an archive that are not hidden; names have forward slashes."""
    # Some programs on Windows write backslashes.
    named = [(entry.filename.replace("\\", "/"), entry) for entry in archive.infolist()]
    return [
        (name, entry)
        for name, entry in named
        if not name.endswith("/") and not _is_hidden(PurePosixPath(name))
    ]


def _unpack_one(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, target: Path, left: int
) -> int:
    written = 0
    try:
        with speaking_of(where), archive.open(entry) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > left:  # the size that the archive states may be wrong
                    raise DropError(
                        f"{where}: unpacks to more than the archive states. Unpack it yourself, "
                        f"or raise {UNPACKED_LIMIT_SETTING}."
                    )
                out.write(block)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as problem:
        raise DropError(
            f"{where}: damaged, or packed with an unknown method ({problem}). Pack it again with "
            "the usual ZIP compression."
        ) from None
    return written


def _is_hidden(path: PurePosixPath) -> bool:
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith((".", "~"))
