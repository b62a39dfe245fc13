"""A drop is compared with the profile of the last accepted drop."""

import csv
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from bank_warehouse.accept import accepted_profile_path
from bank_warehouse.cli import main
from python_checks.testing.dbt import run_dbt
from python_checks.testing.oddities import LOOKUPS, seed_rows
from python_checks.testing.paths import SEEDS

MODELS = (
    *("build", "--select", "+fct_source_profile", "+fct_control_totals"),
    *("--resource-type", "seed", "--resource-type", "model"),
)


def build(folder: Path, drop: Path) -> dict[str, str]:
    """Build the profile of a drop, and return the verdict on each column."""
    run = run_dbt(folder, *MODELS, BANK_RAW_DIR=str(drop))
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    with duckdb.connect(str(folder / "bank.duckdb"), read_only=True) as connection:
        verdicts = connection.execute(
            "select column_name, drift_verdict from quality.fct_source_profile"
        ).fetchall()
    return dict(verdicts)


def deliver(drop: Path, factor: int) -> None:
    """Write the seeds as a drop, with incomes multiplied by `factor`."""
    drop.mkdir(exist_ok=True)
    header, rows = seed_rows()
    income = header.index("Estimated Income")
    for row in rows:
        row[income] = f"{float(row[income]) * factor:.2f}"
    with (drop / "clients.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    for table in LOOKUPS:
        (drop / f"{table}.csv").write_bytes((SEEDS / f"raw_{table}.csv").read_bytes())


def test_a_drop_is_compared_with_the_last_accepted_one(tmp_path: Path) -> None:
    # The folder's name has a DuckDB wildcard and a quote. The profile must still be found.
    folder = tmp_path / "bank's [1]"
    folder.mkdir()
    drop = tmp_path / "drop"
    deliver(drop, 1)
    first = build(folder, drop)
    assert set(first.values()) == {"no accepted drop yet"}

    result = CliRunner().invoke(
        main, ["accept"], env={"BANK_WAREHOUSE": str(folder / "bank.duckdb")}
    )
    assert result.exit_code == 0, result.output
    assert "Accepted: 3,000 rows as of 2021-12-31" in result.output
    assert sorted(file.name for file in folder.glob("*bank*")) == [
        "bank.accepted_profile.parquet",
        "bank.build_record.json",
        "bank.duckdb",
        "bank_history.duckdb",
    ]

    deliver(drop, 2)
    shifted = build(folder, drop)
    assert shifted.pop("estimated_income").startswith("drifted: mean changed by 100.0 per cent")
    assert set(shifted.values()) == {"steady"}

    deliver(drop, 1)
    assert set(build(folder, drop).values()) == {"steady"}


@pytest.mark.parametrize("name", ["bank.duckdb", "bank.db", "bank"])
def test_the_accepted_profile_is_named_after_the_warehouse(name: str) -> None:
    expected = {"bank.db": "bank.db.accepted_profile.parquet"}
    path = accepted_profile_path(Path("warehouse") / name)
    assert path == Path("warehouse") / expected.get(name, "bank.accepted_profile.parquet")


@pytest.mark.parametrize(
    ("profiles", "message"),
    [(1, "do not tie out"), (0, "holds no customers, so nothing was accepted")],
)
def test_unbalanced_or_empty_drop_cannot_be_accepted(
    profiles: int, message: str, tmp_path: Path
) -> None:
    warehouse = tmp_path / "bank.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.fct_source_profile as "
            f"select date '2021-12-31' as as_of_date, 3 as row_count limit {profiles}"
        )
        connection.execute("create table quality.fct_control_totals as select 0.01 as difference")
    result = CliRunner().invoke(main, ["accept"], env={"BANK_WAREHOUSE": str(warehouse)})
    assert result.exit_code == 1
    assert message in result.output
    assert [file.name for file in tmp_path.iterdir()] == ["bank.duckdb"]


def test_missing_or_unfinished_build_cannot_be_accepted(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank.duckdb"
    absent = CliRunner().invoke(main, ["accept"], env={"BANK_WAREHOUSE": str(warehouse)})
    assert absent.exit_code == 2
    assert "There is no warehouse" in absent.output
    duckdb.connect(str(warehouse)).close()
    empty = CliRunner().invoke(main, ["accept"], env={"BANK_WAREHOUSE": str(warehouse)})
    assert empty.exit_code == 2
    assert "was not completed" in empty.output
    assert [file.name for file in tmp_path.iterdir()] == ["bank.duckdb"]
