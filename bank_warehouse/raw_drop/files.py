"""The files of a raw drop, and the table that each name suggests.

The headers of a file decide which table it holds. Its name is only a hint. The name also shows
whether the file is one part of a table: `banking-clients-2021-01.csv`, `clients_part2.csv.gz`, or
any file in a folder with the name of the table. Links that lead out of the folder are refused. A
file that cannot be used is reported, unless this project wrote it.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from bank_warehouse.publish.releases import CURRENT, release_numbers
from bank_warehouse.raw_drop.errors import DropError, Problems, refuse_unprintable, shown
from bank_warehouse.raw_drop.mapping import MAPPING_NAMES
from bank_warehouse.raw_drop.schema import TABLES, RawTable, normalise

TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".psv", ".dat")
PARQUET_SUFFIXES = (".parquet", ".pq")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".ods")
# These cannot be read. They are recognised so that the message can say what to do with them.
_REFUSED_SUFFIXES = (".xls", ".xlsb", ".numbers")
READABLE_SUFFIXES = (
    *TEXT_SUFFIXES,
    *(suffix + ".gz" for suffix in TEXT_SUFFIXES),
    *PARQUET_SUFFIXES,
    *WORKBOOK_SUFFIXES,
    *_REFUSED_SUFFIXES,
    ".zip",
)
OUR_SUFFIXES = (
    ".duckdb",
    ".duckdb.wal",
    ".duckdb.tmp",
    ".build_record.json",
    ".checks_record.json",
    ".accepted_profile.parquet",
    "_data_docs",
)
"""Suffixes of the files and folders that a build, the checks and `bank accept` write."""

# What may follow the name of a table if the file is one of several parts: `-2021-01`, `_part2`,
# `.0003`, ` 2 of 5`, `-2021Q3`, `_a`.
_PART = re.compile(
    r"^(?:[\s._-]*(?:part|p|chunk|batch|file|page|of|y|q|m|w|h|v)?[\s._-]*\d+)+$|^[\s._-]+[a-z]{1,2}$",
    re.IGNORECASE,
)
_COPY = re.compile(r"^\s*(?:\(\d+\)|[-_ ]*(?:kopie|copy)(?:[ _-]*\(?\d+\)?)?)$", re.IGNORECASE)


@dataclass(frozen=True)
class FoundFile:
    """A file of a raw drop.

    Attributes:
        path: absolute path of the file as delivered.
        relative: path relative to the raw folder, with forward slashes; in an archive,
            `archive.zip[clients.csv]`. Also the `source_file` of its rows.
        size: size in bytes as delivered.
        modified_ns: time of the last change, in nanoseconds since 1970.
        hint: the table that its name suggests, or None.
        form: `whole`, `part` or `folder`, from the name; empty without a hint.
        unpacked: path of its unpacked content if it comes from an archive, else None.
    """

    path: Path
    relative: str
    size: int
    modified_ns: int
    hint: RawTable | None
    form: str
    unpacked: Path | None = None

    @property
    def content(self) -> Path:
        """The path to read: that of the unpacked file if there is one."""
        return self.unpacked or self.path


@dataclass(frozen=True)
class Listing:
    """The files of a drop.

    Attributes:
        root: the folder that holds them.
        files: in natural order.
        warnings: a message for each file or folder that was ignored.
        doubtful: a message for each file that cannot be read and does not have the name of a table.
    """

    root: Path
    files: tuple[FoundFile, ...]
    warnings: tuple[str, ...]
    doubtful: tuple[str, ...]


def rank_of(table: RawTable | None) -> int:
    """Return the position of a table in the list of tables; 0 for the clients and for None."""
    return [*TABLES].index(table.name) if table else 0


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which `part2` comes before `part10`."""
    return tuple(
        (0, int(piece), piece) if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", text)
        if piece
    )


