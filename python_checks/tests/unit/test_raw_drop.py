"""Reading raw drops: oddities are read correctly, refused or quarantined, and nothing is lost."""

import csv
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_warehouse.accept import accepted_profile_path
from bank_warehouse.dbt_plugin import Plugin
from bank_warehouse.publish.records import build_record_path, checks_record_path
from bank_warehouse.raw_drop import DropError, Settings, encoding, plan_drop, plan_table
from bank_warehouse.raw_drop.fallback_reader import OTHER_HEADER, Shape, read_records
from bank_warehouse.raw_drop.files import natural_key
from bank_warehouse.raw_drop.header import map_header
from bank_warehouse.raw_drop.inspect import as_text, inspect_drop
from bank_warehouse.raw_drop.inspect import command as inspect
from bank_warehouse.raw_drop.mapping import TableNames
from bank_warehouse.raw_drop.plan import changed_files
from bank_warehouse.raw_drop.proofs import SPOILT_ID
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, RawColumn, RawTable, normalise
from bank_warehouse.raw_drop.workbook import _DateWatch
from bank_warehouse.spark.raw_copies import copy_raw_table
from python_checks.expectations.command import docs_folder
from python_checks.testing import oddities
from python_checks.testing.oddities import NOT_ON_WINDOWS, ODDITIES, Oddity
from python_checks.testing.paths import ORIGINAL, SEEDS
from python_checks.testing.plain_reader import records_of
from python_checks.testing.staging import Staging
from python_checks.testing.workbooks import seed_sheet, seed_sheets, write_xlsx

NAMES = [column.name for column in CLIENTS.columns]
GENDER = next(column for column in CLIENTS.columns if column.name == "gender_id")
Row = tuple[str | None, ...]
SETTINGS = json.dumps(
    {
        "raw_date_format": ["auto"],
        "raw_decimal_mark": "auto",
        "raw_money_rounding": "none",
        "max_quarantine_rate": 0.01,
    }
)


def read(drop: Path, table: str = "clients", settings: Settings | None = None) -> list[Row]:
    """Return a drop's rows for one table, in the order in which the plan reads them."""
    plan = plan_table(drop, table, settings)
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan.sql}")
        names = [str(row[0]) for row in connection.execute("describe read").fetchall()]
        types = {str(row[1]) for row in connection.execute("describe read").fetchall()}
        expected = [column.name for column in TABLES[table].columns]
        assert names == [*expected, "source_file", "structural_fault", "raw_line"]
        assert types == {"VARCHAR"}
        return connection.execute("from read order by rowid").fetchall()


def seed() -> list[Row]:
    return [tuple(row) for row in oddities.seed_rows()[1]]


def test_oddity_names_are_unique() -> None:
    assert len({oddity.name for oddity in ODDITIES}) == len(ODDITIES)
    assert all(oddity.what for oddity in ODDITIES)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name)
def test_each_oddity_is_treated_as_declared(oddity: Oddity, tmp_path: Path) -> None:
    if sys.platform == "win32" and oddity.name in NOT_ON_WINDOWS:
        pytest.skip(NOT_ON_WINDOWS[oddity.name])
    drop = tmp_path / "drop"
    drop.mkdir()
    oddity.make(drop)
    settings = Settings(
        None if oddity.date_formats == ("auto",) else oddity.date_formats,
        str(oddity.variables.get("raw_decimal_mark", "auto")),
        str(oddity.variables.get("raw_money_rounding", "none")),
        oddity.max_quarantine_rate,
    )
    if oddity.decided_by == "reader" and oddity.outcome == "refused":
        with pytest.raises(DropError, match=re.escape(oddity.says)) as refused:
            plan_table(drop, "clients", settings)
        message = str(refused.value)
        assert ("\n" in message) == ("things are wrong" in message)
        assert all(line.endswith(".") for line in message.splitlines())
        return

    tables = plan_drop(drop, settings).tables
    warnings = [text for plan in tables.values() for text in plan.warnings]
    if oddity.name != "people_written_in_two_ways":  # reported only after all rows are read
        assert oddity.warns in " ".join(warnings)
    rows = read(drop, "clients", settings)
    assert len(rows) == oddity.rows
    faulty = [row for row in rows if row[-2] is not None]
    kept = [row[: len(NAMES)] for row in rows if row[-2] is None]
    assert all(row[-1] for row in faulty)
    assert all(row[-1] is None for row in rows if row[-2] is None)
    if oddity.decided_by == "staging":
        assert {row[-2] for row in faulty} <= {OTHER_HEADER}
        return

    assert len(faulty) == oddity.rows_quarantined
    assert {row[-2] for row in faulty} <= {oddity.says}
    if oddity.name == "typed_parquet":  # its dates become ISO text
        place = NAMES.index("joined_bank")
        kept = [
            (*row[:place], "-".join(reversed(str(row[place]).split("-"))), *row[place + 1 :])
            for row in kept
        ]
    unharmed = iter(seed())
    assert all(row in unharmed for row in kept), "rows changed or out of order"
    if oddity.outcome == "read":
        assert kept == seed()
        assert oddity.warns or all("joining dates are read as" in warning for warning in warnings)


def test_no_text_of_a_quarantined_row_is_lost(tmp_path: Path) -> None:
    for name in ("short_rows", "long_row", "lost_line_end", "very_long_row", "quote_never_closed"):
        drop = tmp_path / name
        drop.mkdir()
        next(oddity for oddity in ODDITIES if oddity.name == name).make(drop)
        lines = (drop / "banking-clients.csv").read_text().splitlines()
        faulty = [row[-1] for row in read(drop) if row[-2] is not None]
        assert faulty
        assert all(text in lines for text in faulty), name


def test_damaged_bytes_stay_visible(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.edit_line(3, lambda line: line.replace(",", "\0,", 1)))
    (text,) = [row[-1] for row in read(tmp_path) if row[-2]]
    assert text is not None
    assert "\\x00," in text


def test_row_number_counts_from_the_first_row_of_its_file(tmp_path: Path) -> None:
    rows = seed()
    for number in (10, 9, 1):
        part = rows[number * 100 : number * 100 + 100]
        oddities.put(tmp_path, oddities.text_of(part), f"clients-{number}.csv")  # type: ignore[arg-type]
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan_table(tmp_path, 'clients').sql}")
        found = connection.execute(
            "select source_file, client_id, rowid - min(rowid) over (partition by source_file) "
            "from read order by rowid"
        ).fetchall()
    expected = [
        (f"clients-{number}.csv", rows[number * 100 + place][0], place)
        for number in (1, 9, 10)
        for place in range(100)
    ]
    assert found == expected


