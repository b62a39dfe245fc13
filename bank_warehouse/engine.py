"""What DuckDB may use of the machine: memory, threads, and disk to spill to.

One place for all who open a warehouse: the dbt build, the publisher, the summary, the checks.
"""

import re
from pathlib import Path, PureWindowsPath

import duckdb

from bank_warehouse.settings import SettingError, bytes_of, environment_setting

DEFAULT_MEMORY_LIMIT = "5GB"
"""Memory of DuckDB where BANK_MEMORY_LIMIT is not set and the machine has more."""

SCHEMAS = ("raw", "reference", "staging", "intermediate", "marts", "quality", "restricted")
HISTORY = "history"
"""The name under which profiles.yml attaches the file of the history."""

# The first of each on Linux and macOS, the second on Windows.
_HELD = re.compile("Could not set lock on file|File is already open in")
_HOLDER = re.compile(r"(?:held in |already open in\s+)(.+?) \(PID (\d+)\)")

Settings = dict[str, str | bool | int | float | list[str]]


def engine_settings(warehouse: Path | None = None) -> Settings:
    """Return the DuckDB settings that the environment asks for.

    Args:
        warehouse: the DuckDB file; null for a database in memory, which spills only where
            BANK_TEMP_DIRECTORY says.

    Returns:
        `memory_limit`: BANK_MEMORY_LIMIT, or :data:`DEFAULT_MEMORY_LIMIT`, or what DuckDB takes
        by itself (80 % of the memory of the machine or container) where that is less.
        `temp_directory`: BANK_TEMP_DIRECTORY, or a folder beside the warehouse; made by DuckDB
        when it is needed. `threads`: BANK_THREADS; absent where it is not set: all cores.

    Raises:
        SettingError: a setting that is no amount of memory or no number of threads, or a
            warehouse that has the name of a schema.
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
    """Refuse a file that DuckDB would take for a schema: it calls a database by its file.

    Raises:
        SettingError: with what to do.
    """
    name = warehouse.name.split(".")[0]
    if name.lower() in (*SCHEMAS, HISTORY):
        raise SettingError(
            f"{warehouse}: a warehouse cannot be called {name}, which is the name of a schema or "
            "of the history in it. Rename the file, with the records beside it, or set "
            "BANK_WAREHOUSE to a file of another name. Nothing was changed."
        )


def memory_limit() -> str:
    """Return the memory that DuckDB may use, as DuckDB reads it.

    Raises:
        SettingError: BANK_MEMORY_LIMIT is no amount.
    """
    declared = environment_setting("BANK_MEMORY_LIMIT")
    if declared:
        return declared
    with duckdb.connect() as connection:
        row = connection.execute("select current_setting('memory_limit')").fetchone()
    own = str(row[0]) if row else DEFAULT_MEMORY_LIMIT
    return min(own, DEFAULT_MEMORY_LIMIT, key=bytes_of)


def temp_directory(warehouse: Path | None) -> Path | None:
    """Return the folder that DuckDB spills to; null for a database in memory without a setting."""
    declared = environment_setting("BANK_TEMP_DIRECTORY")
    if declared:
        return Path(declared)
    return None if warehouse is None else warehouse.with_name(warehouse.name + ".tmp")


def is_duckdb_file(path: Path) -> bool:
    """Return whether a file begins as DuckDB's files do, after a checksum of eight bytes."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def is_held(problem: Exception) -> bool:
    """Return whether DuckDB could not open a file because another program has it open."""
    return isinstance(problem, duckdb.IOException) and bool(_HELD.search(str(problem)))


def holder_of(problem: Exception) -> str:
    """Return ` (program, process 4711)` of who holds the file, empty where DuckDB does not say."""
    found = _HOLDER.search(str(problem))
    return f" ({PureWindowsPath(found[1]).name}, process {found[2]})" if found else ""
