"""Puts semantic model and report together to the project that Power BI Desktop opens."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from bank_warehouse.powerbi import report, tmdl
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.names import identifier
from bank_warehouse.powerbi.page_parts import Bookmark, Page
from bank_warehouse.powerbi.pages import BOOKMARKS
from bank_warehouse.powerbi.report_files import SCHEMAS

NAME = "Bank"
MODEL_FOLDER = f"{NAME}.SemanticModel"
REPORT_FOLDER = f"{NAME}.Report"
WRITTEN_FOLDERS = (
    f"{MODEL_FOLDER}/definition",
    f"{REPORT_FOLDER}/definition",
    f"{REPORT_FOLDER}/StaticResources",
)
"""Folders that hold nothing but what is written here; what is stale in them is removed."""


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


def write(folder: Path, written: dict[str, str]) -> None:
    """Write the files into a folder and remove what an earlier run left: all of it, or nothing.

    Raises:
        PowerBIError: something could not be written or replaced; the folder is as it was.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".bank-powerbi-", dir=folder) as made:
            new, old = Path(made) / "new", Path(made) / "old"
            for path, text in written.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_text(text, encoding="utf-8", newline="\n")
            whole = {f"{name}/" for name in WRITTEN_FOLDERS}
            single = [path for path in written if not path.startswith(tuple(whole))]
            try:
                for name in (*WRITTEN_FOLDERS, *single):
                    if os.path.lexists(folder / name):
                        (old / name).parent.mkdir(parents=True, exist_ok=True)
                        _move(folder / name, old / name, moved)
                    if (new / name).exists():
                        (folder / name).parent.mkdir(parents=True, exist_ok=True)
                        _move(new / name, folder / name, moved)
            except OSError:
                for source, target in reversed(moved):
                    target.replace(source)
                raise
    except OSError as problem:
        message = (
            f"{problem.filename or folder}: cannot be written: {problem.strerror or problem}. "
            "Close Power BI Desktop, give this user the right to write there, or name another "
            "folder with --out. The project is as it was."
        )
        raise PowerBIError(message) from problem


def _move(source: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    source.replace(target)
    moved.append((source, target))


def read(folder: Path) -> dict[str, str]:
    """Return the files of a project folder as they are, by their path, without `.pbi`.

    Raises:
        UnicodeDecodeError: a file is not UTF-8.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".pbi" not in path.relative_to(folder).parts
    }


def as_json(content: Any) -> str:
    """Return content as the JSON text that is written."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _platform(kind: str) -> str:
    return as_json(
        {
            "$schema": SCHEMAS["platform"],
            "metadata": {"type": kind, "displayName": NAME},
            "config": {"version": "2.0", "logicalId": identifier("item", kind)},
        }
    )
