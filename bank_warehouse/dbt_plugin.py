"""The project's plugin for dbt-duckdb: makes the warehouse's folder, plans reads of raw drops.

Loaded from profiles.yml: `plugins: [{module: bank_warehouse.dbt_plugin}]`, with the project
folder in `module_paths`.
"""

import json
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection


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
    return json.dumps(
        {
            "sql": plan.sql,
            "files": describe(plan),
            "warnings": list(plan.warnings),
            "error": None,
        }
    )


class Plugin(BasePlugin):
    """Loaded by dbt-duckdb from profiles.yml."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the folder of the warehouse file, which DuckDB does not do by itself."""
        if creds.path and creds.path != ":memory:":
            Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register `bank_raw_plan(table, raw_dir, date_format)`, all varchar, which gives JSON."""
        conn.create_function(
            "bank_raw_plan",
            raw_plan_json,
            ["VARCHAR", "VARCHAR", "VARCHAR"],
            "VARCHAR",
            side_effects=True,
        )
