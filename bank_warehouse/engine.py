"""What DuckDB may use of the machine: memory, threads, and disk to spill to.

One place for all who open a warehouse: the dbt build, the publisher, the summary, the checks.
"""

import os
import re
from pathlib import Path, PureWindowsPath

import duckdb

DEFAULT_MEMORY_LIMIT = "5GB"
"""Memory of DuckDB where BANK_MEMORY_LIMIT is not set and the machine has more."""

_UNITS: dict[str, int] = {
    "": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}

# The first of each on Linux and macOS, the second on Windows.
_HELD = re.compile("Could not set lock on file|File is already open in")
_HOLDER = re.compile(r"(?:held in |already open in\s+)(.+?) \(PID (\d+)\)")

Settings = dict[str, str | bool | int | float | list[str]]


class SettingError(ValueError):
    """A setting of the environment that cannot be meant; the message names it and the remedy."""


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
        SettingError: a setting that is no amount of memory or no number of threads.
    """
    settings: Settings = {"memory_limit": memory_limit()}
    folder = temp_directory(warehouse)
    if folder is not None:
        settings["temp_directory"] = folder.as_posix()
    threads = os.environ.get("BANK_THREADS", "").strip()
    if threads:
        if not threads.isdecimal() or int(threads) < 1:
            raise SettingError(
                f"BANK_THREADS: {threads!r} is no number of threads. Use one such as 2, or unset "
                "it for all cores."
            )
        settings["threads"] = int(threads)
    return settings


def memory_limit() -> str:
    """Return the memory that DuckDB may use, as DuckDB reads it.

    Raises:
        SettingError: BANK_MEMORY_LIMIT is no amount.
    """
    declared = os.environ.get("BANK_MEMORY_LIMIT", "").strip()
    if declared:
        try:
            enough = bytes_of(declared) > 0
        except ValueError:
            enough = False
        if not enough:
            raise SettingError(
                f"BANK_MEMORY_LIMIT: {declared!r} is no amount of memory. Use one such as 6GB or "
                "500MB."
            )
        return declared
    with duckdb.connect() as connection:
        row = connection.execute("select current_setting('memory_limit')").fetchone()
    own = str(row[0]) if row else DEFAULT_MEMORY_LIMIT
    return min(own, DEFAULT_MEMORY_LIMIT, key=bytes_of)


def temp_directory(warehouse: Path | None) -> Path | None:
    """Return the folder that DuckDB spills to; null for a database in memory without a setting."""
    declared = os.environ.get("BANK_TEMP_DIRECTORY", "").strip()
    if declared:
        return Path(declared)
    return None if warehouse is None else warehouse.with_name(warehouse.name + ".tmp")


def is_held(problem: Exception) -> bool:
    """Return whether DuckDB could not open a file because another program has it open."""
    return isinstance(problem, duckdb.IOException) and bool(_HELD.search(str(problem)))


def holder_of(problem: Exception) -> str:
    """Return ` (program, process 4711)` of who holds the file, empty where DuckDB does not say."""
    found = _HOLDER.search(str(problem))
    return f" ({PureWindowsPath(found[1]).name}, process {found[2]})" if found else ""


def bytes_of(amount: str) -> float:
    """Return an amount such as `6GB` or `5.5 GiB` in bytes.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:[.]\d+)?)\s*([a-z]*)", amount.strip().lower())
    if found is None or found[2] not in _UNITS:
        raise ValueError(amount)
    return float(found[1]) * _UNITS[found[2]]
