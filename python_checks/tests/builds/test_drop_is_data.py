"""A drop is only data: its text is never executed, and links out of its folder are refused.

One test builds a drop with many hostile strings. Another checks that dbt ignores a hidden clients
file, and refuses one that is a link out of the folder.
"""

import csv
import json
import sys
from pathlib import Path

import duckdb
import pytest

from python_checks.testing.command import bank
from python_checks.testing.dbt import Completed, run_dbt
from python_checks.testing.oddities import LOOKUPS, seed_rows
from python_checks.testing.paths import SEEDS

INJECTIONS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1:A9)",
    "-2+3",
    "'; drop table staging.base_bank__clients; --",
    "x') ; attach 'stolen.duckdb' as stolen; --",
    "' or 1=1 --",
    'he said "no"; and; left, twice',
    "{{ env_var('HOME') }}",
    "{% do run_query('drop schema staging cascade') %}",
    "\\x00; $(touch ran) `touch ran` | touch ran",
    "../../../../etc/passwd",
    "$$ select 1 $$",
    "%s %(name)s ? :name",
    "Zoë 客户 \U0001f3e6",
]
MODELS = (
    *("build", "--select", "+stg_bank__clients", "+fct_control_totals"),
    *("--resource-type", "seed", "--resource-type", "model"),
)


def lookups(drop: Path) -> None:
    """Write the three lookups into a drop."""
    for table in LOOKUPS:
        (drop / f"{table}.csv").write_bytes((SEEDS / f"raw_{table}.csv").read_bytes())


