"""Combines the semantic model and the report into a project that Power BI Desktop opens."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bank_warehouse.interrupts import undisturbed
from bank_warehouse.powerbi import report, tmdl
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import DRAFTS, PowerBIError, naming_files, read_text
from bank_warehouse.powerbi.names import identifier
from bank_warehouse.powerbi.page_parts import Bookmark, Page
from bank_warehouse.powerbi.pages import BOOKMARKS
from bank_warehouse.powerbi.report_files import SCHEMAS
from bank_warehouse.whole_files import Draft

NAME = "Bank"
MODEL_FOLDER = f"{NAME}.SemanticModel"
REPORT_FOLDER = f"{NAME}.Report"
WRITTEN_FOLDERS = (
    f"{MODEL_FOLDER}/definition",
    f"{REPORT_FOLDER}/definition",
    f"{REPORT_FOLDER}/StaticResources",
)
"""Folders that this module owns: it removes stale files from them."""
RIGHTS = "give this user the right to write there"


def files(
    model: Model,
    pages: tuple[Page, ...],
    bookmarks: tuple[Bookmark, ...] = BOOKMARKS,
) -> dict[str, str]:
    """Return the text of every file of the project, by its path."""
    written = {
        f"{MODEL_FOLDER}/definition/{path}": text for path, text in tmdl.write(model).items()
    }
    for path, content in report.write(model, pages, bookmarks).items():
        written[f"{REPORT_FOLDER}/{path}"] = as_json(content)
    written |= {
        f"{NAME}.pbip": as_json(
            {
                "$schema": SCHEMAS["pbip"],
                "version": "1.0",
                "artifacts": [{"report": {"path": REPORT_FOLDER}}],
                "settings": {"enableAutoRecovery": True},
            }
        ),
        f"{MODEL_FOLDER}/definition.pbism": as_json(
            {"$schema": SCHEMAS["pbism"], "version": "4.2", "settings": {}}
        ),
        f"{MODEL_FOLDER}/.platform": _platform("SemanticModel"),
        f"{REPORT_FOLDER}/definition.pbir": as_json(
            {
                "$schema": SCHEMAS["pbir"],
                "version": "4.0",
                "datasetReference": {"byPath": {"path": f"../{MODEL_FOLDER}"}},
            }
        ),
        f"{REPORT_FOLDER}/.platform": _platform("Report"),
        ".gitignore": "# What Power BI Desktop keeps for one person on one machine.\n.pbi/\n",
    }
    return dict(sorted(written.items()))


def write(folder: Path, written: dict[str, str], other: Draft | None = None) -> None:
    """Write all files to a folder and remove stale files of earlier runs, or change nothing.

    Args:
        folder: folder of the project.
        written: the text of each file.
        other: draft of a file outside the folder. It replaces that file last.

    Raises:
        PowerBIError: a file cannot be written or replaced, or something that no earlier run wrote
            is in its place; nothing has changed.
    """
    remedy = f"{RIGHTS}, or name another folder with --out. The project is as it was."
    moved: list[tuple[Path, Path]] = []
    with naming_files(folder, f"close Power BI Desktop, {remedy}"):
        _refuse_others(folder, written)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=DRAFTS, dir=folder, ignore_cleanup_errors=True
        ) as made:
            new, old = Path(made) / "new", Path(made) / "old"
            for path, text in written.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_text(text, encoding="utf-8", newline="\n")
            with undisturbed():  # the old files are in the temporary folder until the end
                try:
                    for name in (*WRITTEN_FOLDERS, *_single(written)):
                        if os.path.lexists(folder / name):
                            (old / name).parent.mkdir(parents=True, exist_ok=True)
                            _move(folder / name, old / name, moved)
                        if (new / name).exists():
                            (folder / name).parent.mkdir(parents=True, exist_ok=True)
                            _move(new / name, folder / name, moved)
                    if other:
                        other.place()
                except BaseException:
                    for source, target in reversed(moved):
                        target.replace(source)
                    raise


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    source.replace(target)
    moved.append((source, target))


def _single(paths: Iterable[str]) -> list[str]:
    """Return the files outside the folders that are replaced as a whole."""
    return [
        path for path in paths if not path.startswith(tuple(f"{each}/" for each in WRITTEN_FOLDERS))
    ]


def _refuse_others(folder: Path, written: Mapping[str, str]) -> None:
    """Refuse to replace files that no earlier run can have written.

    Raises:
        PowerBIError: a file is where the project needs a folder or vice versa, or the
            `.gitignore` belongs to another project.
    """
    remedy = "move it, or name another folder with --out."
    folders = (MODEL_FOLDER, REPORT_FOLDER, *WRITTEN_FOLDERS)
    for name in (*folders, *_single(written)):
        path = folder / name
        if path.exists() and path.is_dir() != (name in folders):
            kind, needed = ("folder", "file") if path.is_dir() else ("file", "folder")
            raise PowerBIError(
                f"{path} is a {kind}, but a Power BI project needs a {needed} there: {remedy}"
            )
    path = folder / ".gitignore"
    is_project = (folder / f"{NAME}.pbip").exists()
    if path.exists() and not is_project and not holds(path, written.get(path.name, "")):
        raise PowerBIError(f"{path} does not belong to a Power BI project: {remedy}")


def differences(folder: Path, written: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that `write` would change.

    Raises:
        PowerBIError: something in the folder cannot be read, or `write` would refuse it.
    """
    with naming_files(folder, "give this user the right to read it."):
        _refuse_others(folder, written)
        there = {
            path.relative_to(folder).as_posix()
            for name in WRITTEN_FOLDERS
            for path in (folder / name).rglob("*")
            if not path.is_dir()
        }
    return sorted(
        path
        for path in there | written.keys()
        if path not in written or not holds(folder / path, written[path])
    )


def holds(path: Path, text: str) -> bool:
    """Return whether a file exists and holds exactly `text`, except for line endings.

    Raises:
        PowerBIError: the file exists but cannot be read.
    """
    with naming_files(path, "give this user the right to read it."):
        return path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == text.encode()


def read(folder: Path) -> dict[str, str]:
    """Return the current files of a project folder by path, without `.pbi`.

    Raises:
        PowerBIError: a file cannot be read, or is not UTF-8.
    """
    return {
        path.relative_to(folder).as_posix(): read_text(path, "restore it from git.")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".pbi" not in path.relative_to(folder).parts
    }


def as_json(content: Any) -> str:
    """Return content as JSON text, in the form in which it is written."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _platform(kind: str) -> str:
    return as_json(
        {
            "$schema": SCHEMAS["platform"],
            "metadata": {"type": kind, "displayName": NAME},
            "config": {"version": "2.0", "logicalId": identifier("item", kind)},
        }
    )
