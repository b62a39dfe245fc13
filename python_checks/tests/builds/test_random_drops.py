"""A bank of any size and composition builds, and passes every test of the data.

A bank tries the project on a few of its customers first. What holds of three thousand must not
break on one, on a single class, on overdrafts or on balances of zero. The compiled SQL, the Python
models, the data tests and the expectations run in one process for each drop: nine extracts of the
seeds, and 60 drops drawn by their number (500 in a nightly run). One drop also goes through
`dbt build` and Great Expectations.

`HYPOTHESIS_PROFILE=nightly` draws 500, from another seed each day; BANK_DROPS and BANK_DROPS_SEED
set number and seed.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse.sql import quote_identifier, quote_literal
from python_checks.expectations import runner, warehouse
from python_checks.expectations.suites import SUITES
from python_checks.testing.dbt import run_dbt
from python_checks.testing.model_runner import load_seed, run_models
from python_checks.testing.model_runner import warehouse as empty_warehouse
from python_checks.testing.oddities import LOOKUPS, seed_rows
from python_checks.testing.paths import SEEDS
from python_checks.testing.plain_checks import broken_checks
from python_checks.testing.random_drops import (
    BALANCES,
    DATES,
    LARGEST_AMOUNT,
    MONEY,
    SHAPES,
    TOO_LARGE,
    Drop,
    Row,
    draw,
    joined,
    sampled,
)
from python_checks.testing.staging import Staging

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
DROPS = int(os.environ.get("BANK_DROPS") or (500 if NIGHTLY else 60))
SEED = int(os.environ.get("BANK_DROPS_SEED") or (date.today().toordinal() if NIGHTLY else 1))

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def built_history(built_warehouse: Path) -> Path:
    return built_warehouse.with_name("bank_history.duckdb")


def without_money(row: Row) -> Row:
    return row | dict.fromkeys(BALANCES, "0")


EXTRACTS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "the first 300": lambda rows: rows[:300],
    "the first 61": lambda rows: rows[:61],
    "every 17th": lambda rows: rows[::17],
    "five": lambda rows: rows[:5],
    "one": lambda rows: rows[:1],
    "holders of three cards": lambda rows: [
        row for row in rows if row["Amount of Credit Cards"] == "3"
    ],
    "one loyalty class": lambda rows: [
        row for row in rows if row["Loyalty Classification"] == "Gold"
    ],
    "all balances zero": lambda rows: [without_money(row) for row in rows[:200]],
    "the newest 120": lambda rows: sorted(rows, key=joined)[-120:],
}


def extract(name: str) -> Drop:
    return Drop(name, EXTRACTS[name](sampled(seed_rows()[1])))


def measured_at(as_of_date: date, code: str) -> str:
    """Return compiled SQL as it is with the var as_of_date: the date, and the first year."""
    default = DATES[1]
    return code.replace(str(default), str(as_of_date)).replace(
        str(default.year - 120), str(as_of_date.year - 120)
    )


def contract_breaches(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> list[str]:
    """Return a line for each column that is null where the contract of its table forbids it."""
    if not node["config"].get("contract", {}).get("enforced"):
        return []
    columns = [
        name
        for name, column in node["columns"].items()
        if any(constraint["type"] == "not_null" for constraint in column["constraints"])
    ]
    filled = ", ".join(f"count({quote_identifier(name)})" for name in columns)
    row_count, *counts = connection.execute(
        f"select count(*){', ' if filled else ''}{filled} from {node['relation_name']}"
    ).fetchall()[0]
    return [
        f"{node['name']}: {name} is null"
        for name, count in zip(columns, counts, strict=True)
        if count != row_count
    ]


def broken(
    nodes: Mapping[str, Any], drop: Drop, history: Path, folder: Path
) -> tuple[int, int, int, list[str]]:
    """Run all models, tests of the data and expectations on a drop.

    Args:
        nodes: The nodes of a manifest, compiled.
        drop: The drop.
        history: The history of a build, for the columns of its tables.
        folder: For the files of the drop.

    Returns:
        How many customers were accepted, how many tests and how many checks were run, and a line
        for each that fails.
    """
    files = drop.write(folder)
    dated = [
        node | {"compiled_code": measured_at(drop.as_of_date, node.get("compiled_code") or "")}
        for node in nodes.values()
    ]
    by_name = {node["name"]: node for node in dated if node["resource_type"] in ("model", "seed")}
    failures = []
    with empty_warehouse() as connection:
        connection.execute("attach ':memory:' as history")
        for schema in {node["schema"] for node in by_name.values()}:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create schema if not exists history.{schema}")
        # The compiled SQL of the history adds to its tables: empty ones, as for a first build.
        connection.execute(f"attach {quote_literal(str(history))} as built (read_only)")
        for node in by_name.values():
            if node["config"]["materialized"] == "incremental":
                like = node["relation_name"].replace('"history"', "built")
                connection.execute(f"create table {node['relation_name']} as from {like} limit 0")
        for name, file in files.items():
            load_seed(connection, by_name[name], file)
        run_models(connection, by_name, list(by_name), given=files)
        (accepted,) = connection.execute(
            "select count(*) from staging.stg_bank__clients"
        ).fetchall()[0]
        for node in by_name.values():
            failures += contract_breaches(connection, node)
        tests = [node for node in dated if node["resource_type"] == "test"]
        for node in tests:
            rows = connection.execute(node["compiled_code"]).fetchall()
            if rows:
                failures.append(f"{node['name']}: {len(rows)} rows, such as {rows[0]}")
        # The checks read the warehouse alone.
        connection.execute("detach history")
        connection.execute("detach built")
        tables = [table for declare in SUITES.values() for table in declare(connection)]
        for table in tables:
            failures += [f"{table.relation}: {word}" for word in broken_checks(connection, table)]
    return accepted, len(tests), sum(len(table.checks) for table in tables), failures


@pytest.fixture(scope="module")
def drawn() -> list[Drop]:
    """The random drops of this run, as they were tested."""
    return []


@pytest.mark.parametrize("name", [*EXTRACTS, *range(DROPS)])
def test_any_drop_builds_and_passes_every_test(
    name: str | int,
    built_manifest: dict[str, Any],
    built_history: Path,
    tmp_path: Path,
    drawn: list[Drop],
) -> None:
    drop = draw(name, SEED) if isinstance(name, int) else extract(name)
    accepted, tests, checks, failures = broken(
        built_manifest["nodes"], drop, built_history, tmp_path
    )
    seen = f"{len(drop.clients)} rows at {drop.as_of_date}: {', '.join(drop.shapes)}"
    assert not failures, "\n".join([f"drop {name} of seed {SEED}, {seen}", *failures])
    assert accepted + drop.quarantined == len(drop.clients) > 0, seen
    assert tests >= 200
    assert checks >= 500
    if isinstance(name, int):
        drawn.append(drop)
