"""Break builds at random moments; check the error message and the next build.

    python -m benchmarks.faults                      # each fault 20 times
    python -m benchmarks.faults --fault kill --times 100 --seed 7

This process reads the project once, and each build runs in a fork of this process. A build reads
the shipped seeds as a raw drop. In a temporary folder, it builds the part of a warehouse that the
control totals need. A trial succeeds only if any error message is clear, without a traceback, the
published folder is unchanged, and the next build has the same control totals and customers as an
undisturbed one.

POSIX only. A full disk is simulated by a small tmpfs if the user may mount one (root), and by a
limit on file sizes otherwise. If a trial fails, its error is printed with the output of the build,
and the exit code is 1.
"""

import contextlib
import csv
import ctypes
import gc
import hashlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import duckdb

from bank_warehouse.publish.records import build_record_path

PROJECT = Path(__file__).resolve().parents[1]
SEEDS = PROJECT / "seeds" / "raw"
TABLES = ("clients", "banking_relationships", "genders", "investment_advisors")
SELECTION = ("+stg_bank__clients", "+fct_control_totals")
PATIENCE = 300.0
"""Seconds after which a running build counts as hanging."""

NO_SPACE = ("No space left on device", "File too large")
"""The system's messages for a full disk and for a file that has reached its size limit."""

Rows = list[tuple[object, ...]]


class TrialError(Exception):
    """A trial failed; the message says how."""


@dataclass
class Build:
    """A running or finished build.

    Attributes:
        process: Its process id.
        output: File with its output.
        started: Its start on the monotonic clock.
        seconds: Its duration; None while it runs.
        status: Its exit status, or the negative number of the signal that ended it; None while it
            runs.
    """

    process: int
    output: Path
    started: float
    seconds: float | None = None
    status: int | None = None

    def poll(self) -> bool:
        """Return whether the build has ended."""
        if self.status is None:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self.status = os.waitstatus_to_exitcode(status)
                self.seconds = time.monotonic() - self.started
        return self.status is not None

    def wait(self) -> int:
        """Wait until the build has ended, and return its status.

        Raises:
            TrialError: The build hangs.
        """
        while not self.poll():
            if time.monotonic() - self.started > PATIENCE:
                self.kill()
                raise TrialError(f"the build hangs:\n{self.said()}")
            time.sleep(0.01)
        return self.status or 0

    def kill(self) -> None:
        """Kill the build with SIGKILL if it still runs."""
        if not self.poll():
            os.kill(self.process, signal.SIGKILL)
            while not self.poll():
                time.sleep(0.001)

    def said(self) -> str:
        """Return the output of the build."""
        return self.output.read_text(encoding="utf-8", errors="replace")


