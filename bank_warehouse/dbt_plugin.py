"""The project's plugin for dbt-duckdb: opens warehouse and history, plans reads of raw drops.

Loaded from profiles.yml: `plugins: [{module: bank_warehouse.dbt_plugin}]`.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from bank_warehouse.engine import HISTORY, engine_settings, holder_of, is_held
from bank_warehouse.private import keep_private, take_from_others
from bank_warehouse.settings import SettingError

if TYPE_CHECKING:
    from bank_warehouse.raw_drop import TablePlan

# The plan by which each table of each folder was last read in this process. `plan_table` keeps
# the plan of the files as they are now: where one has changed since it was read, only this says so.
_last_plans: "dict[tuple[str, str], TablePlan]" = {}


def raw_plan_json(table: str, raw_dir: str, settings: str) -> str:
    """Plan the read of a raw table.

    Args:
        table: `clients`, `banking_relationships`, `genders` or `investment_advisors`.
        raw_dir: the folder of the drop.
        settings: JSON of what the dbt variables say, see :class:`.raw_drop.Settings`.

    Returns:
        JSON: `{"sql", "files", "warnings", "rows", "error": null}`, or `{"error": message}`.
        Whatever goes wrong becomes a message: an exception inside a DuckDB function would reach
        the user as a traceback.
    """
    from bank_warehouse.raw_drop import DropError, Settings, plan_table
    from bank_warehouse.raw_drop.plan import describe

    try:
        plan = plan_table(Path(raw_dir), table, Settings.from_json(settings))
    except DropError as refused:
        return json.dumps({"error": str(refused)})
    except Exception as problem:
        return json.dumps(
            {"error": f"{raw_dir}: {table} cannot be planned: {type(problem).__name__}: {problem}"}
        )
    _last_plans[raw_dir, table] = plan
    return json.dumps(
        {
            "sql": plan.sql,
            "files": describe(plan),
            "warnings": list(plan.warnings),
            "rows": plan.rows,
            "error": None,
        }
    )


def raw_reading_json(raw_dir: str, settings: str) -> str:
    """Say how the dates and amounts of a drop are read.

    Args:
        raw_dir: the folder of the drop.
        settings: JSON of what the dbt variables say.

    Returns:
        JSON: `{"reading", "error": null}`, or `{"error": message}`. Of the plan that this process
        made last for the clients; made now where there is none.
    """
    if (raw_dir, "clients") not in _last_plans:
        planned = json.loads(raw_plan_json("clients", raw_dir, settings))
        if planned["error"]:
            return json.dumps(planned)
    return json.dumps({"reading": _last_plans[raw_dir, "clients"].reading, "error": None})


def raw_contradictions(raw_dir: str, settings: str, files: str) -> str:
    """Judge files of clients as a whole in which a cell contradicts the first rows.

    Args:
        raw_dir: the folder of the drop.
        settings: JSON of what the dbt variables say.
        files: JSON, a list of their names.

    Returns:
        Why the drop is refused, a line for each reason; empty where it is not.
    """
    from bank_warehouse.raw_drop import Settings
    from bank_warehouse.raw_drop.plan import contradictions_of

    plan = _last_plans.get((raw_dir, "clients"))
    if plan is None:
        return ""
    return "\n".join(contradictions_of(plan, Settings.from_json(settings), json.loads(files)))


def room_json(path: str, rows: int, with_tests: bool) -> str:
    """Say how much disk a build wants, before it starts.

    Args:
        path: the DuckDB file; one in memory wants no disk that could be told.
        rows: customers of the drop.
        with_tests: whether the tests are made too.

    Returns:
        JSON: `{"said", "error": null}`, or `{"error": message}` where a disk has too little.
    """
    from bank_warehouse.raw_drop import DropError
    from bank_warehouse.raw_drop.room import need_of, require_room

    if not path or path == ":memory:":
        return json.dumps({"said": "", "error": None})
    try:
        need = need_of(rows, Path(path), with_tests=with_tests)
        return json.dumps({"said": require_room(need), "error": None})
    except (DropError, OSError) as refused:
        return json.dumps({"error": str(refused)})


def raw_changes(raw_dir: str) -> str:
    """Return the files of a drop that changed since their tables were planned, as a message.

    To be asked once all tables are read: a file that shrinks or grows meanwhile may have been
    read in part. Empty if none did.
    """
    from bank_warehouse.raw_drop.plan import changed_files, changed_message

    changed = (
        file
        for (folder, _), plan in _last_plans.items()
        if folder == raw_dir
        for file in changed_files(plan)
    )
    return changed_message(changed, raw_dir)


def fingerprints_query(relations: str) -> str:
    """Return the query for the fingerprints of the tables in `relations`, joined by commas."""
    from bank_warehouse.publish.fingerprints import fingerprints_query as query

    return query(relations.split(","))


def record_build(path: str, told: str) -> str:
    """Write the record of this build beside the warehouse.

    Args:
        path: the DuckDB file; one in memory has no record.
        told: JSON of what the macro `record_build` knows, or at the start of a build the macro
            `record_start`.

    Returns:
        Empty, or why the record could not be written and what to do.
    """
    from bank_warehouse.publish import records

    if not path or path == ":memory:":
        return ""
    try:
        build = json.loads(told)
        if "nodes" not in build:
            records.write_build_start(Path(path), build)
        else:
            records.write_build_record(Path(path), build | {"files": drop_files(build)})
    except OSError as problem:
        return (
            f"{records.build_record_path(Path(path))}: the record of this build cannot be written: "
            f"{problem.strerror or problem}. Make room there, or give this user the right to "
            "write, and build again. Nothing can be published without it."
        )
    return ""


def drop_files(build: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files that a whole build has read, each with its table, size and checksum.

    Args:
        build: what the macro `record_build` says.

    Returns:
        Nothing for the shipped sample, or for a build that is not whole.
    """
    if not build["fingerprints"] or build["source"] == "sample":
        return []
    found = {
        (file.path, table): {"file": file.path.name, "table": table, "bytes": file.size}
        for (folder, table), plan in _last_plans.items()
        if folder == build["raw_dir"]
        for file in plan.files
    }
    checksums = {}
    for path, _ in found:
        if path not in checksums:
            with path.open("rb") as file:
                checksums[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return [each | {"sha256": checksums[path]} for (path, _), each in sorted(found.items())]


def open_warehouse(path: str, config: dict[str, Any]) -> DuckDBPyConnection:
    """Open the warehouse file to be written, its folder made where there is none.

    From here on all files of this process are for their owner alone, those of DuckDB too.

    Args:
        path: the DuckDB file.
        config: options of the connection; a second one to the same file must have the same.

    Raises:
        DbtRuntimeError: the file cannot be opened; the message says why and what to do. dbt
            prints this kind of error without a traceback.
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
                "build of a warehouse can run at a time, and none while the file is open "
                "elsewhere. Wait until that program has ended, or close it, then build again; or "
                "set BANK_WAREHOUSE to another file. Nothing was changed."
            ) from problem
        raise DbtRuntimeError(
            f"{path}: the warehouse cannot be opened: {_first_line(problem)} Set BANK_WAREHOUSE "
            "to a file that this user can write, or move this one away: a build makes it again "
            "from the raw files."
        ) from problem


def attach_history(connection: DuckDBPyConnection, attachment: Attachment) -> None:
    """Attach the file of the history, its folder made where there is none.

    Args:
        connection: The open warehouse.
        attachment: What profiles.yml says of the history.

    Raises:
        DbtRuntimeError: It cannot be attached; the message says why and what to do.
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
                f"{path}: another program{holder_of(problem)} has the history open. A build writes "
                "to it and needs it for itself. Wait until that program has ended, or close it, "
                "then build again. Nothing was changed."
            ) from problem
        raise DbtRuntimeError(
            f"{path}: the history cannot be opened: {_first_line(problem)} Set BANK_HISTORY to a "
            "file of its own that this user can write. Do not delete this one: what it holds of "
            "earlier dates is in no other file. docs/history.md says how to get it back from a "
            "copy or from the drops. Nothing was changed."
        ) from problem


