"""Puts semantic model and report together to the project that Power BI Desktop opens."""

import json
import shutil
from pathlib import Path
from typing import Any

from bank_warehouse.powerbi import report, tmdl
from bank_warehouse.powerbi.definitions import Model
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
    """Write the files into a folder and remove what an earlier run left."""
    for stale in WRITTEN_FOLDERS:
        if (folder / stale).is_dir():
            shutil.rmtree(folder / stale)
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


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
