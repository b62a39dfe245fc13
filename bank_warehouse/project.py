"""Find the project, its warehouse and its releases from any working folder."""

import os
from pathlib import Path

import click

PROJECT = "bank_warehouse"
PROJECT_FILE = "dbt_project.yml"


class CannotStartError(click.ClickException):
    """Something that a command needs is missing or unusable; the message says what to do."""

    exit_code = 2


def find_project(named: Path | None = None) -> Path | None:
    """Return the folder of the dbt project, or None.

    Args:
        named: the folder, if known; otherwise the one that DBT_PROJECT_DIR names. If neither is
            set, the working folder, the folders above it, and the clone that this package is
            installed from are searched.
    """
    declared = named or os.environ.get("DBT_PROJECT_DIR")
    here = Path.cwd()
    candidates = [Path(declared)] if declared else [here, *here.parents, Path(__file__).parents[1]]
    return next((folder.resolve() for folder in candidates if _is_project(folder)), None)


def require_project(named: Path | None = None) -> Path:
    """Return the folder of the dbt project.

    Raises:
        CannotStartError: there is no such folder.
    """
    project = find_project(named)
    if project is None:
        looked_in = named or os.environ.get("DBT_PROJECT_DIR") or Path.cwd()
        message = (
            f"The dbt project bank_warehouse is not in {looked_in}.\n"
            "Run the command in a clone, or name the clone with --project-dir."
        )
        raise CannotStartError(message)
    return project


def _is_project(folder: Path) -> bool:
    try:
        lines = (folder / PROJECT_FILE).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return f"name: {PROJECT}" in lines


def warehouse_path(project: Path | None = None) -> Path:
    """Return the warehouse that BANK_WAREHOUSE names, or the project's default."""
    named = os.environ.get("BANK_WAREHOUSE")
    return Path(named) if named else in_project(project, "warehouse", "bank.duckdb")


def publish_folder() -> Path:
    """Return the folder that BANK_PUBLISH_DIR names, or the project's default."""
    named = os.environ.get("BANK_PUBLISH_DIR")
    return Path(named) if named else in_project(None, "published")


def target_folder(project: Path | None = None) -> Path:
    """Return the folder for dbt's artifacts: DBT_TARGET_PATH, or target/."""
    named = os.environ.get("DBT_TARGET_PATH")
    return Path(named) if named else in_project(project, "target")


def in_project(project: Path | None, *parts: str) -> Path:
    """Return a path in the project, relative if it is in the working folder."""
    path = (project or find_project() or Path.cwd()).joinpath(*parts)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def quoted(path: Path | str) -> str:
    """Return a path or value quoted for a printed command line."""
    return f'"{path}"' if " " in str(path) else str(path)
