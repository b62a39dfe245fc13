"""dbt builds on a Spark cluster through its Thrift server, including a Python model."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from python_checks.testing.dbt import run_dbt
from python_checks.testing.needs import needs_spark

SELECTED = ("fairness_limits", "int_fairness_tested", "fct_fairness_monitor")
READ_BY_PYTHON = "intermediate.int_recommendations_counted"
MART = "marts.fct_fairness_monitor"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder of a running cluster, and the port of its Thrift server."""
    needs_spark()
    from python_checks.testing.spark_cluster import running_cluster

    folder = tmp_path_factory.mktemp("cluster")
    with running_cluster(folder) as port:
        yield folder, port


def test_a_seed_a_python_model_and_a_mart_are_built_and_read_back(
    cluster: tuple[Path, int], built_warehouse: Path, tmp_path: Path
) -> None:
    from bank_warehouse.spark.connections import connection
    from bank_warehouse.spark.model_tables import SqlTables

    folder, port = cluster
    with duckdb.connect(str(built_warehouse), read_only=True) as warehouse:
        counted = warehouse.sql(f"from {READ_BY_PYTHON}").to_arrow_table()
        expected = warehouse.sql(f"from {MART}").df()
    with connection("127.0.0.1", port) as cursor:
        cursor.execute("create database intermediate")
        SqlTables(cursor).save(counted, READ_BY_PYTHON, "parquet")

    built = run_dbt(
        tmp_path,
        *("build", "--target", "spark_thrift", "--select", *SELECTED),
        *("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
        BANK_SPARK_PORT=str(port),
    )

    assert built.returncode == 0, built.stdout[-6000:] + built.stderr[-2000:]
    with connection("127.0.0.1", port, user="reader") as cursor:
        found = SqlTables(cursor).table(MART).df()
    keys = ["action", "dimension", "value"]
    assert len(expected) > 50
    pd.testing.assert_frame_equal(
        found[list(expected)].sort_values(keys, ignore_index=True),
        expected.sort_values(keys, ignore_index=True),
        check_dtype=False,
        rtol=1e-9,
    )
    # The worker started an executor, so the build did not run in the Thrift server itself.
    assert list((folder / "work").glob("app-*/0/stderr"))


def test_python_model_tables_keep_values_and_types(cluster: tuple[Path, int]) -> None:
    from bank_warehouse.spark.connections import connection
    from bank_warehouse.spark.model_tables import SqlTables

    written = pa.table(
        {
            "whole": pa.array([1, None, 2**60], pa.int64()),
            "ratio": pa.array([0.1, float("nan"), -1.2345678901234567e-22], pa.float64()),
            "text": pa.array(['it\'s \\ "quoted" \n é {}', None, ""], pa.string()),
            "day": pa.array([date(2021, 12, 31), None, date(1600, 1, 1)], pa.date32()),
            "moment": pa.array([datetime(2020, 1, 2, 3, 4, 5, 678000), None, None]),
            "money": pa.array([Decimal("1234567890.12"), None, Decimal("-0.01")]).cast(
                pa.decimal128(18, 2)
            ),
            "is_so": pa.array([True, None, False], pa.bool_()),
        }
    )
    with connection("127.0.0.1", cluster[1]) as cursor:
        tables = SqlTables(cursor)
        tables.save(written.slice(0, 0), "default.written", "parquet")
        assert tables.table("default.written").df().empty
        tables.save(written, "default.written", "parquet")
        cursor.execute("describe default.written")
        types = {name: kind for name, kind, _ in cursor.fetchall()}
        frame = tables.table("default.written").df()
        cursor.execute("select isnan(ratio) from default.written where whole is null")
        assert cursor.fetchall() == [(True,)]
        cursor.execute("drop table default.written")
    assert types == {
        "whole": "bigint",
        "ratio": "double",
        "text": "string",
        "day": "date",
        "moment": "timestamp",
        "money": "decimal(18,2)",
        "is_so": "boolean",
    }
    money = pa.array([1234567890.12, None, -0.01], pa.float64())
    expected = written.set_column(5, "money", money)
    pd.testing.assert_frame_equal(
        frame.sort_values("day", ignore_index=True),
        expected.to_pandas(date_as_object=False).sort_values("day", ignore_index=True),
        check_dtype=False,
        check_exact=True,
    )
