"""DuckDB and Spark build the same marts, row for row, from the same data."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from bank_warehouse.sql import quote_literal
from python_checks.testing.dbt import run_dbt
from python_checks.testing.needs import needs_spark
from python_checks.testing.oddities import put, seed_rows, text_of
from python_checks.testing.parity import Mart, compare, described_marts, engine_specific_tests
from python_checks.testing.spark_process import SparkProcess, spark_process

DATA = ("--resource-type", "seed", "--resource-type", "model")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkProcess]:
    """One process with Spark for all commands of this file."""
    needs_spark()
    with spark_process(tmp_path_factory.mktemp("spark")) as process:
        yield process


@pytest.fixture(scope="module")
def seeds_target(spark: SparkProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the seeds and the models on Spark, and return the target folder of the build."""
    target = tmp_path_factory.mktemp("seeds_on_spark")
    spark.dbt(target, "build", *DATA)
    return target


def _manifest(target: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def _assert_same_marts(
    warehouse: Path, spark: SparkProcess, target: Path, **environment: str
) -> int:
    """Compare all marts of Spark with those of DuckDB, and return the number of rows compared."""
    marts = target / "marts"
    arguments = ("--args", json.dumps({"folder": str(marts)}))
    spark.dbt(target, "run-operation", "write_marts", *arguments, **environment)
    rows = 0
    (history,) = warehouse.parent.glob(f"{warehouse.stem}_history*.duckdb")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"attach {quote_literal(str(history))} as history (read_only)")
        for mart in described_marts(_manifest(warehouse.parent / "target")):
            found = compare(connection, mart, marts / mart.name)
            assert found.is_equal, f"{mart.name}: {found}"
            rows += found.rows
    return rows


def _assert_all_pass(spark: SparkProcess, target: Path, names: Mapping[str, str]) -> None:
    """Run the dbt tests in `names` (unique ids by test name), and check that all pass."""
    outcome = spark.dbt(target, "test", "--select", *names)
    assert outcome.statuses == dict.fromkeys(names.values(), "pass")


def test_the_shipped_seeds_give_the_same_marts(
    spark: SparkProcess, seeds_target: Path, built_warehouse: Path
) -> None:
    assert _assert_same_marts(built_warehouse, spark, seeds_target) > 50_000


def test_data_tests_of_each_kind_pass_on_spark(spark: SparkProcess, seeds_target: Path) -> None:
    """Run all singular tests, and the first test of each generic kind."""
    nodes = _manifest(seeds_target)["nodes"].values()
    chosen: dict[str, dict[str, Any]] = {}
    for node in sorted(nodes, key=lambda node: str(node["unique_id"])):
        if node["resource_type"] == "test":
            kind = (node.get("test_metadata") or {}).get("name", node["name"])
            chosen.setdefault(kind, node)
    assert {"rows_are_sound", "unique_combination_of_columns", "relationships"} < set(chosen)
    names = {node["name"]: node["unique_id"] for node in chosen.values()}
    _assert_all_pass(spark, seeds_target, names)


NOT_ON_SPARK = ("near_duplicates_are_found",)
"""Unit tests that cannot pass on Spark, which has no function to normalize Unicode."""


def test_engine_specific_unit_tests_pass_on_spark(spark: SparkProcess, seeds_target: Path) -> None:
    names = engine_specific_tests(_manifest(seeds_target))
    assert len(names) >= 30
    for name in NOT_ON_SPARK:
        del names[name]
    _assert_all_pass(spark, seeds_target, names)


@pytest.mark.nightly
def test_every_dbt_test_passes_on_spark(spark: SparkProcess, seeds_target: Path) -> None:
    manifest = _manifest(seeds_target)
    nodes = manifest["nodes"].items()
    tests = {unique_id for unique_id, node in nodes if node["resource_type"] == "test"}
    outcome = spark.dbt(seeds_target, "test", "--select", "*")
    left_out = {
        unique_id
        for unique_id, test in manifest["unit_tests"].items()
        if test["name"] in NOT_ON_SPARK
    }
    wanted = (tests | set(manifest["unit_tests"])) - left_out
    passed = {name: status for name, status in outcome.statuses.items() if name not in left_out}
    assert passed == dict.fromkeys(wanted, "pass")


