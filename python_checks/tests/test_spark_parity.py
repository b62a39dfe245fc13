"""DuckDB and Spark build the same marts, row by row, from the same data."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from bank_warehouse.sql import quote_literal
from python_checks.parity import Mart, compare, described_marts
from python_checks.tests.conftest import PROJECT, run_dbt

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None,
    reason="pyspark is not installed: make install-spark adds it",
)


def _build_on_spark(folder: Path, *arguments: str, **environment: str) -> tuple[Path, int]:
    """Build on Spark in `folder`: all models, or what the arguments of dbt say.

    Returns:
        The folder of the marts' files, and how many nodes and hooks passed; none failed.
    """
    variables = {name: text for name, text in os.environ.items() if name != "BANK_RAW_DIR"}
    variables |= {
        "BANK_SPARK_WAREHOUSE": str(folder / "spark"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_USE_COLORS": "false",
    }
    run = subprocess.run(
        [sys.executable, "-m", "python_checks.spark_build", str(folder / "marts"), *arguments],
        cwd=PROJECT,
        env=variables | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    counted = re.search(r"Done[.] PASS=(\d+) WARN=0 ERROR=0 SKIP=0", run.stdout)
    assert counted is not None, run.stdout[-2000:]
    return folder / "marts", int(counted[1])


def _assert_same_marts(warehouse: Path, marts: Path, manifest: Mapping[str, Any]) -> int:
    """Compare every mart; return the rows that were compared."""
    rows = 0
    history = warehouse.with_name(f"{warehouse.stem}_history.duckdb")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"attach {quote_literal(str(history))} as history (read_only)")
        for mart in described_marts(manifest):
            found = compare(connection, mart, marts / mart.name)
            assert found.is_equal, f"{mart.name}: {found}"
            rows += found.rows
    return rows


def test_the_shipped_seeds_pass_every_test_on_spark_and_give_the_same_marts(
    built_warehouse: Path, built_target: Path, tmp_path: Path
) -> None:
    started = time.monotonic()
    marts, passed = _build_on_spark(tmp_path, "build", "--select", "*")
    manifest = json.loads((built_target / "manifest.json").read_text(encoding="utf-8"))
    kinds = Counter(node["resource_type"] for node in manifest["nodes"].values())
    nodes = kinds["seed"] + kinds["model"] + kinds["test"] + len(manifest["unit_tests"])
    assert passed == nodes + kinds["operation"]
    rows = _assert_same_marts(built_warehouse, marts, manifest)
    assert rows > 50_000
    print(f"{rows:,} rows of the seeds are equal, {time.monotonic() - started:.0f} s on Spark")


def test_a_hundred_thousand_customers_give_the_same_marts(tmp_path: Path) -> None:
    started = time.monotonic()
    raw = tmp_path / "raw"
    options = ("--customers", "100000", "--seed", "3", "--format", "parquet", "--out", str(raw))
    generated = CliRunner().invoke(main, ["generate", *options])
    assert generated.exit_code == 0, generated.output
    parts = ("--resource-type", "seed", "--resource-type", "model")
    built = run_dbt(tmp_path, "build", *parts, BANK_RAW_DIR=str(raw))
    assert built.returncode == 0, built.stdout[-6000:]
    # Spark's build writes a manifest of its own there.
    manifest = json.loads((tmp_path / "target/manifest.json").read_text(encoding="utf-8"))
    marts, _ = _build_on_spark(tmp_path, BANK_RAW_DIR=str(raw))
    rows = _assert_same_marts(tmp_path / "bank.duckdb", marts, manifest)
    assert rows > 1_500_000
    print(f"{rows:,} rows of 100,000 customers are equal, {time.monotonic() - started:.0f} s")


@pytest.fixture
def one_mart(tmp_path: Path) -> tuple[Path, Mart]:
    """A warehouse with one mart of three rows, and how dbt would describe it."""
    warehouse = tmp_path / "bank.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_test as select * from (values"
            " (1, 10.00::decimal(18, 2), 0.1::double, 'a'),"
            " (2, 20.00::decimal(18, 2), 1e6::double, null),"
            " (3, null, null, 'c')) as t (key, money, ratio, word)"
        )
    columns = {"key": "integer", "money": "decimal(18,2)", "ratio": "double", "word": "varchar"}
    return warehouse, Mart('"marts"."fct_test"', "fct_test", columns, ["key"])


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ("select * from marts.fct_test", None),
        ("select * replace (ratio * (1 + 5e-10) as ratio) from marts.fct_test", None),
        ("select * replace (ratio * (1 + 2e-9) as ratio) from marts.fct_test", "ratio"),
        ("select * replace (coalesce(ratio, 0) as ratio) from marts.fct_test", "ratio"),
        ("select * replace (money + 0.01 as money) from marts.fct_test", "money"),
        ("select * replace (coalesce(money, 0) as money) from marts.fct_test", "money"),
        ("select * replace (coalesce(word, '') as word) from marts.fct_test", "word"),
        ("select * from marts.fct_test where key < 3", "rows"),
        ("from marts.fct_test union all (from marts.fct_test limit 1)", "rows"),
        ("select * replace (key + 1 as key) from marts.fct_test", "rows"),
    ],
)
def test_a_difference_is_noticed(
    one_mart: tuple[Path, Mart], tmp_path: Path, change: str, differing: str | None
) -> None:
    warehouse, mart = one_mart
    files = tmp_path / "marts"
    files.mkdir()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"copy ({change}) to '{files / 'part-0.parquet'}' (format parquet)")
        found = compare(connection, mart, files)
    assert found.is_equal == (differing is None), found
    if differing not in (None, "rows"):
        assert list(found.different) == [differing]