@dataclass
class Bench:
    """A folder in which builds are broken.

    Attributes:
        folder: Contains all the folders and files below.
        drop: The raw drop that every build reads.
        warehouse: The warehouse that every build writes.
        published: A folder with a release that must not change.
        template: A copy of the warehouse of an undisturbed build.
        totals: Control totals and customers of that build.
        largest: Peak size of the warehouse's folder during that build, in bytes.
        largest_again: Peak size of that folder when the complete warehouse was built again.
        seconds: Duration of that second build.
        read_by: Seconds that the second build took to read the clients.
        record: Path of the record of the last build.
        builds: Number of builds so far.
    """

    folder: Path
    drop: Path = field(init=False)
    warehouse: Path = field(init=False)
    published: Path = field(init=False)
    template: Path = field(init=False)
    totals: Rows = field(init=False)
    largest: int = field(init=False)
    largest_again: int = field(init=False)
    seconds: float = field(init=False)
    read_by: float = field(init=False)
    record: Path = field(init=False)
    builds: int = 0

    def __post_init__(self) -> None:
        """Create the drop, read the project and build twice without a fault."""
        self.drop = self.folder / "drop"
        self.warehouse = self.folder / "disk" / "bank.duckdb"
        self.record = build_record_path(self.warehouse)
        self.published = self.folder / "published"
        self.template = self.folder / "template.duckdb"
        for folder in (self.drop, self.warehouse.parent, self.published):
            folder.mkdir()
        self.deliver()
        for name in ("DBT_SELECT", "DBT_THREADS", "BANK_POSTGRES_DSN", "BANK_HISTORY"):
            os.environ.pop(name, None)
        os.environ |= {
            "BANK_RAW_DIR": str(self.drop),
            "BANK_WAREHOUSE": str(self.warehouse),
            "BANK_PUBLISH_DIR": str(self.published),
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_USE_COLORS": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        os.chdir(PROJECT)
        self._manifest = self._parse()
        first = self.start()
        self.largest = self._largest_during(first)
        if first.wait() != 0:
            raise click.ClickException(f"the undisturbed build failed:\n{first.said()}")
        history = self.warehouse.with_name("bank_history.duckdb")
        if set(self.warehouse.parent.glob("*")) != {self.warehouse, self.record, history}:
            raise click.ClickException(
                "the undisturbed build did not leave exactly its warehouse, history and record"
            )
        shutil.copy2(self.warehouse, self.template)
        shutil.copy2(self.warehouse, self.published / "release.duckdb")
        self.totals = self.read_totals()
        again = self.start()
        self.largest_again = self._largest_during(again)
        self.check_right(again)
        self.seconds = again.seconds or PATIENCE
        self.read_by = min(self.seconds, self._seconds_to_read(again))

    def _parse(self) -> object:
        """Read the project, and import the modules that each build needs."""
        import agate  # noqa: F401
        import dbt.task.build  # noqa: F401
        from dbt.cli.main import dbtRunner

        import bank_warehouse.raw_drop.plan  # noqa: F401

        result = dbtRunner().invoke(["--quiet", "parse", *self._options("parse")])
        if not result.success:
            raise click.ClickException(f"the project cannot be read: {result.exception}")
        # The child processes share these objects, so their garbage collectors must not touch them.
        gc.collect()
        gc.freeze()
        return result.result

    def _options(self, name: str) -> list[str]:
        return [
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(self.folder / "target" / name)),
            *("--log-path", str(self.folder / "logs" / name)),
        ]

    def size(self) -> int:
        """Return the total size of the files in the warehouse's folder, in bytes."""
        total = 0
        for file in self.warehouse.parent.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                total += file.stat().st_size
        return total

    def _largest_during(self, build: Build) -> int:
        """Return the peak size of the warehouse's folder until the last model is built.

        When DuckDB closes the file, the file may grow briefly, but DuckDB does not need this space.
        """
        largest = 0
        while not build.poll():
            if "Completed successfully" not in build.said():
                largest = max(largest, self.size())
            time.sleep(0.01)
        return largest

    def _seconds_to_read(self, build: Build) -> float:
        """Return the seconds from the start of `build` until the clients were read."""
        ended = next(
            line for line in build.said().splitlines() if "OK created" in line and "clients" in line
        )
        return float(ended.split()[0]) - build.started

    def deliver(self) -> None:
        """Write all files of the drop again."""
        for table in TABLES:
            shutil.copyfile(SEEDS / f"raw_{table}.csv", self.drop / f"{table}.csv")

    def start(self, prepare: Callable[[], object] = lambda: None) -> Build:
        """Start a build; `prepare` runs first in its process."""
        self.builds += 1
        name = f"{self.builds:04d}"
        output = self.folder / f"build-{name}.txt"
        output.touch()
        started = time.monotonic()
        process = os.fork()
        if process == 0:
            self._build(name, output, prepare)
        return Build(process, output, started)

    def _build(self, name: str, output: Path, prepare: Callable[[], object]) -> None:
        """Run dbt in the child process, and end the process."""
        status = 3
        try:
            handle = os.open(output, os.O_WRONLY | os.O_APPEND)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
            gc.disable()
            prepare()
            from dbt.cli.main import dbtRunner

            def stamp(event: object) -> None:
                message = getattr(getattr(event, "info", None), "msg", "")
                level = getattr(getattr(event, "info", None), "level", "debug")
                if level != "debug":
                    print(f"{time.monotonic():.3f} {message}", flush=True)

            result = dbtRunner(manifest=self._manifest, callbacks=[stamp]).invoke(  # type: ignore[arg-type, list-item]
                [
                    "--quiet",
                    "--no-write-json",
                    *("--log-level-file", "none"),
                    *("build", "--resource-type", "seed", "--resource-type", "model"),
                    *("--select", *SELECTION),
                    *self._options(name),
                ]
            )
            status = 0 if result.success else 1
            # Close the database, as a normal exit would: DuckDB then writes its log to the file.
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            if DuckDBConnectionManager._ENV is not None:
                DuckDBConnectionManager._ENV.close()
        finally:
            os._exit(status)

    def read_totals(self) -> Rows:
        """Return the control totals of the warehouse and a fingerprint of its customers.

        Raises:
            TrialError: The warehouse cannot be read.
        """
        try:
            with duckdb.connect(str(self.warehouse), read_only=True) as connection:
                totals = connection.execute(
                    "select column_name, delivered, in_marts, in_quarantine, difference "
                    "from quality.fct_control_totals order by column_name"
                ).fetchall()
                customers = connection.execute(
                    "select 'customers', count(*), sum(hash(positions)) "
                    "from marts.fct_customer_positions as positions"
                ).fetchall()
        except duckdb.Error as problem:
            raise TrialError(f"the warehouse cannot be read: {problem}") from problem
        return [*totals, *customers]

    def check_right(self, build: Build) -> None:
        """Check that a build succeeded and has the figures of an undisturbed one.

        Raises:
            TrialError: The build failed or hangs, or its figures differ or cannot be read.
        """
        if build.wait() != 0:
            raise TrialError(f"the build failed:\n{build.said()}")
        if (found := self.read_totals()) != self.totals:
            raise TrialError(f"the totals differ from those of an undisturbed build: {found}")

    def check_stopped(self, build: Build, *needed: str) -> None:
        """Check that a build failed with all the words in `needed` and without a traceback.

        Raises:
            TrialError: The build succeeded or hangs, or its output has a traceback or lacks words.
        """
        said = build.said()
        if build.wait() == 0:
            raise TrialError(f"the build succeeded:\n{said}")
        if "Traceback" in said:
            raise TrialError(f"the output has a traceback:\n{said}")
        for text in needed:
            if text not in said:
                raise TrialError(f"the message lacks '{text}':\n{said}")

    def digest(self) -> str:
        """Return a hash of the published folder: names and contents."""
        whole = hashlib.sha256()
        for file in sorted(self.published.rglob("*")):
            whole.update(file.relative_to(self.published).as_posix().encode())
            whole.update(file.read_bytes() if file.is_file() else b"")
        return whole.hexdigest()

    def clear(self) -> None:
        """Remove the warehouse and write the drop again."""
        for file in self.warehouse.parent.glob("*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        self.deliver()

    def reset(self, chance: random.Random) -> None:
        """Prepare a trial: at random, start without a warehouse or with a complete one."""
        self.clear()
        if chance.random() < 0.5:
            shutil.copy2(self.template, self.warehouse)


# ---------------------------------------------------------------------------- the faults


def kill(bench: Bench, chance: random.Random) -> str:
    """Kill a build with signal 9 at a random moment."""
    build = bench.start()
    time.sleep(chance.uniform(0, bench.seconds))
    build.kill()
    if build.status == 0:
        return "ended before the kill"
    if build.status != -signal.SIGKILL:
        raise TrialError(f"ended with {build.status} before it was killed:\n{build.said()}")
    return "killed"


def full(bench: Bench, chance: random.Random) -> str:
    """Let the warehouse's disk fill up at a random size."""
    present = bench.size()
    growth = (bench.largest_again if present else bench.largest) - present
    room = present + int(growth * chance.uniform(0.02, 0.98))
    if _can_mount():
        with _small_disk(bench, room):
            build = bench.start()
            build.wait()
            return _told_full(bench, build)
    build = bench.start(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
    build.wait()
    return _told_full(bench, build)


def _told_full(bench: Bench, build: Build) -> str:
    if build.status == 0:
        bench.check_right(build)
        return "had room"
    said = build.said()
    if "the build needs about" in said:
        folder = str(bench.warehouse.parent)
        bench.check_stopped(build, f"{folder}: the build needs about", "is free", "Free some space")
        return "refused beforehand"
    if not any(text in said for text in NO_SPACE):
        raise TrialError(f"the message does not say that the disk is full:\n{said}")
    if "the record of this build cannot be written" in said:
        bench.check_stopped(build, str(build_record_path(bench.warehouse)), "Make room")
        return "stopped at its record"
    bench.check_stopped(build, str(bench.warehouse))
    return "stopped in a model" if "Free some space" in said else "stopped before the first model"


def locked(bench: Bench, chance: random.Random) -> str:
    """Hold the warehouse open in another process while a build starts."""
    if not bench.warehouse.exists():
        shutil.copy2(bench.template, bench.warehouse)
    before = hashlib.sha256(bench.warehouse.read_bytes()).hexdigest()
    with _held(bench, read_only=chance.random() < 0.5):
        time.sleep(chance.uniform(0, 0.5))
        build = bench.start()
        build.wait()
    bench.check_stopped(build, "has the warehouse open", "Wait until", str(bench.warehouse))
    if hashlib.sha256(bench.warehouse.read_bytes()).hexdigest() != before:
        raise TrialError("the locked warehouse was changed")
    return "stopped"


def shrink(bench: Bench, chance: random.Random) -> str:
    """Truncate the clients file at a random moment, usually before a build has read it."""
    clients = bench.drop / "clients.csv"
    whole = _records(clients)
    build = bench.start()
    time.sleep(chance.uniform(0, bench.read_by * 1.05))
    os.truncate(clients, int(clients.stat().st_size * chance.uniform(0.1, 0.95)))
    if build.wait() != 0:
        bench.check_stopped(build, "clients.csv: changed while being read", "build again")
        return "stopped"
    found = bench.read_totals()
    rows = next(row for row in found if row[0] == "row_count")
    if any(row[4] != 0 for row in found if row[0] != "customers"):
        raise TrialError(f"the control totals do not tie out: {found}")
    if rows[1] == whole and found == bench.totals:
        return "already read"
    if rows[1] == _records(clients):
        return "truncated before it was read"
    raise TrialError(f"the build has {rows[1]} rows instead of {whole} or {_records(clients)}")


def twice(bench: Bench, chance: random.Random) -> str:
    """Start a second build of the warehouse at a random moment during the first."""
    one = bench.start()
    time.sleep(chance.uniform(0, bench.seconds))
    other = bench.start()
    one.wait()
    other.wait()
    refused = [build for build in (one, other) if build.status != 0]
    for build in refused:
        bench.check_stopped(build, "has the warehouse open", "Wait until", str(bench.warehouse))
    if len(refused) == 2:
        raise TrialError(f"both builds stopped:\n{one.said()}\n{other.said()}")
    bench.check_right(other if one in refused else one)
    return "one refused" if refused else "one after the other"


def _records(file: Path) -> int:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for row in csv.reader(text) if row) - 1


@contextlib.contextmanager
def _held(bench: Bench, read_only: bool) -> Iterator[None]:
    """Hold the warehouse open in a separate process."""
    ready, signalled = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            with duckdb.connect(str(bench.warehouse), read_only=read_only):
                os.write(signalled, b"!")
                time.sleep(PATIENCE)
        finally:
            os._exit(0)
    try:
        os.close(signalled)
        if os.read(ready, 1) != b"!":
            raise TrialError("the warehouse could not be held open")
        yield
    finally:
        os.close(ready)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _mount(source: str, folder: Path, flags: int, options: str) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    given = (source.encode(), str(folder).encode(), b"tmpfs", flags, options.encode())
    return bool(libc.mount(*given) == 0)


def _can_mount() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if not _mount("tmpfs", Path(folder), 0, "size=64k"):
            return False
        ctypes.CDLL(None).umount2(folder.encode(), 2)
    return True


@contextlib.contextmanager
def _small_disk(bench: Bench, size: int) -> Iterator[None]:
    """Mount a tmpfs of `size` bytes over the warehouse's folder; keep the files afterwards."""
    disk = bench.warehouse.parent
    beside = disk.with_name("beside")
    shutil.copytree(disk, beside)
    if not _mount("tmpfs", disk, 0, f"size={size // 4096 * 4096}"):
        raise TrialError("no tmpfs could be mounted")
    try:
        shutil.copytree(beside, disk, dirs_exist_ok=True)
        yield
        shutil.rmtree(beside)
        shutil.copytree(disk, beside)
    finally:
        ctypes.CDLL(None).umount2(str(disk).encode(), 2)
        shutil.copytree(beside, disk, dirs_exist_ok=True)
        shutil.rmtree(beside)


FAULTS: dict[str, tuple[str, Callable[[Bench, random.Random], str]]] = {
    "kill": ("kill -9", kill),
    "full": ("full disk", full),
    "locked": ("locked warehouse", locked),
    "shrink": ("raw file that shrinks", shrink),
    "twice": ("two builds at once", twice),
}
"""Title of each fault, and the function that causes it and returns the result in words."""


def run_fault(bench: Bench, name: str, times: int, seed: int) -> bool:
    """Cause a fault `times` times, print the counts, and return whether every trial succeeded."""
    title, make = FAULTS[name]
    published = bench.digest()
    outcomes: Counter[str] = Counter()
    right = 0
    for trial in range(times):
        chance = random.Random(f"{seed} {name} {trial}")
        bench.reset(chance)
        try:
            outcomes[make(bench, chance)] += 1
            bench.deliver()
            bench.check_right(bench.start())
            if bench.digest() != published:
                raise TrialError("the published folder was changed")
            right += 1
        except TrialError as problem:
            outcomes["wrong"] += 1
            click.echo(f"{title}, trial {trial}: {problem}", err=True)
    listed = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    click.echo(f"{title}: {right} of {times} trials succeeded ({listed})")
    return right == times


@click.command()
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice(list(FAULTS)),
    help="Cause only this fault. You can repeat the option.",
)
@click.option("--times", default=20, show_default=True, type=click.IntRange(1))
@click.option(
    "--seed", default=1, show_default=True, help="The same seed gives the same random moments."
)
def main(faults: tuple[str, ...], times: int, seed: int) -> None:
    """Break builds at random moments, and count the trials that succeed."""
    with tempfile.TemporaryDirectory(prefix="bank_faults_") as folder:
        bench = Bench(Path(folder).resolve())
        click.echo(
            f"dbt build --select {' '.join(SELECTION)}: {bench.seconds:.1f} s undisturbed, "
            f"clients read after {bench.read_by:.1f} s"
        )
        results = [run_fault(bench, name, times, seed) for name in faults or FAULTS]
    if not all(results):
        sys.exit(1)


if __name__ == "__main__":
    main()
