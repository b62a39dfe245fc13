"""Run the staging models and macros without starting dbt.

A `dbt build` takes seconds, mostly for dbt itself. Here, the same Jinja files are rendered without
dbt. The SQL runs in an in-memory DuckDB with the same plugin, so that tests can read thousands of
drops. A test compares the rendered SQL with what dbt compiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import yaml

from bank_warehouse.dbt_plugin import Plugin
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES
from bank_warehouse.rendering import REFERENCES, RefusedError, Rendering
from bank_warehouse.sql import quote_literal
from python_checks.expectations.columns import MONEY
from python_checks.testing.paths import PROJECT

DATABASE = "bank"
LOOKUP_MODELS = tuple(f"stg_bank__{table}" for table in TABLES if table != CLIENTS.name)
# In dbt's build order; the checks of the drop run before stg_bank__clients.
MODELS = (
    *LOOKUP_MODELS,
    "base_bank__clients",
    "base_bank__client_files",
    "base_bank__client_duplicates",
    "base_bank__clients_validated",
    "fct_quarantined_clients",
    "stg_bank__clients",
)
_VIEWS = ("base_bank__clients_validated", "stg_bank__clients")

Cell = str | int | Decimal | date | None


@dataclass(frozen=True)
class Staged:
    """The result of staging a drop.

    Attributes:
        refusal: the message that stops the build; None if the drop is accepted.
        accepted: rows of stg_bank__clients by column name, in any order; empty if refused.
        quarantined: rows of fct_quarantined_clients by column name, sorted by file and row;
            empty if the drop could not be read.
        delivered: number of records read.
        differences: for each money column, the delivered total minus the accepted and the
            quarantined totals; under `rows`, the same for the number of rows. None if refused.
    """

    refusal: str | None
    accepted: tuple[dict[str, Cell], ...] = ()
    quarantined: tuple[dict[str, Cell], ...] = ()
    delivered: int = 0
    differences: Mapping[str, Decimal | int] | None = None


class Staging:
    """The staging models in an in-memory DuckDB."""

    def __init__(self) -> None:
        """Load the macros, the models and the reference seeds of staging."""
        self.connection = duckdb.connect()
        Plugin.configure_connection(SimpleNamespace(_opened=None, creds=None), self.connection)  # type: ignore[arg-type]
        self.connection.execute(f"attach ':memory:' as {DATABASE}")
        self.connection.execute(f"use {DATABASE}")
        self.connection.execute("set threads = 1")
        for schema in ("raw", "reference", "staging", "quality"):
            self.connection.execute(f"create schema {schema}")
        for name in REFERENCES:
            path = PROJECT / "seeds" / "reference" / f"{name}.csv"
            self.connection.execute(
                f"create table {_relation(name)} as from read_csv(?)", [str(path)]
            )
        with (PROJECT / "dbt_project.yml").open(encoding="utf-8") as file:
            self.declared_vars: dict[str, Any] = yaml.safe_load(file)["vars"]
        self.rendering = Rendering(PROJECT, self.connection, _relation, self.declared_vars)
        self.environment = self.rendering.environment

    @property
    def messages(self) -> list[str]:
        """The log messages of the models and macros."""
        return self.rendering.messages

    def compile(self, model: str, raw_dir: Path | None = None, **variables: object) -> str:
        """Return the SQL of a model, which reads the shipped seeds if no folder is given."""
        self.rendering.raw_dir = str(raw_dir or "")
        self.rendering.vars = self.declared_vars | variables
        return self.rendering.compile(model)

    def one_of_clients(self, expression: str) -> Any:
        """Return an aggregate over all records of the last drop, from a Jinja expression for it."""
        rendered = self.environment.from_string(f"{{{{ {expression} }}}}").render()
        return self._one(f"select {rendered} from {_relation('base_bank__clients')}")[0]

    def read(self, raw_dir: Path, **variables: object) -> Staged:
        """Read a drop with the staging models.

        Args:
            raw_dir: folder of the drop.
            variables: dbt vars that differ from those in dbt_project.yml.
        """
        self.rendering.messages = []
        refusal = None
        try:
            for model in MODELS:
                if model == "stg_bank__clients":
                    self._refuse_after_reading()
                kind = "view" if model in _VIEWS else "table"
                self.connection.execute(
                    f"create or replace {kind} {_relation(model)} as "
                    + self.compile(model, raw_dir, **variables)
                )
        except RefusedError as refused:
            refusal = str(refused)
            if model != "stg_bank__clients":
                return Staged(refusal)
        quarantined = self._rows(
            f"from {_relation('fct_quarantined_clients')} order by source_file, source_row"
        )
        (delivered,) = self._one(f"select count(*) from {_relation('base_bank__clients')}")
        if refusal is not None:
            return Staged(refusal, quarantined=quarantined, delivered=delivered)
        return Staged(
            refusal=None,
            accepted=self._rows(f"from {_relation('stg_bank__clients')}"),
            quarantined=quarantined,
            delivered=delivered,
            differences=self._differences(),
        )

    def _refuse_after_reading(self) -> None:
        self.rendering.macros.validate_drop()

    def _differences(self) -> dict[str, Decimal | int]:
        sums = ", ".join(["count(*)", *(f"coalesce(sum({name}), 0)" for name in MONEY)])
        read, accepted, quarantined = (
            self._one(f"select {sums} from {_relation(model)}")
            for model in ("base_bank__clients", "stg_bank__clients", "fct_quarantined_clients")
        )
        return {
            name: read_sum - accepted_sum - quarantined_sum
            for name, read_sum, accepted_sum, quarantined_sum in zip(
                ("rows", *MONEY), read, accepted, quarantined, strict=True
            )
        }

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row

    def _rows(self, query: str) -> tuple[dict[str, Cell], ...]:
        found = self.connection.execute(query)
        names = [str(column[0]) for column in found.description or ()]
        return tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())


@dataclass(frozen=True)
class _Relation:
    schema: str
    name: str
    limit: int | None = None  # for dbt's `--empty`

    def __str__(self) -> str:
        return f'"{DATABASE}"."{self.schema}"."{self.name}"'


def _relation(model: str) -> _Relation:
    schema = "staging" if model in MODELS else "reference"
    if model.startswith("raw_"):
        schema = "raw"
    if model == "fct_quarantined_clients":
        schema = "quality"
    return _Relation(schema, model)


def seed_drop(folder: Path) -> Path:
    """Write the shipped seeds into `folder` as a drop."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (PROJECT / "seeds" / "raw").glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


__all__ = ["MODELS", "MONEY", "RefusedError", "Staged", "Staging", "quote_literal", "seed_drop"]
