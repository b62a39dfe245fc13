"""Drops of any size and composition can be built and pass every data test.

A bank may first try the project on a few of its customers. A build must not fail if there is only
one customer or one loyalty class, or if there are overdrafts or balances of zero. For each drop,
the compiled SQL, the Python models, the data tests and the expectations run in one process. The
drops are the EXTRACTS of the seeds and 60 random ones. One more drop, a changed extract, goes
through `dbt build` and Great Expectations.

A nightly run (`HYPOTHESIS_PROFILE=nightly`) draws 500 drops, with a new seed each day. BANK_DROPS
and BANK_DROPS_SEED set the number of drops and the seed.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from bank_warehouse import numbers
from bank_warehouse.findings import figures
from bank_warehouse.findings.page import write_page
from bank_warehouse.findings.tables import Tables
from bank_warehouse.metrics import load_metrics
from bank_warehouse.publish.records import SEMANTIC_MANIFEST
from bank_warehouse.sql import quote_identifier, quote_literal
from python_checks.expectations import runner, warehouse
from python_checks.expectations.suites import SUITES
from python_checks.testing.answers import untrue
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
    move_dates,
    sampled,
)
from python_checks.testing.staging import Staging

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
DROPS = int(os.environ.get("BANK_DROPS") or (500 if NIGHTLY else 60))
SEED = int(os.environ.get("BANK_DROPS_SEED") or (date.today().toordinal() if NIGHTLY else 1))

pytestmark = pytest.mark.examples


@pytest.fixture(scope="module")
def built_history(built_warehouse: Path) -> Path:
    return built_warehouse.with_name("bank_history_sample.duckdb")


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
    "all balances zero": lambda rows: [row | dict.fromkeys(BALANCES, "0") for row in rows[:200]],
    "the newest 120": lambda rows: sorted(rows, key=joined)[-120:],
    "the first 500, every amount the largest accepted": lambda rows: [
        row | dict.fromkeys(MONEY, LARGEST_AMOUNT) for row in rows[:500]
    ],
    "the first 500, every amount the largest accepted, negative": lambda rows: [
        row | dict.fromkeys(MONEY, f"-{LARGEST_AMOUNT}") for row in rows[:500]
    ],
}
"""Parts of the seeds that once failed to build, and drops with the largest sums."""


def extract(name: str) -> Drop:
    return Drop(name, EXTRACTS[name](sampled(seed_rows()[1])))


def measured_at(as_of_date: date, code: str) -> str:
    """Return compiled SQL with another as-of date, and with the year 120 years before it."""
    default = DATES[1]
    return code.replace(str(default), str(as_of_date)).replace(
        str(default.year - 120), str(as_of_date.year - 120)
    )


def contract_breaches(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> list[str]:
    """Return a line for each column that contains nulls although the contract forbids them."""
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
        f"{node['name']}: {name} contains nulls although the contract forbids them"
        for name, count in zip(columns, counts, strict=True)
        if count != row_count
    ]


NO_WORDS = re.compile(r"\bnan\b|\bNone\b|\binf\b|[{}]|\| \|")
"""Text that appears when a template is filled with a missing or unformatted value."""


@dataclass(frozen=True)
class Ran:
    """The numbers of customers, tests and checks for a drop, and a line for each failure."""

    accepted: int
    tests: int
    checks: int
    failures: list[str]


def run_drop(nodes: Mapping[str, Any], drop: Drop, history: Path, folder: Path) -> Ran:
    """Run all models, data tests and expectations on a drop, and check its findings.

    Args:
        nodes: The compiled nodes of a manifest.
        drop: The drop.
        history: The history database of a build, for the columns of its tables.
        folder: Where to write the files of the drop.
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
        # The compiled history models insert into existing tables, so create these tables empty, as
        # they are in a first build.
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
                found = numbers.count(len(rows), "row")
                failures.append(f"{node['name']}: {found}, such as {rows[0]}")
        # The findings must also be true with few customers, or if none of them has a balance.
        findings = Tables(connection, load_metrics(history.with_name("target") / SEMANTIC_MANIFEST))
        failures += untrue(connection, findings.said)
        page = write_page(findings)
        failures += [f"findings: {word}" for word in NO_WORDS.findall(page)]
        if not drop.shapes:
            figures.draw(findings, folder / "figures")
        # The checks read nothing but the warehouse.
        connection.execute("detach history")
        connection.execute("detach built")
        tables = [table for declare in SUITES.values() for table in declare(connection)]
        for table in tables:
            failures += [f"{table.relation}: {word}" for word in broken_checks(connection, table)]
    return Ran(accepted, len(tests), sum(len(table.checks) for table in tables), failures)


