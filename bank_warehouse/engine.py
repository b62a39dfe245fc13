"""The memory, threads and temporary folder that DuckDB may use.

Every command of this project that opens a warehouse uses these settings.
"""

import re
from pathlib import Path, PureWindowsPath

import duckdb

from bank_warehouse.settings import SettingError, bytes_of, environment_setting

DEFAULT_MEMORY_LIMIT = "5GB"
"""Memory that DuckDB may use if BANK_MEMORY_LIMIT is not set, unless its own default is lower."""

SCHEMAS = ("raw", "reference", "staging", "intermediate", "marts", "quality", "restricted")
HISTORY = "history"
"""The name under which profiles.yml attaches the file of the history."""

# In each pattern, the first alternative is for Linux and macOS, the second for Windows.
_HELD = re.compile("Could not set lock on file|File is already open in")
_HOLDER = re.compile(r"(?:held in |already open in\s+)(.+?) \(PID (\d+)\)")

Settings = dict[str, str | bool | int | float | list[str]]


def engine_settings(warehouse: Path | None = None) -> Settings:
    """Return the DuckDB settings from the environment.

    Args:
        warehouse: the DuckDB file; None for a database in memory, which spills only to
            BANK_TEMP_DIRECTORY.

    Returns:
        `memory_limit`: BANK_MEMORY_LIMIT; if it is not set, :data:`DEFAULT_MEMORY_LIMIT` or
            DuckDB's default (80 % of the memory of the machine or container), whichever is less.
        `temp_directory`: BANK_TEMP_DIRECTORY, or a folder beside the warehouse, which DuckDB
            creates if needed.
        `threads`: BANK_THREADS; absent if it is not set, which means all cores.

    Raises:
        SettingError: a setting is invalid, or the warehouse has the name of a schema or of the
            history.
    """
    if warehouse is not None:
        require_usable_name(warehouse)
    settings: Settings = {"memory_limit": memory_limit()}
    folder = temp_directory(warehouse)
    if folder is not None:
        settings["temp_directory"] = folder.as_posix()
    threads = environment_setting("BANK_THREADS")
    if threads:
        settings["threads"] = int(threads)
    return settings


def require_usable_name(warehouse: Path) -> None:
    """Refuse a file named like a schema or the history: DuckDB names a database after its file.

    Raises:
        SettingError: the file has such a name.
    """
    name = warehouse.name.split(".")[0]
    if name.lower() in (*SCHEMAS, HISTORY):
        raise SettingError(
            f"{warehouse}: a warehouse cannot be named {name}, because a schema or the history "
            "has this name. Rename the file, with the records beside it, or set BANK_WAREHOUSE "
            "to a file with another name. Nothing was changed."
        )


def memory_limit() -> str:
    """Return the memory that DuckDB may use, in DuckDB's notation.

    Raises:
        SettingError: BANK_MEMORY_LIMIT is not an amount of memory.
    """
    declared = environment_setting("BANK_MEMORY_LIMIT")
    if declared:
        return declared
    with duckdb.connect() as connection:
        row = connection.execute("select current_setting('memory_limit')").fetchone()
    own = str(row[0]) if row else DEFAULT_MEMORY_LIMIT
    return min(own, DEFAULT_MEMORY_LIMIT, key=bytes_of)


def temp_directory(warehouse: Path | None) -> Path | None:
    """Return the folder that DuckDB spills to; None for a database in memory without a setting."""
    declared = environment_setting("BANK_TEMP_DIRECTORY")
    if declared:
        return Path(declared)
    return None if warehouse is None else warehouse.with_name(warehouse.name + ".tmp")


def is_duckdb_file(path: Path) -> bool:
    """Return whether a file has DuckDB's signature, which follows a checksum of eight bytes."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def is_held(problem: Exception) -> bool:
    """Return whether DuckDB could not open a file because another program has it open."""
    return isinstance(problem, duckdb.IOException) and bool(_HELD.search(str(problem)))


def holder_of(problem: Exception) -> str:
    """Return who holds the file: ` (program, process 4711)`; empty if DuckDB does not say."""
    found = _HOLDER.search(str(problem))
    return f" ({PureWindowsPath(found[1]).name}, process {found[2]})" if found else ""
