"""Which files of a raw drop belong to which table.

A drop is a folder, or one file, which holds the clients unless its name says otherwise. In a folder
a table is one file under one of its names, several files of that name with a part behind it
(`banking-clients-2021-01.csv`, `clients_part2.csv.gz`), or a folder of that name. Whatever
would count customers twice (a table under two names, the same file twice) or lead out of the
folder is refused; a file that is none of these is reported, never skipped in silence.
"""

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.schema import TABLES, RawTable, normalise

TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".psv", ".dat")
PARQUET_SUFFIXES = (".parquet", ".pq")
READABLE_SUFFIXES = (
    *TEXT_SUFFIXES,
    *(suffix + ".gz" for suffix in TEXT_SUFFIXES),
    *PARQUET_SUFFIXES,
)

# What may stand between the name of a table and its extension in a file that is one part of
# several: `-2021-01`, `_part2`, `.0003`, ` 2 of 5`, `-2021Q3`, `_a`.
_PART = re.compile(
    r"^(?:[\s._-]*(?:part|p|chunk|batch|file|page|of|y|q|m|w|h|v)?[\s._-]*\d+)+$|^[\s._-]+[a-z]{1,2}$",
    re.IGNORECASE,
)
_COPY = re.compile(r"^\s*(?:\(\d+\)|[-_ ]*(?:kopie|copy)(?:[ _-]*\(?\d+\)?)?)$", re.IGNORECASE)


@dataclass(frozen=True)
class FoundFile:
    """A file of a raw drop.

    Attributes:
        path: absolute path.
        relative: path from the raw folder, with forward slashes.
        size: bytes.
        modified_ns: time of the last change, nanoseconds since 1970.
        is_parquet: whether the extension says Parquet.
    """

    path: Path
    relative: str
    size: int
    modified_ns: int
    is_parquet: bool