@pytest.mark.nightly
def test_a_hundred_thousand_customers_give_the_same_marts(
    spark: SparkProcess, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    options = ("--customers", "100000", "--seed", "3", "--format", "parquet", "--out", str(raw))
    generated = CliRunner().invoke(main, ["generate", *options])
    assert generated.exit_code == 0, generated.output
    built = run_dbt(tmp_path, "build", *DATA, BANK_RAW_DIR=str(raw))
    assert built.returncode == 0, built.stdout[-6000:]
    target = tmp_path / "on_spark"
    spark.dbt(target, "build", *DATA, BANK_RAW_DIR=str(raw))
    rows = _assert_same_marts(tmp_path / "bank.duckdb", spark, target, BANK_RAW_DIR=str(raw))
    assert rows > 1_500_000


# Valid and invalid cells on which the engines must agree. Row n of the first file gets item n of
# each list.
ODD_CELLS = {
    "Bank Loans": (
        *("75,384.77", "$75,384.77", "(1,200.00)", "$-", "-", "5", "5.", "5.1", ".50", "5.000"),
        *("+5.00", "-5.00", "1.2E+06", "12.345", "1200,50", "1_000.00", "1 000.00", "0x10"),
        *(" 5.00 ", "\t5.00", "\u00a05.00\u00a0", "5.00d", "NaN", "inf", "１２.00", "٣.00"),
        *("1" * 14 + ".00", "1" * 17 + ".00", "005.00", "$ 5.00", "(5.00", "--5.00", "", " "),
        *("1e2", "1e-2.00", "5.00\u2003", "true", "null", "\\5.00", "5'00"),
    ),
    "Age": (
        *("44", "44.0", "44.", " 44 ", "+44", "044", "44.5", "forty", "4e1", "0x2C", "4_4"),
        *("-1", "121", "2147483648", "٤٤", "", "null", "\u00a044", "44\t"),
    ),
    "Joined Bank": (
        *("4-7-2015", "04-07-2015", " 04-07-2015 ", "04-07-15", "04/07/2015", "2015-07-04"),
        *("31-02-2010", "29-02-2011", "29-02-2012", "30-02-2012", "00-01-2012", "04-07-2015 00:00"),
        *("04-07-2015 00:00:00.000", "04-07-2015T00:00:00Z", "04-07-2015 12:00", "١-٢-٢٠١٥"),
        *("04-07-2022", "31-12-2021", "01-01-2022", "04-07-999", "04-07-20155", "", "04--07-2015"),
        *("04-07-0999", "31-12-1900", "01-01-1901"),
    ),
    "BRId": ("1", " 1 ", "01", "Retail", "rETAIL\u00a0", "9", "", "retail x"),
    "Fee Structure": ("high", " HIGH\t", "Medium", "", "h\u00efgh"),
    "Name": (
        *("O'Brien", 'The "B"', "A,B", "Éva Ölçer", "a\\b", "\u00a0Ada\t", "", "\u00a0", "Straße"),
        *("{}", "%s", "\U0001f600", "x;y", "null", "None", "a\tb"),
    ),
}


def _odd_drop(drop: Path) -> None:
    """Write one file with odd cells, odd rows and duplicates, and one with dates in both orders."""
    header, rows = seed_rows()
    first, second = rows[:2500], rows[2500:]
    for column, cells in ODD_CELLS.items():
        for row, cell in zip(first, cells, strict=False):
            row[header.index(column)] = cell
    first += [list(first[1000]), list(first[2000]), list(first[2100])]
    first[-1][header.index("Age")] = "99"
    lines = text_of(first).splitlines()
    lines[1200] = lines[1200].rsplit(",", 3)[0]
    lines[1300] += ",surplus"
    lines[1400] = lines[0]
    lines.insert(1500, "")
    second[3][header.index("Joined Bank")] = "07-31-2015"
    put(drop, "\n".join(lines), "clients-1.csv")
    put(drop, text_of(second, line_end="\r\n", separator=";"), "clients-2.csv")


def test_odd_rows_are_read_and_quarantined_alike(spark: SparkProcess, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    _odd_drop(drop)
    command = ["build", *DATA]
    command += ("--select", "+fct_quarantined_clients", "+fct_control_totals", "+stg_bank__clients")
    command += (
        "int_customers_classified",
        "int_customers_segmented",
        "--vars",
        "{max_quarantine_rate: 0.5, raw_decimal_mark: '.'}",
    )
    on_duckdb = run_dbt(tmp_path, *command, BANK_RAW_DIR=str(drop))
    assert on_duckdb.returncode == 0, on_duckdb.stdout[-6000:]
    spark.dbt(tmp_path / "on_spark", *command, BANK_RAW_DIR=str(drop))
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as connection:
        for name, grain in {
            "quality.fct_quarantined_clients": ["source_file", "source_row"],
            "quality.fct_control_totals": ["column_name"],
            "intermediate.int_customers_segmented": ["customer_key"],
        }.items():
            schema, table = name.split(".")
            files = spark.folder / f"{schema}.db" / table
            columns = {
                column: kind.lower()
                for column, kind, *_ in connection.execute(f"describe {name}").fetchall()
            }
            found = compare(connection, Mart(name, table, columns, grain), files)
            assert found.is_equal, f"{name}: {found}"
            assert found.rows >= 10
            if table == "fct_quarantined_clients":
                # Most have ambiguous dates, because the second file mixes both orders.
                assert found.rows > 100
    # The two delivered files become at least four Parquet files.
    assert len(list((spark.folder / "staging.db/base_bank__clients").glob("*.parquet"))) >= 4


@pytest.fixture
def one_mart(tmp_path: Path) -> tuple[Path, Mart]:
    """A warehouse with a mart of three rows, and the description of the mart."""
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
def test_differences_beyond_rounding_are_detected(
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
