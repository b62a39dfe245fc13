"""Where the project, its warehouse and its releases are, from whatever folder a command starts."""

import os
from pathlib import Path

PROJECT_FILE = "dbt_project.yml"
PROJECT_NAME = "name: bank_warehouse"


def find_project() -> Path | None:
    """Return the folder of the dbt project, None where there is none.

    Looked for in DBT_PROJECT_DIR, in the working folder and the folders above it, and in the
    checkout that this package is installed from.
    """
    named = os.environ.get("DBT_PROJECT_DIR")
    here = Path.cwd()
    candidates = [Path(named)] if named else [here, *here.parents, Path(__file__).parents[1]]
    return next((folder.resolve() for folder in candidates if _is_project(folder)), None)


def _is_project(folder: Path) -> bool:
    try:
        lines = (folder / PROJECT_FILE).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return PROJECT_NAME in lines


def warehouse_path() -> Path:
    """Return the warehouse that BANK_WAREHOUSE names, or the usual one of the project."""
    named = os.environ.get("BANK_WAREHOUSE")
    return Path(named) if named else _in_project("warehouse", "bank.duckdb")


def publish_folder() -> Path:
    """Return the folder that BANK_PUBLISH_DIR names, or the usual one of the project."""
    named = os.environ.get("BANK_PUBLISH_DIR")
    return Path(named) if named else _in_project("published")


def _in_project(*parts: str) -> Path:
    """Return a path in the project, short where the working folder is the project's."""
    path = (find_project() or Path.cwd()).joinpath(*parts)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
