"""Any part of a sound sample is sound: extracts of the shipped seeds pass every test of the data.

A bank tries the project on a few of its customers first. What holds of three thousand must not
break on sixty, on a single class or on balances of zero. The compiled SQL and the Python models
run in one process for each extract; one of them also goes through `dbt build` as a drop.
"""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bank_warehouse.sql import quote_literal
from python_checks.testing.dbt import run_dbt
from python_checks.testing.model_runner import load_seed, run_models, warehouse
from python_checks.testing.oddities import LOOKUPS, seed_rows
from python_checks.testing.paths import SEEDS

Row = list[str]
HEADER: Row = seed_rows()[0]
CLIENTS = "raw_clients"


@pytest.fixture(scope="module")
def built_history(built_warehouse: Path) -> Path:
    return built_warehouse.with_name("bank_history_sample.duckdb")


def column(name: str) -> int:
    return HEADER.index(name)


def joined(row: Row) -> datetime:
    return datetime.strptime(row[column("Joined Bank")], "%d-%m-%Y")


def without_money(row: Row) -> Row:
    balances = range(column("Superannuation Savings"), column("Business Lending") + 1)
    return ["0" if place in balances else cell for place, cell in enumerate(row)]


EXTRACTS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "the first 300": lambda rows: rows[:300],
    "the first 61": lambda rows: rows[:61],
    "every 17th": lambda rows: rows[::17],
    "five": lambda rows: rows[:5],
    "one": lambda rows: rows[:1],
    "holders of three cards": lambda rows: [
        row for row in rows if row[column("Amount of Credit Cards")] == "3"
    ],
    "one loyalty class": lambda rows: [
        row for row in rows if row[column("Loyalty Classification")] == "Gold"
    ],
    "all balances zero": lambda rows: [without_money(row) for row in rows[:200]],
    "the newest 120": lambda rows: sorted(rows, key=joined)[-120:],
}


def write(name: str, file: Path) -> int:
    """Write the clients file of an extract and return how many it has."""
    rows = EXTRACTS[name](seed_rows()[1])
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([HEADER, *rows])
    return len(rows)


def failing(
    nodes: Mapping[str, Any], clients: Path, history: Path
) -> tuple[int, int, dict[str, int]]:
    """Run all models and tests of the data on a clients file.

    Args:
        nodes: The nodes of a manifest, compiled.
        clients: The file.
        history: The history of a build, for the columns of its tables.

    Returns:
        How many customers were accepted, how many tests were run, and how many rows were found
        by each test that fails.
    """
    by_name = {
        node["name"]: node for node in nodes.values() if node["resource_type"] in ("model", "seed")
    }
    tests = [node for node in nodes.values() if node["resource_type"] == "test"]
    with warehouse() as connection:
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
        load_seed(connection, by_name[CLIENTS], clients)
        run_models(connection, by_name, list(by_name), given=[CLIENTS])
        accepted = connection.execute("select count(*) from staging.stg_bank__clients").fetchone()
        assert accepted is not None
        found = {
            test["name"]: len(connection.execute(test["compiled_code"]).fetchall())
            for test in tests
        }
    return accepted[0], len(found), {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("name", EXTRACTS)
def test_an_extract_passes_every_test_of_the_data(
    name: str, built_manifest: dict[str, Any], built_history: Path, tmp_path: Path
) -> None:
    customers = write(name, tmp_path / "clients.csv")
    accepted, tests, found = failing(
        built_manifest["nodes"], tmp_path / "clients.csv", built_history
    )
    assert accepted == customers > 0
    assert tests >= 200
    assert not found


def test_the_tests_of_an_extract_can_fail(
    built_manifest: dict[str, Any], built_history: Path, tmp_path: Path
) -> None:
    """A test that looks at nothing would pass: one that is turned round must not."""
    write("five", tmp_path / "clients.csv")
    nodes = dict(built_manifest["nodes"])
    (positions,) = (one for one in nodes.values() if one["name"] == "fct_customer_positions")
    nodes[positions["unique_id"]] = positions | {
        "compiled_code": f"select * from ({positions['compiled_code']}) order by all limit 4"
    }
    _, _, found = failing(nodes, tmp_path / "clients.csv", built_history)
    assert "assert_no_money_is_lost_between_raw_and_marts" in found


def test_dbt_builds_an_extract(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    for table in LOOKUPS:
        (drop / f"{table}.csv").write_bytes((SEEDS / f"raw_{table}.csv").read_bytes())
    write("the first 300", drop / "clients.csv")
    ran = run_dbt(tmp_path, "build", BANK_RAW_DIR=str(drop))
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr
    results = json.loads((tmp_path / "target" / "run_results.json").read_text("utf-8"))["results"]
    assert {result["status"] for result in results} == {"success", "pass", "no-op"}
