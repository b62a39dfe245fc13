"""The summary shows what was built, or says what to do."""

import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from bank_warehouse.cli import main
from bank_warehouse.publish.manifest import signed
from bank_warehouse.publish.records import (
    ALL_SUITES,
    FORMAT,
    build_record_path,
    checks_record_path,
    read_record,
    write_json,
)
from bank_warehouse.summary import NEEDED, Summary, format_summary, next_steps, read_summary
from python_checks.testing.paths import PROJECT


def summarise(warehouse: Path, raw_dir: str = "") -> Result:
    """Run the command as a user does."""
    environment = {"BANK_WAREHOUSE": str(warehouse), "BANK_RAW_DIR": raw_dir}
    return CliRunner().invoke(main, ["summary"], env=environment)


def made(**changes: object) -> Summary:
    """Return a summary of a small bank."""
    figures: dict[str, object] = {
        "as_of_date": date(2021, 12, 31),
        "source_files": ("a.csv",),
        "rows_delivered": 10,
        "customers": 10,
        "client_ids": 9,
        "total_loans": Decimal("1234567.80"),
        "total_deposits": Decimal("2.00"),
        "core_deposits": Decimal("1.00"),
        "segments": (("Savers", 10),),
        "watch_list": (),
        "rows_quarantined": 0,
        "reasons": (),
    }
    return Summary(**(figures | changes))  # type: ignore[arg-type]


@pytest.fixture
def copied_warehouse(built_warehouse: Path, tmp_path: Path) -> Path:
    """Return a copy of the built warehouse that a test may change."""
    return Path(shutil.copy2(built_warehouse, tmp_path / built_warehouse.name))


def test_summary_matches_the_built_warehouse(built_warehouse: Path) -> None:
    summary = read_summary(built_warehouse)
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        expected = connection.execute(
            """
            select count(*), count(distinct client_id), max(as_of_date)
            from restricted.dim_customer_identities
            """
        ).fetchone()
        money = connection.execute(
            """
            select sum(balance) filter (where product_family = 'lending'),
                sum(balance) filter (where product_family = 'deposit'),
                sum(balance) filter (where is_core_deposit)
            from marts.fct_product_holdings inner join marts.dim_products using (product)
            """
        ).fetchone()
        seed = connection.execute("select count(*) from raw.raw_clients").fetchone()
    assert (summary.customers, summary.client_ids, summary.as_of_date) == expected
    assert (summary.total_loans, summary.total_deposits, summary.core_deposits) == money
    assert seed == (summary.rows_delivered,)
    assert summary.source_files == ("seeds/raw/raw_clients.csv",)
    assert sum(count for _, count in summary.segments) == summary.customers
    assert [level for level, _ in summary.watch_list] == ["act", "review", "watch"]
    assert summary.rows_quarantined == 0 == len(summary.reasons)


def test_command_prints_the_figures_and_what_to_run_next(built_warehouse: Path) -> None:
    result = summarise(built_warehouse)
    summary = read_summary(built_warehouse)
    assert result.exit_code == 0, result.output
    for text in (
        str(built_warehouse),
        "the shipped seeds",
        "2021-12-31",
        f"{summary.customers:,} with {summary.client_ids:,} client ids",
        f"{summary.total_loans:,.2f}",
        f"{summary.total_deposits:,.2f}",
        f"{summary.core_deposits:,.2f}",
        *(name for name, _ in summary.segments),
        f"0 of {summary.rows_delivered:,} rows",
        "  bank check\n",
        "dbt docs serve",
    ):
        assert text in result.output
    assert "bank quarantine" not in result.output
    assert max(len(line) for line in result.output.splitlines()) < 200


def test_summary_does_not_change_the_warehouse(copied_warehouse: Path) -> None:
    before = copied_warehouse.read_bytes()
    assert summarise(copied_warehouse).exit_code == 0
    assert copied_warehouse.read_bytes() == before
    assert [file.name for file in copied_warehouse.parent.iterdir()] == [copied_warehouse.name]


