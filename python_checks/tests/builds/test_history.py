"""The history stays correct if months are repeated, late, incomplete, interrupted or missing.

One bank is built month by month. After each build, the tests read the dates of the history, a
fingerprint of each date, and the comparisons of neighbouring dates. Rows that must not change keep
their fingerprint.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from bank_warehouse.publish.records import build_record_path, read_record
from python_checks.expectations import runner
from python_checks.expectations.suites.history import history_tables
from python_checks.testing.dbt import Completed, run_dbt
from python_checks.testing.paths import PROJECT

CUSTOMERS = 1_500
SELECTION = ("--select", "+fct_segment_migrations", "+fct_risk_migrations")
FROM_THE_HISTORY_ON = (
    "--select",
    "fct_customer_history",
    "int_customers_migrated",
    "fct_segment_migrations",
    "fct_risk_migrations",
)
WITH_THEIR_TESTS = (
    "assert_history_holds_the_customers_of_this_build",
    "assert_migrations_add_up_to_both_dates",
    "assert_neighbouring_dates_are_of_one_bank",
    "--indirect-selection",
    "empty",
    "--exclude-resource-type",
    "unit_test",
)
"""Options that add the history's own tests to a selection, without those of its parents."""
DAYS = {0: "2021-12-31", 1: "2022-01-31", 2: "2022-02-28", 3: "2022-03-31", 4: "2022-04-30"}
Person = tuple[str, str, str]


@dataclass(frozen=True)
class Look:
    """The content of the history and the migrations after a build.

    Attributes:
        dates: Number of customers and fingerprint of each date.
        pairs: Number of customers and fingerprint of each comparison, by the two dates compared.
        segments: Number of customers by date, previous segment and new segment.
        printed: What the build printed.
    """

    dates: dict[str, tuple[int, int]]
    pairs: dict[tuple[str, str], tuple[int, int]]
    segments: dict[tuple[str, str, str], int] = field(default_factory=dict)
    printed: str = ""


def history_of(folder: Path) -> Path:
    return folder / "bank_history.duckdb"


def look(folder: Path, printed: str = "") -> Look:
    """Read the history and the warehouse in `folder`."""
    with duckdb.connect(str(history_of(folder)), read_only=True) as connection:
        dates = connection.execute(
            "select cast(as_of_date as varchar), count(*), sum(hash(history)) "
            "from marts.fct_customer_history as history group by as_of_date"
        ).fetchall()
        pairs = connection.execute(
            "select cast(from_date as varchar), cast(to_date as varchar), sum(customers), "
            "sum(hash(migrated)) from intermediate.int_customers_migrated as migrated "
            "group by from_date, to_date"
        ).fetchall()
    with duckdb.connect(str(folder / "bank.duckdb"), read_only=True) as connection:
        segments = connection.execute(
            "select cast(to_date as varchar), from_segment, to_segment, customers "
            "from marts.fct_segment_migrations"
        ).fetchall()
    return Look(
        {row[0]: (row[1], row[2]) for row in dates},
        {(row[0], row[1]): (row[2], row[3]) for row in pairs},
        {(row[0], row[1], row[2]): row[3] for row in segments},
        printed,
    )


def build(folder: Path, day: str, drop: Path, *options: str, command: str = "build") -> Completed:
    return run_dbt(
        folder,
        command,
        *(options or (*SELECTION, *WITH_THEIR_TESTS)),
        "--vars",
        json.dumps({"as_of_date": day}),
        BANK_RAW_DIR=str(drop),
    )


def run_sql(file: Path, *statements: str) -> None:
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def people(drop: Path) -> set[Person]:
    """Return the clients of a drop: client id, name and joining date."""
    with (drop / "banking-clients.csv").open(encoding="utf-8", newline="") as file:
        return {(row["Client ID"], row["Name"], row["Joined Bank"]) for row in csv.DictReader(file)}