def list_drop(path: Path, problems: Problems) -> Listing:
    """List the files of a drop.

    Args:
        path: the folder that holds them, or one file.
        problems: collects the problems of individual files.

    Raises:
        DropError: as in :func:`require_drop`, or `path` is a file that cannot be read.
    """
    require_drop(path)
    target = _open(path)
    if not target.is_dir():
        hint, form = name_hint(target.name)
        file = _examine(target.parent, target.name, hint, form)
        return Listing(target.parent, (file,), (), ())
    found: list[FoundFile] = []
    warnings: list[str] = []
    doubtful: list[str] = []
    for name in sorted((entry.name for entry in target.iterdir()), key=natural_key):
        if name in MAPPING_NAMES:
            continue
        is_folder = (target / name).is_dir()
        hint, form = name_hint(name, is_folder)
        if is_folder and hint is not None:
            with problems.noting(rank_of(hint)):
                _walk(target, name, hint, found, warnings, problems)
        elif _is_ours(target / name):
            continue
        elif is_folder or _suffix(name) is None or name.startswith((".", "~")):
            warnings.append(_ignored(name, is_folder))
        else:
            try:
                found.append(_examine(target, name, hint, form))
            except DropError as refused:
                if hint is None and shown(name) == name:
                    doubtful.append(str(refused))
                else:
                    problems.add(rank_of(hint), str(refused))
    return Listing(target, tuple(found), tuple(warnings), tuple(doubtful))


def require_drop(path: Path) -> None:
    """Refuse what cannot be a drop, without opening its files.

    Raises:
        DropError: there is no such folder or file, its name is not UTF-8, this user is not allowed
            to list it, or it holds nothing of a known kind.
    """
    target = _open(path)
    is_folder = target.is_dir()
    entries = list(target.iterdir()) if is_folder else [target]
    if not entries:
        raise DropError(f"{path}: the folder is empty. Copy the raw files into it.")
    if not any(_suffix(entry.name) or (is_folder and entry.is_dir()) for entry in entries):
        kinds = ", ".join((*TEXT_SUFFIXES, *PARQUET_SUFFIXES, *WORKBOOK_SUFFIXES, ".zip"))
        raise DropError(
            f"{path}: no file of a known kind ({kinds}; text also with .gz). Export the tables "
            "as CSV, Parquet or .xlsx."
        )


def _open(path: Path) -> Path:
    refuse_unprintable(str(path))
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DropError(
            f"{path}: no such folder or file. Give the path of the folder that holds the raw "
            "files, or of a single file."
        ) from None
    refuse_unprintable(str(target))
    if not target.is_dir() and not target.is_file():
        raise DropError(
            f"{path}: neither a folder nor a regular file. Give the path of the folder that holds "
            "the raw files, or of a single file."
        )
    if target.is_dir() and not os.access(target, os.R_OK | os.X_OK):
        raise DropError(
            f"{path}: this user is not allowed to list it. Give this user the right to do so."
        )
    return target


def _suffix(name: str) -> str | None:
    lowered = name.lower()
    return next((s for s in READABLE_SUFFIXES if lowered.endswith(s) and len(name) > len(s)), None)


def name_hint(name: str, is_folder: bool = False) -> tuple[RawTable | None, str]:
    """Return the table that a file, folder or sheet name suggests, and its `FoundFile.form`."""
    suffix = None if is_folder else _suffix(name)
    stem = name[: -len(suffix)] if suffix else name
    for table in TABLES.values():
        for known in table.stems:
            if normalise(stem) == normalise(known):
                return table, "folder" if is_folder else "whole"
            rest = None if is_folder else _behind(stem, known)
            if rest is not None and _COPY.match(rest):
                return table, "whole"
            if rest is not None and _PART.match(rest):
                return table, "part"
    return None, ""


def _behind(stem: str, known: str) -> str | None:
    """Return what follows the name `known` in `stem`; None if `stem` does not begin with it."""
    wanted = normalise(known)
    for length in range(len(wanted), len(stem)):
        if normalise(stem[:length]) == wanted:
            return stem[length:]
    return None


