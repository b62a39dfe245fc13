"""Where the project, its warehouse and its releases are, from whatever folder a command starts."""

import os
from pathlib import Path

import click

PROJECT = "bank_warehouse"
PROJECT_FILE = "dbt_project.yml"


class CannotStartError(click.ClickException):
    """What a command needs is not there or cannot be used; the message says what to do."""

    exit_code = 2


def find_project(named: Path | None = None) -> Path | None:
    """Return the folder of the dbt project, None where there is none.

    Args:
        named: the folder, where it is known. Else it is looked for in DBT_PROJECT_DIR, in the
            working folder and the folders above it, and in the checkout that this package is
            installed from.
    """
    declared = named or os.environ.get("DBT_PROJECT_DIR")
    here = Path.cwd()
    candidates = [Path(declared)] if declared else [here, *here.parents, Path(__file__).parents[1]]
    return next((folder.resolve() for folder in candidates if _is_project(folder)), None)


def require_project(named: Path | None = None) -> Path:
    """Return the folder of the dbt project.

    Raises:
        CannotStartError: there is none.
    """
    project = find_project(named)
    if project is None:
        looked_in = named or os.environ.get("DBT_PROJECT_DIR") or Path.cwd()
        message = (
            f"The dbt project bank_warehouse is not in {looked_in}.\n"
            "Run it in a clone, or name the clone with --project-dir."
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
    """Return the warehouse that BANK_WAREHOUSE names, or the usual one of the project."""
    named = os.environ.get("BANK_WAREHOUSE")
    return Path(named) if named else _in_project(project, "warehouse", "bank.duckdb")


def publish_folder() -> Path:
    """Return the folder that BANK_PUBLISH_DIR names, or the usual one of the project."""
    named = os.environ.get("BANK_PUBLISH_DIR")
    return Path(named) if named else _in_project(None, "published")


def target_folder(project: Path | None = None) -> Path:
    """Return where dbt writes what it knows of the project: DBT_TARGET_PATH, or target/."""
    named = os.environ.get("DBT_TARGET_PATH")
    return Path(named) if named else _in_project(project, "target")


def _in_project(project: Path | None, *parts: str) -> Path:
    """Return a path in the project, short where the working folder is the project's."""
    path = (project or find_project() or Path.cwd()).joinpath(*parts)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def quoted(path: Path | str) -> str:
    """Return a path or value as it is written in a command line that is printed."""
    return f'"{path}"' if " " in str(path) else str(path)