def rewrite(drop: Path, to: Path, *, leave_out: int = 0, spoil: int = 0) -> Path:
    """Copy a drop without some clients, or with unreadable ages for some."""
    shutil.copytree(drop, to)
    path = to / "banking-clients.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    left_out = set(random.Random(1).sample(range(len(rows)), leave_out))
    kept = [row for place, row in enumerate(rows) if place not in left_out]
    for row in kept[:spoil]:
        row["Age"] = "unknown"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    return to


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The drops of five months, and two more.

    Drop 5 is month 3 without 20 customers. Drop 6 is month 4 with 40 unreadable ages.
    """
    folder = tmp_path_factory.mktemp("drops")
    made = {}
    for month in DAYS:
        made[month] = folder / str(month)
        result = CliRunner().invoke(
            main,
            [
                *("generate", "--customers", str(CUSTOMERS), "--seed", "3"),
                *("--out", str(made[month]), "--months-later", str(month)),
            ],
        )
        assert result.exit_code == 0, result.output
    made[5] = rewrite(made[3], folder / "short", leave_out=20)
    made[6] = rewrite(made[4], folder / "spoiled", spoil=40)
    return made


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the warehouse and the history."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def looks(bank: Path, drops: dict[int, Path]) -> dict[str, Look]:
    """The history and migrations after each build of a series, by the name of the build."""
    seen = {}

    def step(name: str, month: int, day: str, *options: str, is_refused: bool = False) -> None:
        ran = build(bank, day, drops[month], *(*SELECTION, *WITH_THEIR_TESTS, *options))
        assert (ran.returncode != 0) == is_refused, f"{name}: {ran.stdout[-4000:]}{ran.stderr}"
        seen[name] = look(bank, ran.stdout)

    step("first", 0, DAYS[0])
    step("next", 1, DAYS[1])
    step("repeated", 1, DAYS[1], "--full-refresh")
    step("gap", 3, DAYS[3])
    (bank / "bank.duckdb").unlink()
    step("late, into a fresh warehouse", 2, DAYS[2])
    step("short", 5, DAYS[3])
    step("refused", 6, DAYS[4], is_refused=True)
    return seen


def unchanged(before: Look, after: Look, *days: str) -> bool:
    return all(before.dates[day] == after.dates[day] for day in days)


def test_one_date_has_no_migrations(looks: dict[str, Look]) -> None:
    first = looks["first"]
    assert first.dates.keys() == {DAYS[0]}
    assert first.dates[DAYS[0]][0] == CUSTOMERS
    assert not first.pairs
    assert not first.segments


def test_next_month_adds_only_its_date(looks: dict[str, Look]) -> None:
    before, after = looks["first"], looks["next"]
    assert after.dates.keys() == {DAYS[0], DAYS[1]}
    assert unchanged(before, after, DAYS[0])
    assert after.pairs.keys() == {(DAYS[0], DAYS[1])}


def test_repeated_drop_changes_nothing(looks: dict[str, Look]) -> None:
    before, after = looks["next"], looks["repeated"]
    assert (after.dates, after.pairs, after.segments) == (
        before.dates,
        before.pairs,
        before.segments,
    )


def test_late_drop_is_inserted(looks: dict[str, Look]) -> None:
    before, after = looks["gap"], looks["late, into a fresh warehouse"]
    assert before.pairs.keys() == {(DAYS[0], DAYS[1]), (DAYS[1], DAYS[3])}
    assert after.dates.keys() == {DAYS[0], DAYS[1], DAYS[2], DAYS[3]}
    assert unchanged(before, after, DAYS[0], DAYS[1], DAYS[3])
    # The dates around the late one are no longer compared with each other. The rest is unchanged.
    assert after.pairs.keys() == {(DAYS[0], DAYS[1]), (DAYS[1], DAYS[2]), (DAYS[2], DAYS[3])}
    assert after.pairs[DAYS[0], DAYS[1]] == before.pairs[DAYS[0], DAYS[1]]
    assert {day for day, _, _ in after.segments} == {DAYS[1], DAYS[2], DAYS[3]}


def test_repeated_date_is_replaced(looks: dict[str, Look]) -> None:
    before, after = looks["late, into a fresh warehouse"], looks["short"]
    assert after.dates[DAYS[3]][0] == before.dates[DAYS[3]][0] - 20
    assert unchanged(before, after, DAYS[0], DAYS[1], DAYS[2])
    assert {pair for pair in after.pairs if after.pairs[pair] != before.pairs[pair]} == {
        (DAYS[2], DAYS[3])
    }


def test_refused_drop_does_not_reach_the_history(looks: dict[str, Look]) -> None:
    assert "max_quarantine_rate" in looks["refused"].printed
    assert looks["refused"].dates == looks["short"].dates
    assert looks["refused"].pairs == looks["short"].pairs


def test_joiners_and_leavers_match_the_files(
    looks: dict[str, Look], drops: dict[int, Path]
) -> None:
    segments = looks["short"].segments
    for before, after in pairwise((0, 1, 2, 5)):
        day = DAYS[3 if after == 5 else after]
        there, then = people(drops[before]), people(drops[after])
        moves = {
            (source, target): number
            for (to_date, source, target), number in segments.items()
            if to_date == day
        }
        joined = sum(number for (source, _), number in moves.items() if source == "joined")
        left = sum(number for (_, target), number in moves.items() if target == "left")
        assert (joined, left) == (len(then - there), len(there - then)), day
        assert sum(moves.values()) == len(then | there), day
        # Most stay in their segment, but some do not.
        stayed = sum(number for (source, target), number in moves.items() if source == target)
        assert 0.7 * len(there) < stayed < len(there & then), day


def count_moves(folder: Path) -> tuple[list[Any], list[Any]]:
    """Count the segment and risk migrations of a history in Python, customer by customer."""
    with duckdb.connect(str(history_of(folder)), read_only=True) as connection:
        rows = connection.execute(
            "select as_of_date, customer_key, segment, risk_weighting, watch_list_level, "
            "total_loans, total_deposits from marts.fct_customer_history"
        ).fetchall()
    by_date: dict[date, dict[int, tuple[Any, ...]]] = {}
    for day, key, *values in rows:
        by_date.setdefault(day, {})[key] = tuple(values)
    segments: dict[tuple[Any, ...], list[Any]] = {}
    risks: dict[tuple[Any, ...], list[Any]] = {}
    nobody = {"from": ("joined", "joined", "joined", 0, 0), "to": ("left", "left", "left", 0, 0)}
    for from_date, to_date in pairwise(sorted(by_date)):
        for key in by_date[from_date].keys() | by_date[to_date].keys():
            before = by_date[from_date].get(key, nobody["from"])
            after = by_date[to_date].get(key, nobody["to"])
            segment = (from_date, to_date, before[0], after[0])
            risk = (from_date, to_date, str(before[1]), str(after[1]), before[2], after[2])
            for found, cell in ((segments, segment), (risks, risk)):
                sums = found.setdefault(cell, [0, 0, 0, 0, 0])
                for place, value in enumerate((1, before[3], after[3], before[4], after[4])):
                    sums[place] += value
    return (
        sorted((*cell, *sums) for cell, sums in segments.items()),
        sorted((*cell, *sums) for cell, sums in risks.items()),
    )


def test_migrations_equal_a_count_in_python(bank: Path, looks: dict[str, Look]) -> None:
    assert len(looks["short"].dates) == 4
    money = "from_total_loans, to_total_loans, from_total_deposits, to_total_deposits"
    with duckdb.connect(str(bank / "bank.duckdb"), read_only=True) as connection:
        segments = connection.execute(
            f"select from_date, to_date, from_segment, to_segment, customers, {money} "
            "from marts.fct_segment_migrations order by all"
        ).fetchall()
        risks = connection.execute(
            "select from_date, to_date, from_risk_weighting, to_risk_weighting, "
            f"from_watch_list_level, to_watch_list_level, customers, {money} "
            "from marts.fct_risk_migrations order by all"
        ).fetchall()
        changes = connection.execute(
            "select distinct risk_weighting_change from marts.fct_risk_migrations"
        ).fetchall()
    by_hand = count_moves(bank)
    assert sorted(segments) == by_hand[0]
    assert sorted(risks) == by_hand[1]
    assert {change for (change,) in changes} == {"joined", "left", "worse", "better", "unchanged"}


@pytest.fixture
def copy(bank: Path, looks: dict[str, Look], tmp_path: Path) -> Path:
    """A copy of the warehouse and history after the last build, which a test may damage."""
    assert looks
    warehouse = bank / "bank.duckdb"
    for file in (warehouse, history_of(bank), build_record_path(warehouse)):
        shutil.copy2(file, tmp_path / file.name)
    shutil.copytree(bank / "target", tmp_path / "target")
    return tmp_path


EXPECTATIONS_BROKEN = {
    "one customer more in each segment": (
        "update marts.fct_segment_migrations set customers = customers + 1 "
        "where to_date = (select max(to_date) from marts.fct_segment_migrations) "
        "and from_segment = to_segment",
        "customers",
    ),
    "a cent less in loans": (
        "update marts.fct_risk_migrations set to_total_loans = to_total_loans - 0.01 "
        "where rowid = (select min(rowid) from marts.fct_risk_migrations "
        "where to_total_loans > 0)",
        "customers",
    ),
    "a direction reversed": (
        "update marts.fct_risk_migrations set risk_weighting_change = 'better' "
        "where risk_weighting_change = 'worse'",
        "from_risk_weighting",
    ),
}


def failures(warehouse: Path) -> list[runner.Failure]:
    results = runner.run(warehouse, {"history": history_tables()}, None)
    return [failure for result in results for failure in result.failures]


def test_expectations_hold_for_migrations(bank: Path, looks: dict[str, Look]) -> None:
    assert looks["short"].segments
    assert not failures(bank / "bank.duckdb")


@pytest.mark.parametrize("name", EXPECTATIONS_BROKEN)
def test_expectations_find_wrong_migrations(copy: Path, name: str) -> None:
    statement, column = EXPECTATIONS_BROKEN[name]
    run_sql(copy / "bank.duckdb", statement)
    assert [one for one in failures(copy / "bank.duckdb") if column in one.column]


def test_a_date_can_be_forgotten(copy: Path, drops: dict[int, Path]) -> None:
    before = look(copy)
    forgotten = run_dbt(
        copy, "run-operation", "forget_date", "--args", json.dumps({"as_of_date": DAYS[1]})
    )
    assert forgotten.returncode == 0, forgotten.stdout
    # Without a drop, the last build decides which history is used.
    assert not (copy / "bank_history_sample.duckdb").exists()
    assert (
        f"Removed {DAYS[1]} from the history: {before.dates[DAYS[1]][0]} rows" in forgotten.stdout
    )
    ran = build(copy, DAYS[3], drops[5], *FROM_THE_HISTORY_ON, command="run")
    assert ran.returncode == 0, ran.stdout[-4000:]
    after = look(copy)
    assert after.dates == {day: seen for day, seen in before.dates.items() if day != DAYS[1]}
    assert after.pairs.keys() == {(DAYS[0], DAYS[2]), (DAYS[2], DAYS[3])}
    assert after.pairs[DAYS[2], DAYS[3]] == before.pairs[DAYS[2], DAYS[3]]


def found_by(name: str, folder: Path) -> int:
    """Return the number of rows that the compiled SQL of a singular test finds."""
    file = folder / "target" / "compiled" / "bank_warehouse" / "tests" / "singular" / f"{name}.sql"
    with duckdb.connect(str(folder / "bank.duckdb")) as connection:
        connection.execute(f"attach '{history_of(folder)}' as history (read_only)")
        return len(connection.execute(file.read_text(encoding="utf-8")).fetchall())


@pytest.mark.parametrize(
    ("name", "file", "statement"),
    [
        (
            "assert_migrations_add_up_to_both_dates",
            "bank_history.duckdb",
            "update marts.fct_customer_history set segment = 'Borrowers' "
            f"where as_of_date = cast('{DAYS[0]}' as date) and segment <> 'Borrowers'",
        ),
        (
            "assert_migrations_add_up_to_both_dates",
            "bank_history.duckdb",
            f"delete from marts.fct_customer_history where as_of_date = cast('{DAYS[1]}' as date)",
        ),
        (
            "assert_migrations_add_up_to_both_dates",
            "bank.duckdb",
            f"delete from marts.fct_risk_migrations where to_date = cast('{DAYS[2]}' as date)",
        ),
        (
            "assert_migrations_add_up_to_both_dates",
            "bank.duckdb",
            "update marts.fct_risk_migrations set from_total_deposits = from_total_deposits + 0.01 "
            "where rowid = (select max(rowid) from marts.fct_risk_migrations "
            "where from_risk_weighting <> 'joined')",
        ),
        (
            "assert_history_holds_the_customers_of_this_build",
            "bank_history.duckdb",
            "delete from marts.fct_customer_history where customer_key = "
            "(select max(customer_key) from marts.fct_customer_history "
            f"where as_of_date = cast('{DAYS[3]}' as date))",
        ),
        (
            "assert_neighbouring_dates_are_of_one_bank",
            "bank.duckdb",
            "delete from marts.fct_segment_migrations where from_segment <> 'joined' "
            f"and to_segment <> 'left' and to_date = cast('{DAYS[2]}' as date)",
        ),
    ],
    ids=[
        "a changed segment",
        "a missing date",
        "a missing comparison",
        "a cent more",
        "a missing customer",
        "no common customer",
    ],
)
def test_faults_in_history_and_migrations_are_found(
    copy: Path, name: str, file: str, statement: str
) -> None:
    assert found_by(name, copy) == 0
    run_sql(copy / file, statement)
    assert found_by(name, copy) > 0


def test_history_with_changed_columns_is_refused_with_a_remedy(
    copy: Path, drops: dict[int, Path]
) -> None:
    run_sql(
        history_of(copy),
        "alter table marts.fct_customer_history add column postcode varchar",
        "alter table marts.fct_customer_history drop column fee_income",
    )
    before = look(copy).dates
    ran = build(copy, DAYS[3], drops[5], "--select", "fct_customer_history", command="run")
    assert ran.returncode != 0
    assert 'docs/history.md under "When its columns change"' in " ".join(ran.stdout.split())
    assert look(copy).dates == before


def test_different_bank_is_not_added_to_the_history(copy: Path, drops: dict[int, Path]) -> None:
    run_sql(
        copy / "bank.duckdb",
        "update intermediate.int_customers_segmented set customer_key = customer_key + 1",
        "update marts.fct_customer_risk set customer_key = customer_key + 1",
    )
    before = look(copy).dates
    # First as a new date, then in place of an existing one.
    for day, known in ((DAYS[4], DAYS[3]), (DAYS[0], DAYS[0])):
        ran = build(copy, day, drops[5], "--select", "fct_customer_history", command="run")
        assert ran.returncode != 0
        printed = " ".join(ran.stdout.split())
        assert f"No customer of this drop is in the history at {known}" in printed
        assert "set BANK_HISTORY" in printed
        assert look(copy).dates == before


def test_sample_has_its_own_history(copy: Path) -> None:
    before = history_of(copy).read_bytes()
    ran = run_dbt(copy, "run", "--select", "fct_customer_history")
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert history_of(copy).read_bytes() == before
    with duckdb.connect(str(copy / "bank_history_sample.duckdb"), read_only=True) as connection:
        dates = connection.execute("select distinct as_of_date from marts.fct_customer_history")
        assert dates.fetchall() == [(date.fromisoformat(DAYS[3]),)]


def test_empty_build_removes_nothing(copy: Path, drops: dict[int, Path]) -> None:
    before = look(copy).dates
    ran = build(
        copy, DAYS[3], drops[5], "--select", "fct_customer_history", "--empty", command="run"
    )
    assert ran.returncode == 0, ran.stdout
    assert look(copy).dates == before


KILLED = """
import os, signal, sys
from dbt.cli.main import dbtRunner