def test_quarantined_rows_are_counted_by_reason(copied_warehouse: Path) -> None:
    reasons = (
        "age is empty; gender_id is empty",
        "age is empty",
        "repeats row 7 of a.csv",
        "repeats row 9 of a.csv",
        "one of 2 rows with the same client id, name and joining date but different values, "
        "first in row 3 of a.csv",
        "joined_bank is 2019-05-06 or the same date with day and month exchanged: the file has "
        "dates in both orders, see row 7",
        "joined_bank is 2019-05-07 or the same date with day and month exchanged: the file has "
        "dates in both orders, see row 7",
    )
    with duckdb.connect(str(copied_warehouse)) as connection:
        for number, reason in enumerate(reasons, start=2):
            connection.execute(
                """
                insert into quality.fct_quarantined_clients
                    (source_file, source_row, as_of_date, reject_reasons, raw_text)
                values ('a.csv', ?, date '2021-12-31', ?, '{}')
                """,
                [number, reason],
            )
            connection.execute(
                """
                insert into staging.base_bank__clients
                from staging.base_bank__clients limit 1
                """
            )
    result = summarise(copied_warehouse)
    assert result.exit_code == 0, result.output
    assert read_summary(copied_warehouse).reasons == (
        ("age is empty", 2),
        ("joined_bank may have day and month exchanged", 2),
        ("repeats another row", 2),
        ("gender_id is empty", 1),
        ("rows with the same client id, name and joining date but different values", 1),
    )
    assert "7 of 3,007 rows" in result.output
    assert "       2  age is empty" in result.output
    assert "  bank quarantine --out quarantine.csv\n" in result.output