def test_order_holds_over_many_blocks_and_threads(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    place = header.index("Client ID")
    lines = [
        ",".join([*row[:place], f"N{{}}-{i}", *row[place + 1 :]]) for i, row in enumerate(rows)
    ]
    for part in (1, 2):
        with (tmp_path / f"clients-{part}.csv").open("w") as file:
            file.write(",".join(header) + "\r\n")
            for copy in range(30):
                file.writelines(line.format(f"{part}-{copy:02d}") + "\r\n" for line in lines)
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan_table(tmp_path, 'clients').sql}")
        found = connection.execute("select client_id from read order by rowid").fetchall()
    assert [row[0] for row in found] == [
        f"N{part}-{copy:02d}-{i}"
        for part in (1, 2)
        for copy in range(30)
        for i in range(len(lines))
    ]


@pytest.mark.parametrize("table", TABLES)
def test_shipped_seeds_are_read_unchanged(table: str, tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text(), "raw_clients.csv")
    with (SEEDS / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(row) for row in csv.reader(file)][1:]
    assert [row[:-3] for row in read(tmp_path, table)] == expected


def test_optional_table_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (RawColumn("branch_id", "code", "BranchId"), RawColumn("branch", "text", "Branch"))
    branches = RawTable("branches", columns, stems=("branches",))
    oddities.put(tmp_path, oddities.seed_text())
    monkeypatch.setitem(TABLES, "branches", branches)
    with pytest.raises(DropError, match="no file for branches"):
        plan_table(tmp_path, "branches")

    monkeypatch.setitem(TABLES, "branches", replace(branches, required=False))
    assert read(tmp_path, "branches") == []
    assert plan_table(tmp_path, "branches").warnings == (
        "branches: optional, and not in the drop. No rows are read.",
    )
    (tmp_path / "branches.csv").write_text("BranchId,Branch\n1,Harbour\n", "utf-8")
    assert [row[:2] for row in read(tmp_path, "branches")] == [("1", "Harbour")]
    assert plan_table(tmp_path, "branches").warnings == ()


@pytest.mark.skipif(not ORIGINAL.is_dir(), reason="the original data pack is not available")
def test_original_pack_is_read_to_the_cent() -> None:
    sums = {
        "estimated_income": "513915102.79",
        "superannuation_savings": "76594799.02",
        "credit_card_balance": "9528620.83",
        "bank_loans": "1774158466.46",
        "bank_deposits": "2014680581.77",
        "checking_accounts": "963278847.38",
        "saving_accounts": "698725060.45",
        "foreign_currency_account": "89650589.98",
        "business_lending": "2600279425.22",
    }
    rows = read(ORIGINAL)
    assert len(rows) == 3000
    assert len({row[0] for row in rows}) == 2940
    assert {row[-2] for row in rows} == {None}
    for name, total in sums.items():
        cells = [row[NAMES.index(name)] for row in rows]
        assert sum(Decimal(cell or "") for cell in cells) == Decimal(total), name
    lookups = {"banking_relationships": 4, "genders": 2, "investment_advisors": 22}
    assert {table: len(read(ORIGINAL, table)) for table in lookups} == lookups