moment, *arguments = sys.argv[1:]
insert = 'insert into "history"."marts"."fct_customer_history"'
last = ""

def watch(event):
    global last
    name = event.info.name
    if name == "SQLQuery":
        last = event.data.sql
    is_written = name == "SQLQueryStatus" and insert in last
    is_next = name == "LogStartLine" and "int_customers_migrated" in event.info.msg
    if {"before the commit": is_written, "after it": is_next}[moment]:
        os.kill(os.getpid(), signal.SIGKILL)

dbtRunner(callbacks=[watch]).invoke(arguments)
"""


def kill_build(folder: Path, day: str, drop: Path, moment: str) -> None:
    """Build the history and the models after it, and kill the build at a given moment."""
    environment = {
        "BANK_WAREHOUSE": str(folder / "bank.duckdb"),
        "BANK_RAW_DIR": str(drop),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
    }
    options = ("--vars", json.dumps({"as_of_date": day}), "--threads", "1")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, moment, "run", *FROM_THE_HISTORY_ON, *options],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_build_leaves_complete_dates(copy: Path, drops: dict[int, Path]) -> None:
    # Change the customers, so that the build writes rows that differ from the existing ones.
    run_sql(
        copy / "bank.duckdb",
        "update intermediate.int_customers_segmented set total_loans = total_loans + 1, "
        "total_deposits = total_deposits + 2",
        "update marts.fct_customer_risk set watch_list_level = 'act'",
    )
    before = look(copy)
    kill_build(copy, DAYS[3], drops[5], "before the commit")
    found = look(copy)
    assert (found.dates, found.pairs) == (before.dates, before.pairs)
    record = read_record(build_record_path(copy / "bank.duckdb"))
    assert record is not None
    assert not record["is_ended"]

    kill_build(copy, DAYS[3], drops[5], "after it")
    found = look(copy)
    assert unchanged(before, found, DAYS[0], DAYS[1], DAYS[2])
    assert found.dates[DAYS[3]][0] == before.dates[DAYS[3]][0]
    assert found.dates[DAYS[3]] != before.dates[DAYS[3]]
    # The comparison with the previous date was removed with the old rows, in one transaction.
    assert found.pairs.keys() == before.pairs.keys() - {(DAYS[2], DAYS[3])}

    ran = build(copy, DAYS[3], drops[5], *FROM_THE_HISTORY_ON, *WITH_THEIR_TESTS)
    assert ran.returncode == 0, ran.stdout[-4000:]
    after = look(copy)
    assert after.dates == found.dates
    assert after.pairs.keys() == before.pairs.keys()
    assert after.pairs[DAYS[2], DAYS[3]] != before.pairs[DAYS[2], DAYS[3]]


def test_history_is_written_after_the_customer_tests(bank: Path) -> None:
    """A model runs after the tests that read only models upstream of it."""
    manifest = json.loads((bank / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = manifest["nodes"]
    upstream: set[str] = set()
    waiting = ["model.bank_warehouse.fct_customer_history"]
    while waiting:
        for parent in nodes.get(waiting.pop(), {}).get("depends_on", {}).get("nodes", []):
            if parent not in upstream:
                upstream.add(parent)
                waiting.append(parent)
    before = {
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "test" and set(node["depends_on"]["nodes"]) <= upstream
    }
    assert {
        "assert_no_money_is_lost_between_raw_and_marts",
        "assert_control_totals_tie_out",
        "assert_rows_delivered_are_accepted_or_quarantined",
        "assert_client_ids_are_not_deduplicated",
        "assert_joining_dates_are_read_as_declared",
        "assert_time_is_measured_at_the_declared_date",
        "assert_every_customer_is_in_exactly_one_segment",
        "assert_watch_list_follows_its_rules",
    } <= before
