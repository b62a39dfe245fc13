"""The quarantine file is safe in a spreadsheet, and is written completely or not at all."""

import csv
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from bank_warehouse.cli import main
from bank_warehouse.quarantine import ROWS_AT_ONCE, harmless

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1:A9)",
    "-2+3",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "＝1+1",
]


def ask(warehouse: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["quarantine", "--out", str(out), *options], env={"BANK_WAREHOUSE": str(warehouse)}
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with only the quarantine table."""
    path = tmp_path / "bank.duckdb"
    texts = [*FORMULAS, 'said "no";, and left', "two\r\nlines", "Zoë", "plain"]
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.fct_quarantined_clients (source_file varchar, "
            "source_row bigint, bank_loans decimal(18, 2), reject_reasons varchar, "
            "raw_text varchar, as_of_date date)"
        )
        for number, text in enumerate(texts):
            connection.execute(
                "insert into quality.fct_quarantined_clients "
                "values ('a.csv', ?, -1.50, 'age is empty', ?, '2021-12-31')",
                [number + 2, text],
            )
    return path


def test_formulas_become_text_and_numbers_stay_numbers(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "mend.csv"
    result = ask(warehouse, out)
    assert result.exit_code == 0, result.output
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfsource_file,source_row,reject_reasons,raw_text,")
    assert raw.endswith(b"\r\n")
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["source_row"]) for row in rows] == list(range(2, len(rows) + 2))
    assert {Decimal(row["bank_loans"]) for row in rows} == {Decimal("-1.50")}
    # A spreadsheet may split text at a tab or line break, so a formula may begin there too.
    safe = ["'" + (f"{each[0]}'{each[1:]}" if each[0] in "\t\r\n" else each) for each in FORMULAS]
    assert [row["raw_text"] for row in rows[: len(FORMULAS)]] == safe
    assert [row["raw_text"] for row in rows[len(FORMULAS) :]] == [
        'said "no";, and left',
        "two\r\nlines",
        "Zoë",
        "plain",
    ]


def test_a_file_is_replaced_only_with_force(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "mend.csv"
    out.write_text("my notes")
    refused = ask(warehouse, out)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert out.read_text() == "my notes"
    assert ask(warehouse, out, "--force").exit_code == 0
    assert out.read_text(encoding="utf-8-sig").startswith("source_file,")


def test_a_failure_leaves_no_file(warehouse: Path, tmp_path: Path) -> None:
    nowhere = ask(warehouse, tmp_path / "no" / "folder.csv")
    assert nowhere.exit_code == 1
    assert f"there is no folder {tmp_path / 'no'}." in nowhere.output
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table quality.fct_quarantined_clients")
    unbuilt = ask(warehouse, tmp_path / "mend.csv")
    assert unbuilt.exit_code == 2
    assert "Run `bank build`" in unbuilt.output
    assert [file.name for file in tmp_path.iterdir()] == ["bank.duckdb"]


ENDED = """
import os, signal, sys
from bank_warehouse import quarantine
from bank_warehouse.cli import main
def ending(connection, rows=quarantine.quarantined_rows):
    for number, row in enumerate(rows(connection)):
        if number == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        yield row
quarantine.quarantined_rows = ending
main(sys.argv[1:], prog_name="bank")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_interrupted_command_leaves_no_file(warehouse: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDED, "quarantine", "--warehouse", str(warehouse),
         "--out", str(tmp_path / "mend.csv")],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (143, "Interrupted.\n")
    assert [file.name for file in tmp_path.iterdir()] == ["bank.duckdb"]


def test_rows_beyond_one_fetch_are_written(warehouse: Path, tmp_path: Path) -> None:
    rows = 2 * ROWS_AT_ONCE + 7
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from quality.fct_quarantined_clients")
        connection.execute(
            "insert into quality.fct_quarantined_clients select 'a.csv', number, null, 'no', "
            f"'=' || number, '2021-12-31' from range(2, {rows + 2}) as numbers(number)"
        )
    result = ask(warehouse, tmp_path / "mend.csv")
    assert f"{rows:,} quarantined rows" in result.output
    with (tmp_path / "mend.csv").open(encoding="utf-8-sig", newline="") as file:
        texts = [row["raw_text"] for row in csv.DictReader(file)]
    assert texts == [f"'={number}" for number in range(2, rows + 2)]


def test_harmless_cells_are_unchanged_except_for_nul_bytes() -> None:
    for cell in (None, 1, Decimal("-1.00"), "", "a=b", "'=quoted", "1-2"):
        assert harmless(cell) == cell
    assert harmless("a\x00b") == "a\ufffdb"


@pytest.mark.parametrize("separator", [";", "\t", "\n", "\r"])
@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+1", "@x", "＝1"])
def test_formula_after_a_foreign_separator_is_made_harmless(separator: str, formula: str) -> None:
    """A spreadsheet may expect a different separator from the file's."""
    for between in ("", " ", '"'):
        text = str(harmless(f"Bob{separator}{between}{formula}; end"))
        cells = [cell.strip(' "') for cell in re.split(r"[;\t\r\n]", text)]
        assert not any(cell.startswith(("=", "+", "@", "＝")) for cell in cells), text
    assert harmless("a; b, c = d - e") == "a; b, c = d - e"
