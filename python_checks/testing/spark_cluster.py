"""A Spark cluster for tests, with a master, a worker and a Thrift server on the loopback address.

The programs and their options are as in Spark's documentation:
https://spark.apache.org/docs/4.1.4/spark-standalone.html and
https://spark.apache.org/docs/4.1.4/sql-distributed-sql-engine.html
"""

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from bank_warehouse.spark.adapter import LOG_SETTINGS
from bank_warehouse.spark.connections import connection
from bank_warehouse.spark.java import use_installed_java

LOCAL = "127.0.0.1"
PATIENCE = 400.0
"""Seconds within which a process of the cluster must answer, even on a busy machine."""


@contextmanager
def running_cluster(folder: Path) -> Iterator[int]:
    """Run a cluster with one single-core worker.

    Args:
        folder: Folder for everything that the cluster writes: tables, metastore, logs.

    Yields:
        The port of the Thrift server, after it has answered a query that needs an executor.
    """
    master, thrift = _free_ports(2)
    with ExitStack() as stack:

        def start(name: str, *command: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(_running(folder, name, command))

        bound = ("--host", LOCAL, "--webui-port", "0")
        started = start(
            "master",
            *("spark-class", "org.apache.spark.deploy.master.Master", *bound),
            *("--port", str(master)),
        )
        _wait(started, folder / "master.log", lambda: _listens(master))
        start(
            "worker",
            *("spark-class", "org.apache.spark.deploy.worker.Worker", *bound),
            *("--cores", "1", "--memory", "1g", "--work-dir", str(folder / "work")),
            f"spark://{LOCAL}:{master}",
        )
        started = start("thrift", *_thrift_server(folder, master, thrift))
        _wait(started, folder / "thrift.log", lambda: _answers(thrift))
        yield thrift


def _thrift_server(folder: Path, master: int, port: int) -> list[str]:
    """Return the command that starts the Thrift server."""
    spark_settings = {
        "spark.master": f"spark://{LOCAL}:{master}",
        "spark.driver.host": LOCAL,
        "spark.driver.extraJavaOptions": _java_options(folder),
        "spark.executor.extraJavaOptions": _java_options(folder),
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "tables"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        ),
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        # dbt-spark switches ANSI mode off in local sessions, but cannot over Thrift.
        "spark.sql.ansi.enabled": "false",
        "spark.sql.adaptive.enabled": "false",
    }
    hive_settings = {
        "hive.server2.thrift.bind.host": LOCAL,
        "hive.server2.thrift.port": str(port),
        "hive.exec.scratchdir": str(folder / "hive"),
    }
    return [
        *("spark-submit", "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
        *(word for item in spark_settings.items() for word in ("--conf", "=".join(item))),
        "spark-internal",
        *(word for item in hive_settings.items() for word in ("--hiveconf", "=".join(item))),
    ]


@contextmanager
def _running(
    folder: Path, name: str, command: tuple[str, ...]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Spark script and end it after the `with` block.

    The script replaces itself with a Java process that has the same process id.
    """
    use_installed_java()
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": LOCAL,
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_DAEMON_MEMORY": "1g" if name == "thrift" else "256m",
        "SPARK_DAEMON_JAVA_OPTS": _java_options(folder),
    }
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(home / "bin" / command[0]), *command[1:]],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _java_options(folder: Path) -> str:
    return (
        f"-Djava.io.tmpdir={folder} -Dderby.stream.error.file=/dev/null "
        f"-Dlog4j2.configurationFile={LOG_SETTINGS}"
    )


def _wait(process: subprocess.Popen[bytes], log: Path, is_there: Callable[[], bool]) -> None:
    """Wait until a process of the cluster answers.

    Raises:
        RuntimeError: The process has ended, or takes longer than `PATIENCE`. The message contains
            the end of the log.
    """
    until = time.monotonic() + PATIENCE
    while not is_there():
        if process.poll() is not None or time.monotonic() > until:
            message = f"{log.stem} does not answer:\n{log.read_text('utf-8', 'replace')[-3000:]}"
            raise RuntimeError(message)
        time.sleep(0.25)


def _answers(port: int) -> bool:
    """Whether the Thrift server answers a query that needs an executor."""
    if not _listens(port):
        return False
    try:
        with connection(LOCAL, port) as cursor:
            cursor.execute("select sum(id) from range(0, 8, 1, 2)")
            return bool(cursor.fetchall() == [(28,)])
    except Exception:  # a starting server may raise any error
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOCAL, port)) == 0


def _free_ports(count: int) -> list[int]:
    """Return free ports below the range from which Linux takes ephemeral ports."""
    ports = random.SystemRandom().sample(range(20_000, 32_768), 100)
    return [port for port in ports if not _listens(port)][:count]