def clients(file: Path, header: list[str], rows: list[list[str]]) -> None:
    """Write a clients file as CSV (RFC 4180)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([header, *rows])


def build(folder: Path, drop: Path, *options: str) -> Completed:
    """Build a drop up to its control totals, and check that no traceback is printed."""
    run = run_dbt(folder, *MODELS, *options, BANK_RAW_DIR=str(drop))
    assert "Traceback" not in run.stdout + run.stderr
    return run


def test_hostile_cells_headers_and_names_are_data(tmp_path: Path) -> None:
    header, rows = seed_rows()
    name, occupation = header.index("Name"), header.index("Occupation")
    income, contact = header.index("Estimated Income"), header.index("Banking Contact")
    hostile = len(INJECTIONS)
    for row, text in zip(rows, INJECTIONS, strict=False):
        row[name] = text
        row[contact] = text
    # In a column of amounts, hostile text is quarantined and kept as delivered.
    for row, text in zip(rows[hostile:], INJECTIONS, strict=False):
        row[income] = text
    rows[2 * hostile][name] = "N" * 10_000_000
    rows[2 * hostile + 1][occupation] = "a\x00b"
    header += ['x"); drop table clients; --', "=1+1"]
    rows = [[*row, "' or ''='", "@SUM(1)"] for row in rows]
    drop = tmp_path / "x'); drop table base_bank__clients; --" / "{{ 1 }} [a] *"
    part = "clients/y'); drop schema staging cascade; --.csv"
    clients(drop / part, header, rows)
    lookups(drop)

    folder = tmp_path / "build"
    folder.mkdir()
    run = build(folder, drop, "--vars", "{max_quarantine_rate: 0.02}")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    with duckdb.connect(str(folder / "bank.duckdb"), read_only=True) as connection:
        totals = connection.execute(
            "select delivered, in_marts, in_quarantine from quality.fct_control_totals "
            "where column_name = 'row_count' and (select max(abs(difference)) from "
            "quality.fct_control_totals) = 0"
        ).fetchone()
        named = connection.execute(
            "select client_name from staging.base_bank__clients where rowid < ? order by rowid",
            [hostile],
        ).fetchall()
        longest = connection.execute(
            "select count(*), max(length(raw_text)) >= 10_000_000 "
            "from quality.fct_quarantined_clients where reject_reasons = 'line too long'"
        ).fetchone()
        quarantined = connection.execute(
            "select source_file, reject_reasons, raw_text from quality.fct_quarantined_clients "
            "where reject_reasons in ('estimated_income is not an amount to the cent', "
            "'estimated_income is in a different currency from the drop, or is not an amount') "
            "order by source_row"
        ).fetchall()
        databases = connection.execute(
            "select count(*) from duckdb_databases() where not internal"
        ).fetchone()
    assert totals is not None
    assert totals[0] == len(rows) == totals[1] + totals[2]
    assert [row[0] for row in named] == INJECTIONS
    # A line with ten million letters is too long, so it is quarantined.
    assert longest == (1, True)
    assert {row[0] for row in quarantined} == {part}
    amounts = [json.loads(row[2])["estimated_income"] for row in quarantined]
    assert amounts == INJECTIONS
    assert databases == (1,)
    # Nothing was executed, so only the files of a build exist.
    made = {"bank.duckdb", "bank_history.duckdb", "bank.build_record.json", "target", "logs"}
    assert {file.name for file in folder.iterdir()} <= made
    assert not list(tmp_path.rglob("ran")) + list(tmp_path.rglob("stolen*"))

    # The export neutralizes cells that a spreadsheet would run as formulas.
    out = tmp_path / "mend.csv"
    left = bank("quarantine", "--out", str(out), BANK_WAREHOUSE=str(folder / "bank.duckdb"))
    assert left.returncode == 0, left.stderr
    csv.field_size_limit(20_000_000)
    with out.open(encoding="utf-8-sig", newline="") as file:
        for record in csv.DictReader(file):
            for column in ("source_file", "reject_reasons", "raw_text"):
                assert not record[column].startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows users often cannot create links")
@pytest.mark.parametrize("form", ["link to a file", "link to a folder", "link upwards", "dots"])
def test_clients_file_outside_the_drop_or_hidden_is_refused(form: str, tmp_path: Path) -> None:
    header, rows = seed_rows()
    outside = tmp_path / "outside" / "clients"
    clients(outside / "clients.csv", header, rows)
    drop = tmp_path / "drop"
    drop.mkdir()
    lookups(drop)
    if form == "link to a file":
        (drop / "clients.csv").symlink_to(outside / "clients.csv")
    elif form == "link to a folder":
        (drop / "clients").symlink_to(outside)
    elif form == "link upwards":
        (drop / "clients").mkdir()
        (drop / "clients" / "clients.csv").symlink_to("../../outside/clients/clients.csv")
    else:
        # A file whose name begins with a dot is hidden and ignored. There is no other clients file.
        clients(drop / "clients" / "..clients.csv", header, rows[:1])
    build_folder = tmp_path / "build"
    build_folder.mkdir()
    run = run_dbt(
        build_folder,
        *("build", "--select", "base_bank__clients", "--resource-type", "model"),
        BANK_RAW_DIR=str(drop),
    )
    # The drop is refused before anything is built.
    assert run.returncode == 2
    assert "Traceback" not in run.stdout + run.stderr
    expected = "no file for clients" if form == "dots" else "link out of the raw folder"
    assert expected in " ".join(run.stdout.split())
    with duckdb.connect(str(build_folder / "bank.duckdb"), read_only=True) as connection:
        there = connection.execute(
            "select count(*) from duckdb_tables() where table_name = 'base_bank__clients'"
        ).fetchone()
    assert there == (0,)


def test_mapping_file_may_be_anywhere(tmp_path: Path) -> None:
    header, rows = seed_rows()
    drop = tmp_path / "drop"
    german = ["Alter" if name == "Age" else name for name in header]
    clients(drop / "clients.csv", german, rows[:100])
    lookups(drop)
    mapping = tmp_path / "names.yml"
    mapping.write_text("clients: {columns: {Age: Alter}}", encoding="utf-8")
    run = run_dbt(tmp_path, *MODELS, BANK_RAW_DIR=str(drop), BANK_RAW_MAPPING=str(mapping))
    assert run.returncode == 0, run.stdout[-4000:]
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as connection:
        found = connection.execute("select sum(age) from staging.stg_bank__clients").fetchone()
    assert found == (sum(int(row[header.index("Age")]) for row in rows[:100]),)