@dataclass(frozen=True)
class Findings:
    """The files of one table, in natural order, and what was passed over on the way."""

    files: tuple[FoundFile, ...]
    warnings: tuple[str, ...]


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which `part2` comes before `part10`."""
    return tuple(
        (0, int(piece), piece) if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", text)
        if piece
    )


def find_files(raw_dir: Path, table: RawTable) -> Findings:
    """Find the files of `table` below `raw_dir`.

    Args:
        raw_dir: the folder that holds the drop, or its one file.
        table: the raw table looked for.

    Returns:
        At least one file; none for an optional table that is not there. Files that belong to no
        table are reported with the clients only, so that each is reported once.

    Raises:
        DropError: no folder, no such table, the table under two names, a file twice, a link out
            of the folder, or something that is not a plain file.
    """
    root, names = _open_root(raw_dir)
    is_one_file = raw_dir.is_file()
    whole: list[str] = []
    parts: list[str] = []
    folders: list[str] = []
    warnings: list[str] = []
    for name in names:
        is_folder = (root / name).is_dir()
        owner, form = _owner(name, is_folder)
        if owner is None and is_one_file:
            owner, form = TABLES["clients"], "whole"
        if owner is None:
            if table.name == "clients":
                warnings.append(_ignored(name, is_folder))
        elif owner.name == table.name:
            {"whole": whole, "part": parts, "folder": folders}[form].append(name)

    if len(whole) + len(folders) > 1 or (folders and parts):
        given = ", ".join([*whole, *(folder + "/" for folder in folders), *parts])
        raise DropError(
            f"{raw_dir}: {table.name} is there more than once ({given}): reading all would count "
            "its rows twice. Keep one; if they are parts of one table, name them "
            f"{table.stems[0]}-1.csv, {table.stems[0]}-2.csv and so on, or put them into a "
            f"folder named {table.stems[0]}."
        )
    if folders:
        found, passed_over = _walk(root, folders[0])
        warnings.extend(passed_over)
    else:
        found = [_examine(root, name) for name in sorted([*whole, *parts], key=natural_key)]
    if not found and table.required:
        raise DropError(_absent(raw_dir, table, names))
    if not found:
        warnings.append(f"{table.name}: optional, and not in the drop: read as no rows.")
    _refuse_twins(found)
    return Findings(tuple(found), tuple(warnings))


def root_of(raw_dir: Path) -> Path:
    """Return the folder that the files of a drop are in, without links."""
    root = raw_dir.resolve()
    return root.parent if root.is_file() else root


def require_drop(raw_dir: Path) -> None:
    """Refuse what cannot be a drop, without a look into its files.

    Raises:
        DropError: there is no such folder or file, or nothing in it that can be read.
    """
    _, names = _open_root(raw_dir)
    if not names:
        raise DropError(f"{raw_dir}: the folder is empty. Copy the raw files into it.")
    if not any((raw_dir / name).is_dir() or _suffix(name) for name in names):
        kinds = ", ".join((*TEXT_SUFFIXES, *PARQUET_SUFFIXES))
        raise DropError(
            f"{raw_dir}: no file of a kind that is read ({kinds}; text also with .gz). Export the "
            "tables as CSV or Parquet."
        )


def _open_root(raw_dir: Path) -> tuple[Path, list[str]]:
    """Return the folder of a drop, and the names in it, in natural order."""
    try:
        raw_dir.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DropError(
            f"{raw_dir}: no such folder or file. Name the folder that holds the raw files: `bank "
            "build FOLDER`, or BANK_RAW_DIR; with neither the shipped seeds are built."
        ) from None
    root = root_of(raw_dir)
    if raw_dir.is_file():
        return root, [raw_dir.resolve().name]
    if not root.is_dir():
        raise DropError(
            f"{raw_dir}: neither a folder nor a plain file. Name the folder of the drop."
        )
    if not os.access(root, os.R_OK | os.X_OK):
        raise DropError(f"{raw_dir}: may not be listed. Give this user the right to read it.")
    return root, sorted((entry.name for entry in root.iterdir()), key=natural_key)


def _suffix(name: str) -> str | None:
    lowered = name.lower()
    return next((s for s in READABLE_SUFFIXES if lowered.endswith(s) and len(name) > len(s)), None)


def _owner(name: str, is_folder: bool) -> tuple[RawTable | None, str]:
    """Return the table that the file or folder `name` belongs to, and in which form."""
    if name.startswith((".", "~")):
        return None, ""
    suffix = _suffix(name)
    if is_folder:
        stem = name
    elif suffix is None:
        return None, ""
    else:
        stem = name[: -len(suffix)]
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
    """Return what stands in `stem` behind the name `known`, null if it does not begin with it."""
    wanted = normalise(known)
    for length in range(len(wanted), len(stem)):
        if normalise(stem[:length]) == wanted:
            return stem[length:]
    return None


def _ignored(name: str, is_folder: bool) -> str:
    if is_folder:
        return f"{name}/: ignored: no raw table has a folder of this name."
    if _suffix(name) is None:
        return f"{name}: ignored: not a CSV or Parquet file by its extension."
    return f"{name}: ignored: no raw table goes by this name."


def _walk(root: Path, folder: str) -> tuple[list[FoundFile], list[str]]:
    found: list[FoundFile] = []
    warnings: list[str] = []
    pending = [folder]
    while pending:
        current = pending.pop()
        _stay_inside(root, current)
        for entry in (root / current).iterdir():
            relative = f"{current}/{entry.name}"
            if entry.name.startswith((".", "~")) or entry.name == "_SUCCESS":
                warnings.append(f"{relative}: ignored: hidden or temporary by its name.")
            elif entry.is_dir():
                if entry.is_symlink():
                    raise DropError(
                        f"{relative}: a link to a folder. Put the files themselves there."
                    )
                pending.append(relative)
            elif _suffix(entry.name) is None:
                warnings.append(_ignored(relative, False))
            else:
                found.append(_examine(root, relative))
    found.sort(key=lambda file: natural_key(file.relative))
    return found, sorted(warnings)


def _stay_inside(root: Path, relative: str) -> Path:
    path = root / relative
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DropError(
            f"{relative}: a link that leads nowhere. Put the file itself into the raw folder."
        ) from None
    if not target.is_relative_to(root):
        raise DropError(
            f"{relative}: a link out of the raw folder. Put a copy of the file there instead: "
            "nothing outside the folder is read."
        )
    return path


def _examine(root: Path, relative: str) -> FoundFile:
    path = _stay_inside(root, relative)
    try:
        status = path.stat()
    except OSError as problem:
        raise DropError(f"{relative}: cannot be read: {problem.strerror}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise DropError(f"{relative}: not a plain file. Put a CSV or Parquet file there.")
    if not os.access(path, os.R_OK):
        raise DropError(f"{relative}: may not be read. Give this user the right to read it.")
    if status.st_size == 0:
        raise DropError(f"{relative}: the file is empty (0 bytes). Copy it again.")
    return FoundFile(
        path=path.resolve(),
        relative=relative,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        is_parquet=relative.lower().endswith(PARQUET_SUFFIXES),
    )


def _refuse_twins(found: list[FoundFile]) -> None:
    """Refuse two files of one content: the same rows would count twice."""
    by_size: dict[int, list[FoundFile]] = {}
    for file in found:
        for other in by_size.setdefault(file.size, []):
            if other.path == file.path or _same_content(other.path, file.path):
                raise DropError(
                    f"{other.relative} and {file.relative} hold the same bytes: their rows would "
                    "count twice. Remove one of them."
                )
        by_size[file.size].append(file)


def _same_content(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            left, right = first.read(1 << 20), second.read(1 << 20)
            if left != right:
                return False
            if not left:
                return True


def _absent(raw_dir: Path, table: RawTable, names: Iterable[str]) -> str:
    looked_for = ", ".join(stem + ".csv" for stem in table.stems)
    there = ", ".join(list(names)[:20]) or "nothing"
    return (
        f"{raw_dir}: no file for {table.name}. Looked for {looked_for} (or .csv.gz, .tsv, .txt, "
        f".parquet, parts such as {table.stems[0]}-2.csv, or a folder {table.stems[0]}/); the "
        f"folder holds: {there}. Rename the file to one of these names."
    )