def test_file_that_changes_during_the_read_is_reported(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    plan = plan_table(tmp_path, "clients")
    assert changed_files(plan) == ()
    with (tmp_path / "banking-clients.csv").open("r+b") as file:
        file.truncate(1000)
    assert changed_files(plan) == ("banking-clients.csv",)


def test_parquet_times_and_odd_numbers_keep_their_values(tmp_path: Path) -> None:
    oddities.lookups(tmp_path)
    oddities.write_parquet(
        tmp_path,
        """select * replace (
            timestamp '2019-05-06 10:30:00' as "Joined Bank",
            1.005::double as "Bank Loans",
            'nan'::double as "Bank Deposits",
            2.5::double as "Age",
            1200.1::double as "Business Lending"
        ) from seed limit 1""",
    )
    (row,) = read(tmp_path, settings=Settings(rounding="half_up", tolerated=1))
    found = dict(zip(NAMES, row, strict=False))
    assert found["joined_bank"] == "2019-05-06 10:30:00"
    assert found["bank_loans"] == "1.005"
    assert found["bank_deposits"] == "nan"
    assert found["age"] == "2.5"
    assert found["business_lending"] == "1200.10"


def test_parquet_dates_are_written_as_iso_text(tmp_path: Path) -> None:
    oddities.lookups(tmp_path)
    oddities.write_parquet(
        tmp_path,
        "select * replace (timestamptz '2019-05-06 00:00:00+00' as \"Joined Bank\") from seed",
    )
    assert {row[NAMES.index("joined_bank")] for row in read(tmp_path)} == {"2019-05-06"}
    declared = plan_table(tmp_path, "clients", Settings(("%d-%m-%y",))).reading
    assert declared is not None
    assert declared["files"][0]["dates"]["formats"] == ("%Y-%m-%d",)  # type: ignore[index]


def test_own_header_takes_precedence_over_an_alias(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    named = [[*row, "Retail"] for row in rows]
    oddities.put(tmp_path, oddities.text_of(named, [*header, "Banking Relationship"]))
    assert [row[: len(NAMES)] for row in read(tmp_path)] == seed()


def test_plugin_returns_values_and_errors_as_json(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    with duckdb.connect() as connection:
        Plugin.configure_connection(SimpleNamespace(_opened=None, creds=None), connection)  # type: ignore[arg-type]

        def call(function: str, *arguments: str) -> dict[str, Any]:
            answer = connection.cursor().execute(
                "select bank_call(?, ?)", [function, json.dumps(arguments)]
            )
            report: dict[str, Any] = json.loads((answer.fetchone() or ("",))[0])
            return report

        plan = call("raw_plan", "clients", str(tmp_path), SETTINGS)
        assert plan["error"] is None
        assert connection.execute(f"select count(*) from ({plan['value']['sql']})").fetchone() == (
            oddities.SEED_COUNT,
        )
        assert call("refuse_changes", str(tmp_path))["error"] is None
        (tmp_path / "banking-clients.csv").write_text("shorter")
        changed = call("refuse_changes", str(tmp_path))["error"]
        assert "banking-clients.csv: changed while being read" in changed
        for table, folder, message in [
            ("clients", str(tmp_path / "absent"), "no such folder"),
            ("accounts", str(tmp_path), "no such raw table"),
            ("clients", "a\0b", "raw_plan failed: ValueError"),
        ]:
            assert message in call("raw_plan", table, folder, SETTINGS)["error"]


def test_fallback_reader_continues_after_an_open_quote(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_bytes(b'a,b\n1,"x\ny"\n2,"open\n3,"ok, too"\r\n\r\n4,"a""b"\n5,c"d\n6,e')
    known = {"a": "a", "b": "b"}
    shape = Shape(separator=",", width=2, columns={0: "a", 1: "b"}, known=known, amount=None)
    records = list(read_records(path, "few.csv", 0, shape))
    assert [(record.cells, record.fault) for record in records] == [
        (("1", "x\ny"), None),
        ((), "broken quoting"),
        (("3", "ok, too"), None),
        (("4", 'a"b'), None),
        ((), "broken quoting"),
        (("6", "e"), None),
    ]
    assert [record.text for record in records if record.fault] == ['2,"open', '5,c"d']


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Client ID", "\ufeffclient_id"),
        ("Client ID", "CLIENT\u00a0 ID "),
        ("BRId", "br id"),
        ("IAId", "ＩＡＩＤ"),
    ],
)
def test_headers_are_compared_by_letters_and_digits(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_names_are_sorted_naturally() -> None:
    names = ["part10", "part2", "Part1", "part2b"]
    assert sorted(names, key=natural_key) == ["Part1", "part2", "part2b", "part10"]


@pytest.mark.parametrize("name", ["Banking.csv", "export of march.csv"])
def test_one_file_is_a_drop(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(oddities.seed_text())
    (tmp_path / "Other.csv").write_text("it is not looked at")
    assert [row[: len(NAMES)] for row in read(path)] == seed()
    assert {row[-3] for row in read(path)} == {name}
    genders = sorted(row[:2] for row in read(path, "genders"))
    assert genders == [("1", "Gender 1"), ("2", "Gender 2")]


def test_plan_is_cached_until_a_file_changes(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    first = plan_drop(tmp_path)
    assert plan_drop(tmp_path) is first
    with (tmp_path / "raw_genders.csv").open("a") as file:
        file.write("3,Other\n")
    assert plan_drop(tmp_path) is not first
    assert len(read(tmp_path, "genders")) == 3


def test_all_problems_are_listed_with_the_clients_first(tmp_path: Path) -> None:
    next(oddity for oddity in ODDITIES if oddity.name == "three_problems").make(tmp_path)
    for table in TABLES:
        with pytest.raises(DropError) as refused:
            plan_table(tmp_path, table)
        first, *problems = str(refused.value).splitlines()
        assert first == f"{tmp_path}: 3 things are wrong with this drop."
        assert problems[0].startswith("  1. banking-clients.csv, row 1: 1 required column missing")
        assert problems[1].startswith("  2. genders: row 3 of raw_genders.csv: Gender is empty.")
        assert "row 3 of raw_investment_advisors.csv: too few cells ('2')" in problems[2]
        assert "row 4 of raw_investment_advisors.csv: broken quoting" in problems[2]


def test_line_break_in_a_cell_does_not_split_a_problem(tmp_path: Path) -> None:
    _, rows = oddities.seed_rows()
    for row in rows:
        row[4] = "soon\nor later"
    oddities.put(tmp_path, oddities.text_of(rows))
    with pytest.raises(DropError) as refused:
        plan_drop(tmp_path)
    (message,) = str(refused.value).splitlines()
    assert "3,000 of 3,000 joining dates are in no known format" in message
    assert r"such as soon\nor later. Export" in message


def test_typed_cells_keep_their_values(tmp_path: Path) -> None:
    header, *rows = seed_sheet(CLIENTS)
    row = rows[0]
    place = NAMES.index
    row[place("client_id")] = 70097.0
    row[place("bank_loans")] = 1200.1
    row[place("bank_deposits")] = 0.1 + 0.2
    row[place("saving_accounts")] = 776242.9184
    row[place("business_lending")] = 1e-9
    row[place("age")] = 40.5
    row[place("name")] = "true"
    write_xlsx(tmp_path / "Banking.xlsx", {"Data": [header, row]})
    (read_row,) = read(tmp_path, settings=Settings(rounding="half_up"))
    found = dict(zip(NAMES, read_row, strict=False))
    assert found["client_id"] == "70097"
    assert found["bank_loans"] == "1200.10"
    assert found["bank_deposits"] == "0.30"
    assert found["saving_accounts"] == "776242.9184"
    assert found["business_lending"] == "0.00"
    assert found["age"] == "40.5"
    assert found["name"] == "true"
    assert read_row[-3] == "Banking.xlsx[Data]"


def test_sheets_without_a_table_are_named_and_ignored(tmp_path: Path) -> None:
    sheets = seed_sheets() | {"Pivot": [["Row Labels", "Sum of Age"], ["Male", 40.0]]}
    write_xlsx(tmp_path / "Banking.xlsx", sheets)
    warnings = plan_table(tmp_path, "clients").warnings
    assert warnings == ("Banking.xlsx[Pivot]: ignored: its headers are not those of a raw table.",)


def test_files_of_the_project_are_not_part_of_a_drop(tmp_path: Path) -> None:
    for seed in SEEDS.glob("*.csv"):
        shutil.copy2(seed, tmp_path)
    warehouse = tmp_path / "bank.duckdb"
    release, docs, spilled = tmp_path / "mine" / "1", docs_folder(warehouse), "bank.duckdb.tmp"
    for folder in (release, docs, tmp_path / spilled, tmp_path / "other"):
        folder.mkdir(parents=True)
    (tmp_path / "mine" / "current").write_text("1\n", "utf-8")
    for file in (
        *(warehouse, tmp_path / "bank.duckdb.wal", tmp_path / "bank_history.duckdb"),
        *(build_record_path(warehouse), checks_record_path(warehouse)),
        accepted_profile_path(warehouse),
        tmp_path / "notes.doc",
    ):
        file.write_bytes(b"x")
    plan = plan_drop(tmp_path)
    assert sorted(plan.warnings) == [
        "notes.doc: ignored: its extension is not that of a table, workbook or archive.",
        "other/: ignored: the folder does not have the name of a raw table.",
    ]


def test_zip_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    next(oddity for oddity in ODDITIES if oddity.name == "zipped").make(tmp_path)
    monkeypatch.setenv("BANK_RAW_UNPACKED_GIB", "0.0001")
    with pytest.raises(DropError, match=r"The limits are 0\.0001 GiB and 200 times its size"):
        plan_table(tmp_path, "clients")
    for value in ("much", "0", "-1"):
        monkeypatch.setenv("BANK_RAW_UNPACKED_GIB", value)
        with pytest.raises(DropError, match=f"BANK_RAW_UNPACKED_GIB is '{value}'"):
            plan_table(tmp_path, "genders")


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_last_line_is_examined_if_it_ends_with_a_block(
    blocks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "_READ_BYTES", 64)
    last = "2,José Núñez Peña".encode("cp1252")
    filler = 64 * blocks - len(last)
    file = tmp_path / "clients.csv"
    file.write_bytes(b"a" * (filler - 1) + b"\n" + last)
    assert file.stat().st_size == 64 * blocks
    cells = encoding._cells_beyond_ascii(file, 0, ",", 0)
    assert cells == {"José Núñez Peña".encode("cp1252"): 2}


def test_inspect_shows_tables_and_proposes_a_mapping(tmp_path: Path) -> None:
    theirs = {"Bank Loans": "Bank Lones", "Age": "Kinder"}
    edited = oddities.edit_header(lambda name: theirs.get(name, name))
    oddities.put(tmp_path, edited.replace(",High,", ",Hoch,"))
    runner = CliRunner()
    result = runner.invoke(inspect, [str(tmp_path), "--json"])
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["mapping"] == {"clients": {"columns": {"Age": "???", "Bank Loans": "Bank Lones"}}}
    clients = report["files"][0]
    assert (clients["file"], clients["table"]) == ("banking-clients.csv", "clients")
    assert (clients["encoding"], clients["separator"]) == ("utf-8", ",")
    assert clients["headers_not_used"] == ["Kinder", "Bank Lones"]

    names = "clients: {columns: {Age: Kinder, Bank Loans: Bank Lones}}"
    (tmp_path / "mapping.yml").write_text(names)
    result = runner.invoke(inspect, [str(tmp_path), "--json"])
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert "rows: fee_structure is not a known code" in report["problems"][0]
    assert report["mapping"] == {"clients": {"values": {"Fee Structure": {"Hoch": "???"}}}}
    values = "  values: {Fee Structure: {Hoch: High}}"
    (tmp_path / "mapping.yml").write_text(
        f"clients:\n  columns: {{Age: Kinder, Bank Loans: Bank Lones}}\n{values}"
    )
    result = runner.invoke(inspect, [str(tmp_path), "--json"])
    assert result.exit_code == 0
    report = json.loads(result.output)
    assert report["mapping"] == {}
    assert report["files"][0]["rows"] == oddities.SEED_COUNT
    assert report["files"][0]["columns"]["Bank Loans"] == "Bank Lones"
    text = runner.invoke(inspect, [str(tmp_path)]).output
    assert "Bank Loans <- Bank Lones" in text
    assert "A build would read this drop." in text


def test_inspect_counts_what_would_be_quarantined(tmp_path: Path) -> None:
    next(oddity for oddity in ODDITIES if oddity.name == "short_rows").make(tmp_path)
    report = inspect_drop(tmp_path)
    reasons = {fault["reason"]: fault["rows"] for fault in report["files"][0]["quarantined"]}
    assert reasons == {"too few cells": 2}
    assert not report["is_refused"]


def test_inspect_names_the_encoding_in_which_a_file_is_read(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.named(*oddities.NAMED["windows_1250"]))
    report = inspect_drop(tmp_path)
    assert report["files"][0]["encoding"] == "cp1250"
    assert "written   text, Windows-1250, separated by commas" in as_text(report)


def test_inspect_refuses_unknown_codes_like_a_build(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    (tmp_path / "raw_genders.csv").write_text("GenderId,Gender\n1,Male\n")
    report = inspect_drop(tmp_path)
    genders = [row[CLIENTS.columns.index(GENDER)] for row in oddities.seed_rows()[1]]
    unknown = len(genders) - genders.count("1")
    assert report["files"][0]["quarantined"] == [
        {
            "reason": "gender_id is not a known code",
            "rows": unknown,
            "row": genders.index("2") + 2,
            "example": "2",
        }
    ]
    expected = f"{unknown:,} of 3,000 client rows are quarantined"
    assert [expected in problem for problem in report["problems"]] == [True]
    (tmp_path / "raw_genders.csv").unlink()
    assert inspect_drop(tmp_path)["problems"] == []


# A column, an invalid cell, and the start of the reason why a build quarantines the row.
BAD_CELLS = {
    "no calendar date": ("Joined Bank", "31-02-2015", "joined_bank is not a date written as %d-%m"),
    "after the as-of date": (
        "Joined Bank",
        "13-01-2022",
        "joined_bank is after the as-of date 2021",
    ),
    "too long ago": ("Joined Bank", "31-12-1900", "joined_bank is before 1901"),
    "no date": ("Joined Bank", "NULL", "joined_bank is empty"),
    "no amount": ("Bank Loans", "abc", "bank_loans is not an amount to the cent"),
    "no age": ("Age", "old", "age is not a whole number"),
    "age": ("Age", "121", "age is not between 0 and 120"),
    "risk": ("Risk Weighting", "6", "risk_weighting is not between 1 and 5"),
    "cards": ("Amount of Credit Cards", "-1", "amount_of_credit_cards is negative"),
    "code": ("GenderId", "9", "gender_id is not a known code"),
    "listed code": ("Fee Structure", "Hoch", "fee_structure is not a known code"),
    "id": ("Client ID", "", "client_id is empty"),
}


def spoilt_drop(folder: Path, cells: dict[int, tuple[str, str]]) -> Path:
    """Write a drop of 40 clients, with the given cells in the given rows. Row 1 is the header."""
    folder.mkdir()
    header, rows = oddities.seed_rows()
    table = [list(header), *map(list, rows[:40])]
    for row, (column, text) in cells.items():
        table[row - 1][table[0].index(column)] = text
    with (folder / "clients.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)
    for lookup in ("genders", "banking_relationships", "investment_advisors"):
        shutil.copy(SEEDS / f"raw_{lookup}.csv", folder)
    return folder


def test_inspect_counts_quarantined_rows_like_a_build(tmp_path: Path) -> None:
    cells = {row: (column, text) for row, (column, text, _) in enumerate(BAD_CELLS.values(), 3)}
    drop = spoilt_drop(tmp_path / "all", cells)
    report = inspect_drop(drop)
    clients = next(file for file in report["files"] if file["table"] == "clients")
    found = {fault["row"]: (fault["rows"], fault["reason"]) for fault in clients["quarantined"]}
    assert found.keys() == cells.keys()
    for row, (_, _, reason) in enumerate(BAD_CELLS.values(), 3):
        assert found[row][0] == 1
        assert found[row][1].startswith(reason)
    (problem,) = report["problems"]
    assert problem.startswith(f"{len(cells)} of 40 client rows are quarantined")
    refusal = str(Staging().read(drop).refusal)
    assert refusal.startswith(f"{len(cells)} of 40 client rows are quarantined")
    for text in (problem, refusal):
        assert text.count(" 1 row: ") == len(cells)


@pytest.mark.parametrize("value", ["  ", " {} "])
def test_mapping_setting_may_be_blank_or_padded(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = spoilt_drop(tmp_path / "sound", {})
    mapping = tmp_path / "names.yml"
    mapping.write_text("clients: {columns: {Age: Age}}", encoding="utf-8")
    monkeypatch.setenv("BANK_RAW_MAPPING", value.format(mapping))
    result = CliRunner().invoke(inspect, [str(drop)])
    assert result.exit_code == 0, result.output


def test_inspect_refuses_a_high_quarantine_rate(tmp_path: Path) -> None:
    drop = spoilt_drop(tmp_path / "two", {4: ("Joined Bank", "31-02-2015"), 6: ("Age", "x")})
    result = CliRunner().invoke(inspect, [str(drop)])
    assert result.exit_code == 1
    *_, problem, date, age, _ = result.output.splitlines()
    assert problem.startswith("  1. 2 of 40 client rows are quarantined")
    assert "1 row: age is not a whole number" in f"{date} {age}"
    assert date.startswith("     1 row: ")
    assert "A build would read" not in result.output


def test_inspect_counts_repeated_rows(tmp_path: Path) -> None:
    drop = spoilt_drop(tmp_path / "twice", {})
    lines = (drop / "clients.csv").read_text("utf-8").splitlines()
    (drop / "clients.csv").write_text("\n".join([*lines, lines[5]]), "utf-8")
    (problem,) = inspect_drop(drop)["problems"]
    refusal = str(Staging().read(drop).refusal)
    for text in (problem, refusal):
        assert text.startswith("1 of 41 client rows are quarantined")
        assert " 1 row: duplicate of another row" in text


def test_inspect_uses_the_as_of_date_of_the_build(tmp_path: Path) -> None:
    drop = spoilt_drop(tmp_path / "dated", {4: ("Joined Bank", "13-01-2022")})
    assert CliRunner().invoke(inspect, [str(drop)]).exit_code == 1
    result = CliRunner().invoke(inspect, [str(drop), "--as-of", "2022-01-31"])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == (
        "A build would read this drop. Only the build checks the disk space and the finished "
        "tables."
    )
    wrong = CliRunner().invoke(inspect, [str(drop), "--as-of", "31-01-2022"])
    assert wrong.exit_code == 2
    assert "Write 2022-01-31." in wrong.output


def test_inspect_without_a_project_does_not_validate_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = spoilt_drop(tmp_path / "drop", {4: ("Age", "x")})
    monkeypatch.setenv("DBT_PROJECT_DIR", str(tmp_path))
    last = as_text(inspect_drop(drop)).splitlines()[-1]
    assert last.startswith("The files can be read. Only a build checks the rows of clients (no dbt")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_file_name_that_is_not_utf8_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = r"ok\xff{}: the name is not UTF-8. Rename the file or folder"
    folder = spoilt_drop(tmp_path / "ok\udcff", {})
    result = CliRunner().invoke(inspect, [str(folder)])
    assert result.exit_code == 2
    assert says.format("") in result.output
    with pytest.raises(DropError, match=re.escape(says.format(""))):
        plan_drop(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(DropError, match=re.escape(says.format(""))):
        plan_drop(Path())
    monkeypatch.chdir(tmp_path)
    whole = spoilt_drop(tmp_path / "whole", {})
    (whole / "notes\udcff.md").write_text("no table")
    shutil.copy(whole / "clients.csv", whole / "ok\udcff.csv")
    with pytest.raises(DropError, match=r"xff\.csv: the name is not UTF-8"):
        plan_drop(whole)
    (whole / "ok\udcff.csv").unlink()
    (whole / "m\udcff.yml").write_text("{}")
    with pytest.raises(DropError, match=r"m\\xff\.yml: the name is not UTF-8"):
        plan_drop(whole, mapping=whole / "m\udcff.yml")
    assert r"notes\xff.md: ignored" in " ".join(plan_drop(whole).warnings)


@pytest.mark.parametrize("name", [o.name for o in ODDITIES if o.decided_by == "staging"])
def test_inspect_refuses_what_staging_refuses(name: str, tmp_path: Path) -> None:
    oddity = next(oddity for oddity in ODDITIES if oddity.name == name)
    oddity.make(tmp_path)
    problems = inspect_drop(tmp_path)["problems"]
    if oddity.outcome == "read" and oddity.date_formats == ("auto",) and not oddity.variables:
        assert problems == []
    if "further_down" in name or name in ("header_of_another_order", "too_many_bad_rows"):
        says = oddity.says.replace("3000", "3,000")
        assert any(says in problem for problem in problems)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clients: [", "not YAML in UTF-8"),
        ("clients: " + "[" * 5_000, "not YAML in UTF-8"),
        ("customers: {}", "customers: no such table"),
        ("clients: {column: {}}", "column: unknown key"),
        ("clients: {columns: {Age: A, Age: B}}", "line 1: 'Age' is already defined on line 1"),
        (
            "clients: {columns: {Age: A, age: B}}",
            "'age' and 'Age' are the same name, with two meanings",
        ),
        (
            "clients: {values: {Age: {a: 1, A : 2}}}",
            "'A' and 'a' are the same name, with two meanings",
        ),
        ("clients: {columns: {Shoe Size: SCHUH}}", "'Shoe Size' is not a column of clients"),
        ("clients: {values: {Age: {old: [40]}}}", "old: expected one header or value, not ['40']"),
        ("clients: {columns: {Age: '???', Name: '???'}}", "age: fill in ???."),
        ('clients: {values: {Age: {x: "a\\0b"}}}', "'x': NUL characters and surrogates"),
        ('clients: {values: {Age: {x: "\\ud800"}}}', "'x': NUL characters and surrogates"),
        ('clients: "\\UFFFFFFFF"', "not YAML in UTF-8"),
        ('clients: "\\U00110000"', "not YAML in UTF-8"),
        (
            "clients: {columns: {Location ID: X}, absent: [Location ID]}",
            "Location ID of clients: mapped and absent. Remove one entry",
        ),
        (
            "a: &a ["
            + "x, " * 9
            + "x]\n"
            + "".join(
                f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "clients: *i",
            "clients: expected pairs of name and value, not [[[",
        ),
        ("clients: {columns: {Age: Alter}}", "maps 'Age' to 'Alter', but there is no such header"),
    ],
)
def test_invalid_mapping_file_is_refused(text: str, says: str, tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    (tmp_path / "mapping.yml").write_text(text)
    with pytest.raises(DropError, match=re.escape(says)):
        plan_table(tmp_path, "clients")


def test_all_mistakes_of_a_mapping_file_are_listed(tmp_path: Path) -> None:
    theirs = {"Bank Loans": "Kredite"}
    oddities.put(tmp_path, oddities.edit_header(lambda name: theirs.get(name, name)))
    (tmp_path / "mapping.yml").write_text(
        "clients:\n"
        "  columns: {Bank Lones: Kredite, Shoe Size: SCHUH, Age: A, age: B}\n"
        "  values: {Fees: {a: b}, Fee Structure: {Hoch: High, HOCH: Low}}\n"
        "  absent: [Name]\n"
        "  clumns: {}\n"
        "customers: {}\n"
    )
    report = inspect_drop(tmp_path)
    assert [problem.split(". ")[0] for problem in report["problems"]] == [
        "mapping.yml: customers: no such table",
        "mapping.yml: clients: clumns: unknown key",
        "mapping.yml: 'age' and 'Age' are the same name, with two meanings",
        "mapping.yml: 'Bank Lones', 'Shoe Size' are not columns of clients",
        "mapping.yml: 'Fees' is not a column of clients",
        "mapping.yml: 'HOCH' and 'Hoch' are the same name, with two meanings",
        "mapping.yml: Name of clients cannot be absent",
    ]
    assert report["mapping"] == {}


def test_near_headers_are_proposed_for_missing_ones_in_a_mapping_file(tmp_path: Path) -> None:
    theirs = {"Client ID": "KUNDENNR", "Bank Loans": "Kredite"}
    text = "clients: {columns: {Client ID: KUNDENUMMER, Bank Loans: Kredit}}"
    report = inspect_drop(with_headers(tmp_path, theirs, text, "names.yml"), tmp_path / "names.yml")
    (problem,) = report["problems"]
    assert problem.startswith(
        "banking-clients.csv, row 1: names.yml maps 'Client ID' to 'KUNDENUMMER' and 'Bank Loans' "
        "to 'Kredit', but there are no such headers. The headers are: 'KUNDENNR', 'Name', "
    )
    proposed = {"clients": {"columns": {"Client ID": "KUNDENNR", "Bank Loans": "Kredite"}}}
    assert report["mapping"] == proposed
    assert "Entries to add or correct in names.yml:" in as_text(report)


def with_headers(
    folder: Path, headers: Mapping[str, str], mapping: str, name: str = "mapping.yml"
) -> Path:
    """Write a drop with some headers changed, and its mapping file; return its folder."""
    oddities.put(folder, oddities.edit_header(lambda header: headers.get(header, header)))
    (folder / name).write_text(mapping, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("theirs", "mapped"),
    [
        ("Кредиты 2021", "Убытки 2021"),
        ("贷款2", "存款2"),
        ("Saldo (-)", "Saldo (+)"),
        ("Kredite %", "Kredite"),
        ("Bank Loans (%)", "Bank Loans"),
    ],
)
def test_mapped_header_must_be_in_the_file(theirs: str, mapped: str, tmp_path: Path) -> None:
    text = f"clients: {{columns: {{Bank Loans: '{mapped}'}}}}"
    drop = with_headers(tmp_path, {"Bank Loans": theirs}, text)
    with pytest.raises(DropError, match="but there is no such header"):
        plan_drop(drop)
    (drop / "mapping.yml").write_text(f"clients: {{columns: {{Bank Loans: '{theirs}'}}}}", "utf-8")
    assert plan_drop(drop).tables["clients"].reading


def test_headers_of_another_script_are_compared_with_all_their_letters(tmp_path: Path) -> None:
    headers = {"Bank Loans": "Кредит EUR", "Bank Deposits": "Депозит EUR"}
    text = "clients: {columns: {Bank Loans: Кредит EUR, Bank Deposits: Депозит EUR}}"
    plan = plan_drop(with_headers(tmp_path, headers, text))
    header = oddities.seed_rows()[0]
    positions = plan.tables["clients"].files[0].positions
    assert positions["bank_loans"] == header.index("Bank Loans")
    assert positions["bank_deposits"] == header.index("Bank Deposits")


@pytest.mark.parametrize(
    ("column", "pairs", "cells", "expected"),
    [
        ("BRId", "{1: 2, 2: 1}", {"1": "1.0"}, {"1": "2", "2": "1"}),
        ("Risk Weighting", "{1: 2, 2: 1}", {"1": "1.0"}, {"1": "2", "2": "1"}),
        (
            "Fee Structure",
            "{High: Low, Low: High}",
            {"High": "\tHigh", "Low": "Low\u200b"},
            {"High": "Low", "Low": "High"},
        ),
        ("Nationality", "{ΈΛΛΗΝΑΣ: Greek}", {"Asian": "Έλληνας"}, {"Asian": "Greek"}),
        ("Nationality", "{İYİ: Good}", {"Asian": "İYİ"}, {"Asian": "Good"}),
        ("Nationality", "{Peña: Other}", {"Asian": "Pen\u0303a"}, {"Asian": "Other"}),
    ],
)
def test_mapped_values_apply_however_the_cell_is_written(
    column: str, pairs: str, cells: dict[str, str], expected: dict[str, str], tmp_path: Path
) -> None:
    header, rows = oddities.seed_rows()
    place = header.index(column)
    delivered = [[*row] for row in rows]
    for row in delivered:
        row[place] = cells.get(row[place], row[place])
    oddities.put(tmp_path, oddities.text_of(delivered))
    (tmp_path / "mapping.yml").write_text(f"clients: {{values: {{{column}: {pairs}}}}}", "utf-8")
    found = [row[place] for row in read(tmp_path, "clients")]
    assert found == [expected.get(row[place], row[place]) for row in rows]


def test_values_from_the_mapping_file_prove_nothing(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    deposits, joined = header.index("Bank Deposits"), header.index("Joined Bank")
    for number, row in enumerate(rows):
        row[deposits] = "k.A." if number % 10 == 0 else "258.000"
        row[joined] = "unbekannt" if number % 10 == 0 else "05-06-2015"
    oddities.put(tmp_path, oddities.text_of(rows))
    (tmp_path / "mapping.yml").write_text(
        "clients: {values: {Bank Deposits: {k.A.: '0.00'}, Joined Bank: {unbekannt: 31-12-1999}}}"
    )
    with pytest.raises(DropError) as refused:
        plan_drop(tmp_path)
    assert "bank_deposits: 2,700 of 2,700 amounts, such as 258.000, fit two" in str(refused.value)
    assert "2 things are wrong with this drop" in str(refused.value)
    assert "05-06-2015" in str(refused.value)


def test_damaged_mapping_in_an_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "drop.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("clients.csv", oddities.seed_text())
        packed.writestr("mapping.yml", "clients: {columns: {Age: Age}}")
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace(b"columns: {Age", b"columns: {Aga"))
    with pytest.raises(DropError, match=r"drop\.zip\[mapping\.yml\]"):
        plan_drop(archive)


@pytest.mark.skipif(sys.platform == "win32", reason="a user may not create links on Windows")
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("folder", "not a mapping file"),
        ("broken link", "mapping.yml: a broken link"),
        ("link out", "mapping.yml: a link out of the raw folder"),
        ("pipe", "not a mapping file"),
        ("two", "two mapping files, mapping.yml and mapping.yaml. Keep one"),
        ("large", "not a mapping file: it must be a text file of at most 1 MB"),
    ],
)
def test_unusable_mapping_file_is_refused(kind: str, says: str, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    oddities.put(drop, oddities.seed_text())
    mapping = drop / "mapping.yml"
    if kind == "folder":
        mapping.mkdir()
    elif kind == "pipe":
        os.mkfifo(mapping)
    elif kind in ("broken link", "link out"):
        (tmp_path / "other.yml").write_text("clients: {}")
        mapping.symlink_to(tmp_path / ("other.yml" if kind == "link out" else "absent.yml"))
    elif kind == "two":
        mapping.write_text("clients: {}")
        (drop / "mapping.yaml").write_text("clients: {}")
    else:
        mapping.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(DropError, match=re.escape(says)):
        plan_drop(drop)


def test_proposal_leaves_out_units_and_files_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    header = {"Bank Loans": "Bank Lons (in thousands)"}
    oddities.put(tmp_path / "odd", oddities.edit_header(lambda name: header.get(name, name)))
    assert inspect_drop(tmp_path / "odd")["mapping"] == {
        "clients": {"columns": {"Bank Loans": "???"}}
    }
    (tmp_path / "good").mkdir()
    oddities.put(tmp_path / "good", oddities.seed_text())
    columns = ",".join(f"Amount {letter}" for letter in "ABCDEFGHIJKLMNO")
    (tmp_path / "good" / "transactions.csv").write_text(f"{columns}\n" + "1," * 14 + "1\n")
    assert inspect_drop(tmp_path / "good")["mapping"] == {}


def test_unknown_value_that_the_mapping_gives_is_not_proposed(tmp_path: Path) -> None:
    text = "clients: {values: {Fee Structure: {High: Hihg}}}"
    report = inspect_drop(with_headers(tmp_path, {}, text))
    assert "fee_structure is not a known code" in report["problems"][0]
    assert report["mapping"] == {}


def test_mapping_is_proposed_only_for_columns_without_an_entry(tmp_path: Path) -> None:
    theirs = {"Client ID": "KUNDENNR", "Bank Loans": "Bank Lones"}
    text = "clients: {columns: {Client ID: KUNDENNR}}"
    report = inspect_drop(with_headers(tmp_path, theirs, text, "names.yml"), tmp_path / "names.yml")
    (problem,) = report["problems"]
    assert "1 required column missing: Bank Loans (nearest in the file: 'Bank Lones')" in problem
    assert problem.endswith("map the headers to columns in names.yml.")
    assert report["mapping"] == {"clients": {"columns": {"Bank Loans": "Bank Lones"}}}
    assert report["files"][0]["columns"]["Client ID"] == "KUNDENNR"
    assert report["files"][0]["headers_not_used"] == ["Bank Lones"]


@pytest.mark.parametrize(
    "text",
    [
        "clients: {values: {Loyalty Classification: {Hoch: Jade, HOCH: Jade}}}",
        "clients: {columns: ~, values: null, absent: }",
        "clients: {columns: [], values: {Fee Structure: []}, absent: {}}",
        "clients: ~",
        "[]",
    ],
)
def test_mapping_file_may_repeat_values_or_be_empty(text: str, tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    (tmp_path / "mapping.yml").write_text(text)
    assert plan_table(tmp_path, "clients").reading is not None


def test_text_dates_beside_typed_dates_are_refused_only_if_on_many_days() -> None:
    watch = _DateWatch("clients.xlsx[Sheet1]")
    for day in range(1, 29):
        watch.see(date(2019, 5, day), day)
    for row in range(29, 41):
        watch.see("31.12.1999", row)
    watch.check()
    for row in range(41, 51):
        watch.see(f"{row - 28}.12.1999", row)
    with pytest.raises(DropError, match="row 29: 22 joining dates with a day above 12 are text"):
        watch.check()


def test_models_and_reader_share_the_rule_for_spoilt_ids() -> None:
    assert Staging().rendering.macros.spoilt_id().replace(r"\x{27}", "'") == SPOILT_ID


@pytest.mark.parametrize("text", ["#", "'s-Gravenhage", "'t Hof", "7", "IND1"])
def test_valid_id_is_not_taken_for_a_spoilt_one(text: str) -> None:
    assert not re.fullmatch(SPOILT_ID, text)


@pytest.mark.parametrize(
    "header",
    [
        *("Bank Loans ($000)", "Bank Loans (k€)", "Bank Loans (USD m)", "Bank Loans %"),
        *("Bank Loans (%)", "Bank Loans ('000)", "Estimated Income (monthly)", "Age (months)"),
        *("Estimated Income (per month)", "Sum of Bank Loans (in thousands)", "Bank Loans (Mio.)"),
        *("Bank Loans (тыс.)", "Bank Loans\uff08千\uff09", "Bank Loans \uff05"),
    ],
)
def test_header_with_a_different_unit_is_refused(header: str) -> None:
    (column,) = (name for name in ("Bank Loans", "Estimated Income", "Age") if name in header)
    cells = [header if name == column else name for name in oddities.seed_rows()[0]]
    with pytest.raises(DropError, match="but it gives a different unit") as refused:
        map_header("clients.csv", cells, CLIENTS)
    assert str(refused.value).startswith(f"clients.csv, row 1: the header {header!r}")
    names = TableNames("mapping.yml", {column.lower().replace(" ", "_"): header})
    assert len(map_header("clients.csv", cells, CLIENTS, names).positions) == len(cells)


@pytest.mark.parametrize(
    ("header", "currencies"),
    [
        ("Bank Loans (EUR)", {"bank_loans": "EUR"}),
        ("Bank Loans €", {"bank_loans": "EUR"}),
        ("Bank Loans (in US$)", {"bank_loans": "USD"}),
        ("Bank Loans (at month-end)", {}),
        ("Bank Loans (end of month)", {}),
        ("Bank Loans (fin de mois)", {}),
        ("Bank Loans (as of 31 Dec, T+1)", {}),
        ("Bank Loans (EUR at year-end rate)", {"bank_loans": "EUR"}),
        ("Loans$[Bank Loans]", {}),
        ("Bank Loans (total)", {}),
    ],
)
def test_header_gives_the_currency_of_its_column(header: str, currencies: dict[str, str]) -> None:
    cells = [header if name == "Bank Loans" else name for name in oddities.seed_rows()[0]]
    assert map_header("clients.csv", cells, CLIENTS).currencies == currencies


def test_headers_not_used_are_listed(tmp_path: Path) -> None:
    theirs = {"Age": "Lifetime", "Bank Loans": "Lones"}
    oddities.put(tmp_path, oddities.edit_header(lambda name: theirs.get(name, name)))
    with pytest.raises(DropError) as refused:
        plan_table(tmp_path, "clients")
    assert "2 required columns missing: Age; Bank Loans" in str(refused.value)
    assert " Headers not used: 'Lifetime', 'Lones'. Add the columns," in str(refused.value)


def test_invisible_characters_are_shown(tmp_path: Path) -> None:
    dates = oddities.edit_cells(
        "Joined Bank", lambda cell: f"{cell[:2]}\u2011\u200e{cell[3:5]}\u2007{cell[6:]}"
    )
    oddities.put(tmp_path, dates, "clients-\u202evsc.csv")
    with pytest.raises(DropError) as refused:
        plan_table(tmp_path, "clients")
    assert str(refused.value).isprintable()
    assert r"clients-\u202evsc.csv, row 2" in str(refused.value)
    assert r"such as 06\u2011\u200e05\u20072000" in str(refused.value)


def test_file_without_clients_is_not_a_drop(tmp_path: Path) -> None:
    file = tmp_path / "gender.csv"
    file.write_bytes((SEEDS / "raw_genders.csv").read_bytes())
    with pytest.raises(DropError, match="no file for clients"):
        plan_table(file, "genders")


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ('1,"A', 'B",x,y', True),  # a name split across two lines
        ('"1', '2",A,x,y', True),
        ('1,A,x,"y', 'z, or not"', True),  # a remark in the last column
        ('1,A,x,"y, y', 'z, z, z, z, z"', True),
        ('1,"A,x,y', '2,B",x,y', False),  # two rows
        ('1,"A', '2,B",x,y', False),  # two rows, the first cut off
        ('1,"A,x,y,', '2,B",x,y,', False),
        ('"1,A,x,y', '2",B,x,y', False),
        ('1,"A,x,y', '2,B,x",y', False),  # one row would not be as wide as the table
        ('1,A,x,"y', '2,B,x,y"', False),
        ('"1","A', '2,B","x","y"', True),  # every cell is in quotes
        ('1,"A', '2,B","x","y"', True),
        ('1,"A', '2,B","x, x",y', False),
    ],
)
def test_quoted_lines_are_one_record_unless_they_could_be_rows(
    first: str, second: str, is_one: bool, tmp_path: Path
) -> None:
    path = tmp_path / "few.csv"
    path.write_text(f"id,name,a,b\n{first}\n{second}\n")
    shape = Shape(separator=",", width=4, columns={0: "id"}, known={}, amount=None)
    records = list(read_records(path, "few.csv", 0, shape))
    assert (len(records) == 1) == is_one
    assert all((record.fault is None) == is_one for record in records)
    plain = records_of([first, second, ""], ",", 4)
    assert plain == [list(record.cells) if is_one else record.fault for record in records]


def test_declared_encoding_is_used_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name_in(encoding: str, text: str = "Пров Донцов") -> str | None:
        oddities.put(tmp_path, oddities.named(encoding, [text]))
        return read(tmp_path)[2000][NAMES.index("name")]

    monkeypatch.setenv("BANK_RAW_ENCODING", "Windows-1251")
    assert name_in("cp1251") == "Пров Донцов"
    with pytest.raises(DropError, match="says cp1251, but the file is in UTF-8: 'Пров Донцов'"):
        name_in("utf-8")
    assert name_in("utf-8-sig") == name_in("utf-16") == "Пров Донцов"
    monkeypatch.setenv("BANK_RAW_ENCODING", "shift_jis")
    with pytest.raises(DropError, match=r"not valid CP932 .* in another encoding"):
        name_in("latin-1", "Zoë Núñez")
    monkeypatch.setenv("BANK_RAW_ENCODING", "utf-8")
    assert name_in("cp1251") is None
    monkeypatch.setenv("BANK_RAW_ENCODING", "latin-2000")
    with pytest.raises(DropError, match=r"'latin-2000' is not a known encoding\. Use auto or"):
        name_in("utf-8")


@pytest.mark.parametrize("line_end", ["\n", "\r"])
def test_non_utf8_bytes_far_into_a_file_are_read(line_end: str, tmp_path: Path) -> None:
    rows = oddities.seed_rows()[1]
    many = [list(row) for row in rows * 3]
    many[0][1] = "Ann\nLee"
    many[-1][1] = "Zoë Núñez"
    text = oddities.text_of(many).replace("\n", line_end)
    oddities.put(tmp_path, text.encode("cp1252"))
    found = read(tmp_path)
    assert found[-1][NAMES.index("name")] == "Zoë Núñez"
    assert len(found) == len(many)


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(
    text=st.lists(st.sampled_from([",", "\n", '"', "a", " ", "1", ',"', '",']), max_size=28),
    width=st.integers(2, 4),
)
def test_fallback_and_plain_reader_handle_quotes_alike(text: list[str], width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "few.csv"
        path.write_text("header\n" + "".join(text))
        shape = Shape(separator=",", width=width, columns={0: "id"}, known={}, amount=None)
        found = list(read_records(path, "few.csv", 0, shape))
    expected: list[list[str] | str] = []
    for cells in records_of("".join(text).split("\n"), ",", width):
        if isinstance(cells, str):
            expected.append(cells)
        elif len(cells) < width:
            expected.append("too few cells")
        else:
            is_longer = any(cell.strip() for cell in cells[width:])
            expected.append("too many cells" if is_longer else cells)
    assert [record.fault or list(record.cells) for record in found] == expected


def test_failed_copy_for_spark_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "genders.parquet").mkdir()
    with pytest.raises(DropError, match="genders cannot be copied to"):
        copy_raw_table("genders", str(SEEDS), "{}", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["genders.parquet"]