@pytest.fixture(scope="module")
def drawn() -> list[Drop]:
    """The random drops of this run that passed."""
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
    what = f"drop {name} of seed {SEED}" if isinstance(name, int) else f"extract {name!r}"
    what += f": {numbers.count(len(drop.clients), 'client')} as of {drop.as_of_date}, " + (
        ", ".join(drop.shapes) or "unchanged"
    )
    ran = run_drop(built_manifest["nodes"], drop, built_history, tmp_path)
    assert not ran.failures, "\n".join([what, *ran.failures])
    assert ran.accepted + drop.quarantined == len(drop.clients) > 0, what
    assert ran.tests >= 200
    assert ran.checks >= 400
    if isinstance(name, int):
        drawn.append(drop)


def test_drops_of_every_shape_were_drawn(
    drawn: list[Drop], capsys: pytest.CaptureFixture[str]
) -> None:
    """Print a summary of the drops that passed. This test must run after their tests."""
    shapes = Counter(shape for drop in drawn for shape in drop.shapes or ("unchanged",))
    sizes = Counter(
        next(top for top in (1, 9, 99, 500) if len(drop.clients) <= top) for drop in drawn
    )
    with capsys.disabled():
        print(
            f"\n{len(drawn)} random drops of seed {SEED} passed, "
            f"with {sum(len(drop.clients) for drop in drawn):,} clients; drops by size: "
            f"1 client: {sizes[1]}, 2 to 9: {sizes[9]}, 10 to 99: {sizes[99]}, "
            f"100 to 500: {sizes[500]}; by as-of date: "
            + ", ".join(f"{day}: {sum(drop.as_of_date == day for drop in drawn)}" for day in DATES)
            + "; by shape: "
            + ", ".join(f"{shape}: {count}" for shape, count in sorted(shapes.items()))
        )
    if len(drawn) == DROPS >= 60:
        assert set(shapes) == {*SHAPES, "unchanged"}
        assert set(sizes) == {1, 9, 99, 500}


def test_drop_tests_detect_a_missing_customer(
    built_manifest: dict[str, Any], built_history: Path, tmp_path: Path
) -> None:
    """The data tests and the expectations must both notice a missing customer."""
    nodes = dict(built_manifest["nodes"])
    (positions,) = (one for one in nodes.values() if one["name"] == "fct_customer_positions")
    nodes[positions["unique_id"]] = positions | {
        "compiled_code": f"select * from ({positions['compiled_code']}) order by all limit 4"
    }
    found = run_drop(nodes, extract("five"), built_history, tmp_path).failures
    assert any(line.startswith("assert_no_money_is_lost_between_raw") for line in found)
    assert "marts.fct_customer_positions: has the customers of staging.stg_bank__clients" in str(
        found
    )


def test_replacing_the_date_gives_the_sql_compiled_for_the_new_date() -> None:
    staging = Staging()
    for model in ("base_bank__clients", "fct_quarantined_clients"):
        for day in DATES:
            assert measured_at(day, staging.compile(model)) == staging.compile(
                model, as_of_date=str(day)
            )


@pytest.mark.parametrize("size", [1, 300])
def test_too_large_amounts_are_quarantined_and_their_columns_named(
    size: int, tmp_path: Path
) -> None:
    drop = Drop("too large", extract("the first 300").clients[:size])
    columns = ("Estimated Income", "Bank Loans", "Bank Deposits")
    drop.clients[0].update(dict.fromkeys(columns, TOO_LARGE))
    staged = Staging().read(
        written_drop(drop, tmp_path), max_quarantine_rate=1, raw_date_format="%d-%m-%Y"
    )
    (row,) = staged.quarantined
    assert row["reject_reasons"] == "; ".join(
        f"{column.lower().replace(' ', '_')} is 1,000,000,000,000.00 or more" for column in columns
    )
    assert len(staged.accepted) == size - 1


def written_drop(drop: Drop, folder: Path) -> Path:
    """Write a drop with all its files into a new folder, and return this folder."""
    files = folder / "drop"
    files.mkdir()
    for table in LOOKUPS:
        (files / f"{table}.csv").write_bytes((SEEDS / f"raw_{table}.csv").read_bytes())
    drop.write(files)
    return files


def test_extract_with_overdrafts_passes_dbt_and_great_expectations(tmp_path: Path) -> None:
    """Run `dbt build` for an as-of date in a different year, then all suites on its warehouse."""
    drop = extract("the first 300")
    drop.as_of_date = DATES[2]
    move_dates(drop)
    for name in ("overdrafts", "no cards"):
        SHAPES[name](drop, Random(1))
    ran = run_dbt(
        tmp_path,
        "build",
        "--vars",
        f"as_of_date: {drop.as_of_date}",
        BANK_RAW_DIR=str(written_drop(drop, tmp_path)),
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr
    results = json.loads((tmp_path / "target" / "run_results.json").read_text("utf-8"))["results"]
    assert {result["status"] for result in results} == {"success", "pass", "no-op"}
    path = tmp_path / "bank.duckdb"
    with warehouse.connect(path) as connection:
        suites = {name: declare(connection) for name, declare in SUITES.items()}
    checked = runner.run(path, suites, docs=None)
    assert [failure for result in checked for failure in result.failures] == []
    assert sum(result.checked for result in checked) >= 400