def test_summary_names_the_project_folder_when_run_elsewhere(
    built_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "(in the folder" not in summarise(built_warehouse).output
    monkeypatch.chdir(tmp_path)
    assert f"with its description (in the folder {PROJECT})" in summarise(built_warehouse).output


def test_at_most_ten_reasons_are_listed() -> None:
    reasons = tuple((f"reason {number}", 1) for number in range(13))
    text = format_summary(made(reasons=reasons), Path("bank.duckdb"), "")
    assert "reason 9" in text
    assert "reason 10" not in text
    assert "3 more reasons: see quality.fct_quarantined_clients" in text


@pytest.mark.parametrize(
    ("files", "raw_dir", "expected"),
    [
        (("seeds/raw/raw_clients.csv",), "", "the shipped seeds"),
        (("seeds/raw/raw_clients.csv",), "/drop", "the shipped seeds"),
        (("Banking.csv",), "/drop", "Banking.csv in /drop"),
        (("Banking.csv",), "/drop/Banking.csv", "Raw data              /drop/Banking.csv\n"),
        (("Banking.csv",), "", "Banking.csv, from your own files"),
        (("a", "b", "c", "d", "e"), "/drop", "a, b, c and 2 more files in /drop"),
    ],
)
def test_origin_of_the_raw_data_is_shown(
    files: tuple[str, ...], raw_dir: str, expected: str
) -> None:
    text = format_summary(made(source_files=files), Path("bank.duckdb"), raw_dir)
    assert expected in text


def test_empty_watch_list_lists_nobody() -> None:
    text = format_summary(made(), Path("bank.duckdb"), "")
    assert "nobody" in text
    assert "1,234,567.80" in text


def test_missing_warehouse_is_reported(tmp_path: Path) -> None:
    result = summarise(tmp_path / "none.duckdb")
    assert result.exit_code == 2
    assert f"There is no warehouse at {tmp_path / 'none.duckdb'}" in result.output
    assert "bank build" in result.output
    assert not (tmp_path / "none.duckdb").exists()


def test_file_that_is_not_a_warehouse_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "bank.duckdb"
    file.write_text("Client ID,Name\n" * 1000, encoding="utf-8")
    result = summarise(file)
    assert result.exit_code == 2
    assert f"{file} is not a warehouse.\nName another file with --warehouse." in result.output
    assert "bank build" not in result.output


def test_damaged_warehouse_is_reported(copied_warehouse: Path) -> None:
    content = copied_warehouse.read_bytes()
    copied_warehouse.write_bytes(content[:4096])
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "cannot be read as a warehouse" in result.output
    assert "Delete the file and run `bank build`" in result.output


@pytest.mark.parametrize(("schema", "name"), NEEDED)
def test_incomplete_build_names_what_is_missing(
    schema: str, name: str, copied_warehouse: Path
) -> None:
    with duckdb.connect(str(copied_warehouse)) as connection:
        row = connection.execute(
            "select table_type from information_schema.tables"
            " where table_schema = ? and table_name = ?",
            [schema, name],
        ).fetchone()
        kind = "view" if row == ("VIEW",) else "table"
        connection.execute(f"drop {kind} {schema}.{name}")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert f"missing: {schema}.{name}." in result.output
    assert "first error" in result.output


def test_view_without_its_table_is_an_incomplete_build(copied_warehouse: Path) -> None:
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute("drop table intermediate.int_customers_segmented cascade")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "was not completed" in result.output


def test_marts_of_an_earlier_build_are_detected(copied_warehouse: Path) -> None:
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute(
            "insert into staging.base_bank__clients from staging.base_bank__clients limit 2"
        )
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "of 3,002 rows delivered, 3,000 are customers and 0 are in quarantine" in result.output


def test_warehouse_of_a_different_version_is_reported(copied_warehouse: Path) -> None:
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute("alter table quality.fct_quarantined_clients drop reject_reasons")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "another version of the project" in result.output


def test_locked_warehouse_is_reported(copied_warehouse: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; connection = duckdb.connect(sys.argv[1]);"
            " print('open', flush=True); sys.stdin.read()",
            str(copied_warehouse),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        result = summarise(copied_warehouse)
    finally:
        holder.communicate("")
    assert result.exit_code == 2
    assert "Another program has" in result.output
    assert "Wait for the build to end" in result.output


def with_record(warehouse: Path, **values: object) -> None:
    """Write a build record with these values."""
    record = {
        "format": FORMAT,
        "built_at": "2026-01-31T17:05:09Z",
        "command": "build",
        "is_ended": True,
        "nodes": 1362,
        "failed": [],
        "not_run": [],
        "is_empty": False,
        "source": "sample",
        "fingerprints": {},
    }
    write_json(build_record_path(warehouse), record | values)


ENDINGS: dict[str, tuple[dict[str, object], str]] = {
    "whole": ({}, "passed at 2026-01-31 17:05:09 UTC, 1,362 steps"),
    "failed": (
        {"failed": ["assert_x"], "not_run": ["a", "b"]},
        "failed at 2026-01-31 17:05:09 UTC (`dbt build`): assert_x; 2 steps did not run",
    ),
    "many failed": (
        {"failed": list("abcde"), "command": "test"},
        "failed at 2026-01-31 17:05:09 UTC (`dbt test`): a, b, c and 2 more",
    ),
    "interrupted": (
        {"is_ended": False},
        "started at 2026-01-31 17:05:09 UTC (`dbt build`) and has not ended: tables may come "
        "from two builds",
    ),
    "partial": (
        {"not_run": list("abcd"), "command": "run"},
        "was partial, at 2026-01-31 17:05:09 UTC (`dbt run`): it left out a, b, c and 1 more",
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_summary_reports_the_end_of_the_last_build(name: str, copied_warehouse: Path) -> None:
    values, line = ENDINGS[name]
    with_record(copied_warehouse, **values)
    result = summarise(copied_warehouse)
    assert result.exit_code == 0, result.output
    assert f"Last build            {line}\n" in result.output
    assert ("\n  bank build\n" in result.output) is (name != "whole")
    assert ("\n  bank check\n" in result.output) is (name == "whole")
    assert ("the first error" in result.output) is ("failed" in name)


def test_interrupted_build_is_not_called_an_error(copied_warehouse: Path) -> None:
    with_record(copied_warehouse, is_ended=False)
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute("drop table quality.fct_control_totals")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "missing: quality.fct_control_totals.\nThe last build started at" in result.output
    assert "Run `bank build` again." in result.output
    assert "error it prints" not in result.output


def test_interrupted_build_is_not_checked(copied_warehouse: Path) -> None:
    with_record(copied_warehouse, is_ended=False)
    options = ["check", "--warehouse", str(copied_warehouse)]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert "interrupted or is still running: the tables may come from two builds." in result.output
    assert f"Run `bank build --warehouse {copied_warehouse}`, then" in result.output
    assert not checks_record_path(copied_warehouse).exists()


def test_partial_build_is_not_called_a_failure(copied_warehouse: Path) -> None:
    with_record(copied_warehouse, not_run=["fct_control_totals"], source="drop")
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute("drop table quality.fct_control_totals")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert f"Only part of {copied_warehouse} is built" in result.output
    assert "it left out fct_control_totals.\nRun `bank build FOLDER` to" in result.output
    assert "was not completed" not in result.output


def release_of(build: str) -> dict[str, Any]:
    """Return a minimal manifest of a release that leaves out its only mart."""
    a_file = {"file": "x.parquet", "bytes": 0, "sha256": "0" * 64}
    column = {"name": "x", "type": "BIGINT", "is_nullable": False, "description": ""}
    mart = dict.fromkeys(("file", "bytes", "sha256", "row_count", "fingerprint", "totals"))
    mart |= {"schema": "marts", "name": "x", "description": "", "columns": [column], "grain": []}
    mart |= {"references": [], "is_published": False, "left_out_because": "personal data"}
    moments = dict.fromkeys(("published_at", "built_at", "checked_at"), "2026-01-31T17:05:09Z")
    return signed(
        {
            "format": 2,
            "release": 1,
            **moments,
            "source": "sample",
            "as_of_date": "2021-12-31",
            "git_commit": None,
            "git_is_dirty": None,
            "dbt_invocation_id": build,
            "schema_version": 1,
            "includes_restricted": False,
            "duckdb_version": duckdb.__version__,
            "control_totals": [],
            "checks": {"dbt_nodes": 1, "expectations": 1},
            "database": a_file,
            "metrics": a_file,
            "marts": [mart],
        }
    )


STATES: dict[str, tuple[dict[str, object], dict[str, object] | None, str | None, list[str]]] = {
    "built": ({}, None, None, ["bank check"]),
    "failed": ({"failed": ["a"]}, {}, "one", ["bank build"]),
    "checked before it was built again": ({}, {"fingerprints": {"a": 1}}, None, ["bank check"]),
    "checked in part": ({}, {"suites": ["marts"]}, None, ["bank check"]),
    "an expectation failed": ({}, {"passed": False}, None, ["bank check"]),
    "checked": ({}, {}, None, ["bank publish"]),
    "published before": ({}, {}, "another", ["bank publish"]),
    "published": ({}, {}, "one", ["bank dashboard", "powerbi/Bank.pbip"]),
}


@pytest.mark.parametrize("name", STATES)
def test_next_step_follows_the_state(name: str, tmp_path: Path) -> None:
    built, checked, published, expected = STATES[name]
    warehouse, releases = tmp_path / "my bank.duckdb", tmp_path / "published"
    with_record(warehouse, dbt_invocation_id="one", **built)
    if checked is not None:
        record = {"format": FORMAT, "fingerprints": {}, "suites": ALL_SUITES, "passed": True}
        write_json(checks_record_path(warehouse), record | checked)
    if published is not None:
        (releases / "1").mkdir(parents=True)
        (releases / "current").write_text("1\n", "utf-8")
        write_json(releases / "1" / "manifest.json", release_of(published))
    commands = [command for command, _ in next_steps(warehouse, "", releases)]
    assert [command.partition(" --")[0] for command in commands] == expected
    option = f'--warehouse "{warehouse}"'
    assert (option in commands[0]) is (expected != ["bank dashboard", "powerbi/Bank.pbip"])
    taken = commands[0].startswith(("bank publish", "bank dashboard"))
    assert (f"--publish-dir {releases}" in commands[0]) is taken


def test_incomplete_build_names_the_failure(copied_warehouse: Path) -> None:
    with_record(copied_warehouse, failed=["stg_bank__clients"])
    with duckdb.connect(str(copied_warehouse)) as connection:
        connection.execute("drop table quality.fct_control_totals")
    result = summarise(copied_warehouse)
    assert result.exit_code == 2
    assert "missing: quality.fct_control_totals" in result.output
    assert "The last build failed at 2026-01-31 17:05:09 UTC (`dbt build`): stg_bank" in (
        result.output
    )


def test_record_of_a_real_build_is_shown(built_warehouse: Path) -> None:
    record = read_record(build_record_path(built_warehouse))
    assert record is not None
    assert (record["failed"], record["not_run"]) == ([], [])
    assert "passed at 20" in summarise(built_warehouse).output
