"""The dbt-duckdb plugin: opens the warehouse and the history, and lets macros call the package.

Loaded from profiles.yml: `plugins: [{module: bank_warehouse.dbt_plugin}]`.
"""

import os
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from bank_warehouse.engine import HISTORY, engine_settings, holder_of, is_held
from bank_warehouse.macro_calls import ON_DUCKDB, answer
from bank_warehouse.private import keep_private, take_from_others
from bank_warehouse.settings import SettingError


def open_warehouse(path: str, config: dict[str, Any]) -> DuckDBPyConnection:
    """Open the warehouse file for writing; create its folder if necessary.

    From here on, only the owner can read the files that this process creates, including DuckDB's.

    Args:
        path: the DuckDB file.
        config: options of the connection; a second connection to the file must have the same.

    Raises:
        DbtRuntimeError: the file cannot be opened; the message says why and what to do. dbt prints
            this error without a traceback.
    """
    keep_private()
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(path, config=config)
        take_from_others(Path(path))
        return connection
    except (OSError, duckdb.Error) as problem:
        if is_held(problem):
            raise DbtRuntimeError(
                f"{path}: another program{holder_of(problem)} has the warehouse open. Only one "
                "build of a warehouse can run at a time, and none while another program has the "
                "file open. Wait until that program has ended, or close it, then build again; "
                "or set BANK_WAREHOUSE to another file. Nothing was changed."
            ) from problem
        raise DbtRuntimeError(
            f"{path}: the warehouse cannot be opened: {_first_line(problem)}. Set BANK_WAREHOUSE "
            "to a file that this user can write to, or move this one away: a build creates it "
            "again from the raw files."
        ) from problem


def attach_history(connection: DuckDBPyConnection, attachment: Attachment) -> None:
    """Attach the history file; create its folder if necessary.

    Args:
        connection: The open warehouse.
        attachment: The entry for the history in profiles.yml.

    Raises:
        DbtRuntimeError: The file cannot be attached; the message says why and what to do.
    """
    path = attachment.path
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        connection.execute(attachment.to_sql())
        if path != ":memory:":
            take_from_others(Path(path))
    except (OSError, duckdb.Error) as problem:
        if is_held(problem):
            raise DbtRuntimeError(
                f"{path}: another program{holder_of(problem)} has the history open. A build "
                "needs exclusive access to it. Wait until that program has ended, or close it, "
                "then build again. Nothing was changed."
            ) from problem
        raise DbtRuntimeError(
            f"{path}: the history cannot be opened: {_first_line(problem)}. Set BANK_HISTORY to "
            "another file that this user can write to. Do not delete this one: a build does not "
            "recreate its earlier dates. docs/history.md describes how to restore them from a "
            "copy or from the drops. Nothing was changed."
        ) from problem


def in_project(path: str) -> str:
    """Return a path from profiles.yml as an absolute path; `:memory:` is not changed.

    A relative path is relative to the project folder of this dbt run.
    """
    # PROJECT_DIR is a Path by default, and a str if --project-dir sets it.
    project = Path(get_flags().PROJECT_DIR).absolute()  # type: ignore[no-untyped-call]
    return path if path == ":memory:" else str(project / path)


def history_path(path: str, warehouse: str) -> str:
    """Return the file of the history. The sample has its own file.

    This keeps the invented bank out of a real bank's history. For a command that changes tables,
    BANK_RAW_DIR decides which file is used. Any other command uses the file of the last build, if
    that build was recorded.

    Args:
        path: the file that profiles.yml names.
        warehouse: the DuckDB file of the warehouse.
    """
    from bank_warehouse.publish import records

    is_sample = not os.environ.get("BANK_RAW_DIR", "").strip()
    if get_flags().WHICH not in records.BUILDING and warehouse != ":memory:":  # type: ignore[no-untyped-call]
        build = records.read_record(records.build_record_path(Path(warehouse)))
        is_sample = build["source"] == "sample" if build else is_sample
    if path == ":memory:" or not is_sample:
        return path
    return path.removesuffix(".duckdb") + "_sample.duckdb"


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0].rstrip(".")


class Plugin(BasePlugin):
    """The plugin class, which dbt-duckdb loads from profiles.yml."""

    _opened: DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Set DuckDB's limits, and open the warehouse just before dbt does.

        If it cannot be opened, the message says why. The connection stays open until dbt has its
        own, so no other program can open the file in between.
        """
        if not os.environ.get("BANK_WAREHOUSE"):
            creds.path = in_project(creds.path)
        is_file = bool(creds.path) and creds.path != ":memory:"
        try:
            settings = engine_settings(Path(creds.path) if is_file else None)
        except SettingError as refused:
            raise DbtRuntimeError(str(refused)) from None
        config.update({name: value for name, value in settings.items() if name not in config})
        if is_file:
            self._opened = open_warehouse(creds.path, dict(config))

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Attach the history, and register `bank_call(function, arguments)` for `call_package`.

        dbt attaches the databases in profiles.yml after this, and skips those already attached.
        """
        conn.create_function(
            "bank_call",
            partial(answer, ON_DUCKDB),
            ["VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        if self.creds is None:
            return
        for attachment in self.creds.attach or []:
            if attachment.alias == HISTORY:
                if not (os.environ.get("BANK_HISTORY") or os.environ.get("BANK_WAREHOUSE")):
                    attachment.path = in_project(attachment.path)
                attachment.path = history_path(attachment.path, self.creds.path)
                attach_history(conn, attachment)
