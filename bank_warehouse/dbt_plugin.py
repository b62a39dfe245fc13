"""The project's plugin for dbt-duckdb: makes the warehouse's folder, plans reads of raw drops.

Loaded from profiles.yml: `plugins: [{module: bank_warehouse.dbt_plugin}]`, with the project
folder in `module_paths`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

if TYPE_CHECKING:
    from bank_warehouse.raw_drop import TablePlan

# The last plan of each table of each folder, in this process: what bank_raw_changed looks at.
_last_plans: "dict[tuple[str, str], TablePlan]" = {}


def raw_plan_json(table: str, raw_dir: str, date_format: str) -> str:
    """Plan the read of a raw table.

    Args:
        table: `clients`, `banking_relationships`, `genders` or `investment_advisors`.
        raw_dir: the folder of the drop.
        date_format: the first of the declared date formats; Parquet dates are written in it.

    Returns:
        JSON: `{"sql", "files", "warnings", "error": null}`, or `{"error": message}`. Whatever
        goes wrong becomes a message: an exception inside a DuckDB function would reach the user
        as a traceback.
    """
    from bank_warehouse.raw_drop import DropError, plan_table
    from bank_warehouse.raw_drop.plan import describe

    try:
        plan = plan_table(Path(raw_dir), table, date_format)
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
            "error": None,
        }
    )


def raw_changes(raw_dir: str) -> str:
    """Return the files of a drop that changed since their tables were planned, as a message.

    To be asked once all tables are read: a file that shrinks or grows meanwhile may have been
    read in part. Empty if none did.
    """
    from bank_warehouse.raw_drop.plan import changed_files

    changed = sorted(
        {
            file
            for (folder, _), plan in _last_plans.items()
            if folder == raw_dir
            for file in changed_files(plan)
        }
    )
    if not changed:
        return ""
    return (
        f"{', '.join(changed)}: changed while it was read. Wait until the copy into {raw_dir} is "
        "complete, then build again."
    )


class Plugin(BasePlugin):
    """Loaded by dbt-duckdb from profiles.yml."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the folder of the warehouse file, which DuckDB does not do by itself."""
        if creds.path and creds.path != ":memory:":
            Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the functions of raw drops, which take and give varchar.

        `bank_raw_plan(table, raw_dir, date_format)` gives the JSON of :func:`raw_plan_json`,
        `bank_raw_changed(raw_dir)` the message of :func:`raw_changes`.
        """
        conn.create_function(
            "bank_raw_plan",
            raw_plan_json,
            ["VARCHAR", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
        conn.create_function(
            "bank_raw_changed", raw_changes, ["VARCHAR"], "VARCHAR", side_effects=True
        )
