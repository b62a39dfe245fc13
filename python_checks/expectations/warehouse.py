"""Open the warehouse for reading, or explain why it cannot be checked."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from bank_warehouse.engine import is_duckdb_file, is_held, require_usable_name, temp_directory
from bank_warehouse.private import readable
from bank_warehouse.project import CannotStartError
from bank_warehouse.publish import records
from bank_warehouse.settings import SettingError

# The limit is low, because several readers may be open at once. It is enough for ten million
# customers.
MEMORY_LIMIT = "1GB"


class UnreadableWarehouseError(CannotStartError):
    """The warehouse cannot be checked; the message says why, and what to do."""


def settings(path: Path) -> dict[str, str | bool | int | float | list[str]]:
    """Return the DuckDB settings with which the checks open the file `path`."""
    return {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(temp_directory(path)),
        "preserve_insertion_order": False,
        # Without this, DuckDB sorts all customers for each join to bands or a small seed.
        "nested_loop_join_threshold": 1000,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


@readable(UnreadableWarehouseError)
def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse `path` read-only.

    Raises:
        UnreadableWarehouseError: There is no such file, it has a reserved name, this user may not
            read it, DuckDB cannot open it, another process is writing to it, or its last build ran
            with --empty or has not ended.
    """
    if not path.is_file():
        raise UnreadableWarehouseError(
            f"There is no warehouse at {path}.\nRun `bank build` first, or name another file with "
            "--warehouse."
        )
    if records.is_built_empty(path):
        raise UnreadableWarehouseError(
            f"The last build of {path} ran with --empty, so its tables have no rows to check.\n"
            "Run `bank build`, then `bank check`."
        )
    record = records.read_record(records.build_record_path(path))
    if record is not None and not record["is_ended"]:
        raise UnreadableWarehouseError(
            f"The `dbt {record['command']}` of {path} that started at {record['built_at']} was "
            "interrupted or is still running: the tables may come from two builds.\n"
            "Run `bank build`, then `bank check`."
        )
    try:
        require_usable_name(path)
        return duckdb.connect(str(path), read_only=True, config=settings(path))
    except SettingError as refused:
        raise UnreadableWarehouseError(str(refused)) from None
    except duckdb.IOException as error:
        if is_held(error):
            raise UnreadableWarehouseError(
                f"Another process is writing to {path} or has locked it. Wait until any running "
                "build has ended, or close the program that has the file open. Then run the "
                f"checks again. DuckDB says: {_first_line(error)}"
            ) from error
        if not is_duckdb_file(path):
            raise UnreadableWarehouseError(
                f"{path} is not a warehouse.\nName another file with --warehouse."
            ) from error
        raise UnreadableWarehouseError(
            f"{path} cannot be read as a DuckDB file. Build it again with `bank build`. DuckDB "
            f"says: {_first_line(error)}"
        ) from error
    except duckdb.Error as error:
        raise UnreadableWarehouseError(
            f"{path} cannot be opened: {_first_line(error)}. Build it again with `bank build`."
        ) from error


def existing_relations(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names `schema.table` of all tables and views of the warehouse."""
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {str(row[0]) for row in rows}


def require_relations(path: Path, existing: set[str], required: Iterable[str]) -> None:
    """Refuse a warehouse that lacks any of the `required` tables.

    Raises:
        UnreadableWarehouseError: A table is missing; the message names up to eight.
    """
    missing = sorted(set(required) - existing)
    if missing:
        listed = ", ".join(missing[:8]) + (f" and {len(missing) - 8} more" if missing[8:] else "")
        raise UnreadableWarehouseError(
            f"{path} is not completely built: it lacks {listed}.\n"
            "Run `bank build`, then `bank check`."
        )


def unreadable_tables(path: Path, error: duckdb.Error) -> UnreadableWarehouseError:
    """Return the error for a warehouse whose tables exist but cannot be read."""
    return UnreadableWarehouseError(
        f"The tables of {path} do not fit these checks: {_first_line(error)}. Run `bank build` "
        "with the same version of the project as the checks."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