def _ignored(name: str, is_folder: bool, *, is_hidden: bool = False) -> str:
    name, is_table = shown(name), _suffix(name) is not None
    if is_folder:
        return f"{name}/: ignored: the folder does not have the name of a raw table."
    if not is_table and not is_hidden:
        return f"{name}: ignored: its extension is not that of a table, workbook or archive."
    return f"{name}: ignored: its name is that of a hidden, temporary or marker file."


def _is_ours(path: Path) -> bool:
    """Return whether this project wrote a file or folder, such as a warehouse or its releases."""
    is_release_folder = (path / CURRENT).exists() and bool(release_numbers(path))
    return path.name.endswith(OUR_SUFFIXES) or is_release_folder


def _walk(
    root: Path,
    folder: str,
    hint: RawTable,
    found: list[FoundFile],
    warnings: list[str],
    problems: Problems,
) -> None:
    inside: list[FoundFile] = []
    passed_over: list[str] = []
    pending = [folder]
    while pending:
        current = pending.pop()
        _stay_inside(root, current)
        for entry in (root / current).iterdir():
            relative = f"{current}/{entry.name}"
            if entry.name.startswith((".", "~")) or entry.name == "_SUCCESS":
                passed_over.append(_ignored(relative, False, is_hidden=True))
            elif entry.is_dir():
                if entry.is_symlink():
                    raise DropError(
                        f"{shown(relative)}: a link to a folder. Replace it with the files."
                    )
                pending.append(relative)
            elif _suffix(entry.name) is None:
                passed_over.append(_ignored(relative, False))
            else:
                with problems.noting(rank_of(hint)):
                    inside.append(_examine(root, relative, hint, "folder"))
    found.extend(sorted(inside, key=lambda file: natural_key(file.relative)))
    warnings.extend(sorted(passed_over))


def find_mapping(folder: Path) -> Path | None:
    """Return the mapping file in `folder`, or None.

    Raises:
        DropError: there are two, or the file is a broken link or a link out of the folder.
    """
    there = [name for name in MAPPING_NAMES if os.path.lexists(folder / name)]
    if len(there) > 1:
        raise DropError(f"{folder}: two mapping files, {' and '.join(there)}. Keep one.")
    return _stay_inside(folder, there[0]) if there else None


def _stay_inside(root: Path, relative: str) -> Path:
    """Return the path of a file in the raw folder.

    Raises:
        DropError: it is a broken link, or a link out of the folder.
    """
    refuse_unprintable(relative)
    path = root / relative
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DropError(
            f"{relative}: a broken link. Put the file itself into the raw folder."
        ) from None
    if not target.is_relative_to(root):
        raise DropError(
            f"{relative}: a link out of the raw folder. Replace it with a copy of the file: "
            "nothing outside the folder is read."
        )
    return path


def _examine(root: Path, relative: str, hint: RawTable | None, form: str) -> FoundFile:
    path = _stay_inside(root, relative)
    try:
        status = path.stat()
    except OSError as problem:
        raise DropError(f"{relative}: cannot be read: {problem.strerror}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise DropError(f"{relative}: not a regular file. Replace it with a table or a workbook.")
    if not os.access(path, os.R_OK):
        raise DropError(
            f"{relative}: this user is not allowed to read it. Give this user the right to do so."
        )
    if status.st_size == 0:
        raise DropError(f"{relative}: the file is empty (0 bytes). Copy it again.")
    return FoundFile(
        path=path.resolve(),
        relative=relative,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        hint=hint,
        form=form,
    )


def is_same_content(one: Path, other: Path) -> bool:
    """Return whether two files hold the same bytes."""
    if one == other:
        return True
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            left, right = first.read(1 << 20), second.read(1 << 20)
            if left != right:
                return False
            if not left:
                return True