def in_project(path: str) -> str:
    """Return a path of profiles.yml below the folder of the project that dbt was given."""
    # A path where it is the working folder, a text where --project-dir names it.
    project = Path(get_flags().PROJECT_DIR).absolute()  # type: ignore[no-untyped-call]
    return path if path == ":memory:" else str(project / path)


def history_path(path: str, warehouse: str) -> str:
    """Return the file of the history: the sample's is a file of its own.

    So an invented bank is never a date in the history of a real one. A command that builds reads
    what BANK_RAW_DIR names; any other is about what the last build made.

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
    return str(problem).strip().splitlines()[0]


class Plugin(BasePlugin):
    """Loaded by dbt-duckdb from profiles.yml."""

    _opened: DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Limit what DuckDB uses; open the warehouse just before dbt does.

        A failure to open it is told clearly then. The connection is kept until dbt has its own,
        which DuckDB gives the same database: no other program can come in between.
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
        """Attach the history, and register functions, which give varchar.

        `bank_raw_plan(table, raw_dir, settings)` gives the JSON of :func:`raw_plan_json`,
        `bank_raw_reading(raw_dir, settings)` that of :func:`raw_reading_json`,
        `bank_raw_contradictions(raw_dir, settings, files)` the message of
        :func:`raw_contradictions`, `bank_raw_changed(raw_dir)` that of :func:`raw_changes`, and
        `bank_room(path, rows, with_tests)` the JSON of :func:`room_json`. And those of the record
        that a build leaves: `bank_fingerprints_query(relations)` and
        `bank_record_build(path, told)`, see :func:`fingerprints_query` and :func:`record_build`.

        dbt attaches what profiles.yml names after this; what is there already it leaves alone.
        """
        conn.create_function(
            "bank_raw_plan",
            raw_plan_json,
            ["VARCHAR", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
        conn.create_function(
            "bank_raw_reading",
            raw_reading_json,
            ["VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
        conn.create_function(
            "bank_raw_contradictions",
            raw_contradictions,
            ["VARCHAR", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
        conn.create_function(
            "bank_room", room_json, ["VARCHAR", "BIGINT", "BOOLEAN"], "VARCHAR", side_effects=True
        )
        conn.create_function(
            "bank_raw_changed", raw_changes, ["VARCHAR"], "VARCHAR", side_effects=True
        )
        conn.create_function("bank_fingerprints_query", fingerprints_query, ["VARCHAR"], "VARCHAR")
        conn.create_function(
            "bank_record_build",
            record_build,
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
