"""Validate the rows of the clients with the project's own models, without a build.

The staging models up to `base_bank__clients_validated` run in a temporary DuckDB file, so a build
would give the same counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse import drop_verdict
from bank_warehouse.raw_drop import temp_files
from bank_warehouse.raw_drop.drop import DropPlan
from bank_warehouse.raw_drop.errors import visible
from bank_warehouse.raw_drop.plan import contradictions_of
from bank_warehouse.raw_drop.proofs import Settings
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES
from bank_warehouse.rendering import REFERENCES, Rendering
from bank_warehouse.sql import quote_identifier, quote_literal

_MOST_VALUES = 20
_MODELS = (
    *(f"stg_bank__{name}" for name, table in TABLES.items() if table.is_lookup),
    "base_bank__clients",
    "base_bank__client_files",
    "base_bank__client_duplicates",
    "base_bank__clients_validated",
)
_VIEWS = ("base_bank__clients_validated",)


@dataclass(frozen=True)
class Validation:
    """The result of validating the clients.

    Attributes:
        files: for each file, its rows, how many are quarantined, and why; as plain values for JSON.
        problems: why the build would refuse the drop.
        warnings: what the build would warn about.
        values: for the fee structure and the loyalty classification, the codes that are in no
            reference seed.
    """

    files: dict[str, dict[str, Any]]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    values: dict[str, list[str]]


@dataclass(frozen=True)
class _Relation:
    name: str
    schema: str = "main"
    limit: int | None = None

    def __str__(self) -> str:
        return quote_identifier(self.name)


def can_validate(plan: DropPlan) -> bool:
    """Return whether all tables that the validation needs can be read."""
    return all(
        name in plan.tables
        for name, table in TABLES.items()
        if table.is_lookup or name == CLIENTS.name
    )


def validate_clients(
    project: Path, plan: DropPlan, settings: Settings, variables: Mapping[str, Any]
) -> Validation:
    """Validate the clients of a drop.

    Args:
        project: folder of the dbt project.
        plan: the drop, for which :func:`can_validate` is true.
        settings: how dates and amounts are written.
        variables: the dbt variables.

    Raises:
        duckdb.Error: DuckDB cannot validate the rows, for example because the disk is full.
    """
    clients = plan.tables[CLIENTS.name]
    with duckdb.connect(temp_files.new_path(".duckdb")) as connection:
        rendering = Rendering(project, connection, _Relation, variables)
        rendering.replace_macro("raw_table", lambda table: f"({plan.tables[table].sql})")
        rendering.replace_macro("raw_reading", lambda: clients.reading)
        for seed in REFERENCES:
            path = project / "seeds" / "reference" / f"{seed}.csv"
            connection.execute(f"create table {_Relation(seed)} as from read_csv(?)", [str(path)])
        for model in _MODELS:
            kind = "view" if model in _VIEWS else "table"
            sql = rendering.compile(model)
            connection.execute(f"create {kind} {_Relation(model)} as {sql}")
        connection.execute(_faults())
        facts = rendering.macros.facts_of_drop()
        contradicting = drop_verdict.contradicting_files(facts)
        return Validation(
            files=_files(connection),
            problems=(
                *map(visible, contradictions_of(clients, settings, contradicting)),
                *drop_verdict.refusals(facts, settings.tolerated),
            ),
            warnings=tuple(drop_verdict.warnings(facts, variables["near_duplicates"])),
            values=_values(connection),
        )


def _faults() -> str:
    """Return SQL that creates a table with one row per quarantined row and reason."""
    columns = ", ".join(quote_literal(column.name) for column in CLIENTS.columns)
    return f"""
        create table faults as
        with reasons_of_rows as (
            select source_file, source_row, raw_text,
                unnest(string_split(coalesce(reject_reasons, record_status), '; ')) as reason
            from base_bank__clients_validated where record_status <> 'accepted'
        )
        select source_file, reason, source_row,
            case
                when reason like '% is empty' then null
                when split_part(reason, ' ', 1) in ({columns})
                    then json_extract_string(raw_text, '$.' || split_part(reason, ' ', 1))
                else raw_text[:80]
            end as example
        from reasons_of_rows
    """


def _files(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Return the number of rows of each file, and of those quarantined."""
    counted = connection.execute(
        "select source_file, count(*), count(*) filter (record_status <> 'accepted') "
        "from base_bank__clients_validated group by all order by all"
    ).fetchall()
    found: dict[str, dict[str, Any]] = {
        file: {"rows": rows, "rejected": rejected, "quarantined": []}
        for file, rows, rejected in counted
    }
    for file, reason, rows, row, example in connection.execute(
        "select source_file, reason, count(*), min(source_row), arg_min(example, source_row) "
        "from faults group by all order by 3 desc, 2"
    ).fetchall():
        found[file]["quarantined"].append(
            {
                "reason": drop_verdict.REASONS.get(reason, reason),
                "rows": rows,
                "row": row,
                "example": example,
            }
        )
    return found


def _values(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return by column the codes that are in no reference seed, the most frequent first."""
    found = {}
    for name in ("fee_structure", "loyalty_classification"):
        rows = connection.execute(
            "select trim(example), count(*) from faults where reason = ? "
            f"group by 1 order by 2 desc, 1 limit {_MOST_VALUES}",
            [f"{name} is not a known code"],
        ).fetchall()
        if rows:
            found[name] = [str(value) for value, _ in rows]
    return found
