"""Kill publishers at random moments during reads, and check what the readers saw.

Run: ``python -m benchmarks.publisher_kills WAREHOUSE [--kills 100] [--postgres] [--cuts 0] [--seed
1]``. With ``--cuts``, connections are also cut around COMMIT: see :mod:`benchmarks.commit_cuts`.

WAREHOUSE is a built file with its two records beside it (`make build`, `make check`). In a copy of
that file, most marts have fewer rows. Publishers alternate between the two files, so the row counts
show whether a reader sees a mix of both. Each publisher is the real command in its own process, and
is killed with SIGKILL at a uniformly random moment. Meanwhile, readers read again and again, with
short pauses:

- files: read the current release with all its Parquet files, its DuckDB file and its manifest;
- files, held: open a release's DuckDB file, and read it repeatedly while publishers go on;
- PostgreSQL, repeatable read: take a snapshot, wait, then read all marts, with the rights of
  `bank_reader`;
- PostgreSQL, read committed: read all marts in one transaction, with the same rights.

The row counts of each read must be those in the manifest of one release.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from bank_warehouse.publish import current_release
from bank_warehouse.publish.files import published_marts
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.releases import DATABASE, read_release
from benchmarks import commit_cuts
from python_checks.testing.postgres_server import temporary_postgres
from python_checks.testing.publishing import second_warehouse

PROJECT = Path(__file__).resolve().parents[1]
BETWEEN_READS = 0.15
"""Seconds between reads, so that the readers leave the publishers enough of the machine."""
LONGEST_PAUSE = 0.005
LONGEST_SNAPSHOT = 0.5
HOLDING_SECONDS = 1.0


@dataclass
class Seen:
    """What the readers saw; shared by their threads.

    Attributes:
        reads: Number of complete reads of a release, by kind of reader.
        releases: Numbers of the releases seen.
        wrong: A line for each read that did not find a complete release, and for each publisher
            that failed without being killed.
    """

    reads: Counter[str] = field(default_factory=Counter)
    releases: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """The results of a series of kills.

    Attributes:
        seen: What the readers saw.
        stages: Number of publishers killed at each stage, which their output shows.
        finished: Number of publishers that finished before the kill.
        releases: Number of releases in the folder at the end.
        leftovers: Number of drafts left after the last publisher, which is not killed.
    """

    seen: Seen
    stages: Counter[str]
    finished: int
    releases: int
    leftovers: int


def run_kills(
    built: Path, kills: int, *, with_postgres: bool, seed: int, say: Callable[[str], None] = print
) -> Outcome:
    """Kill publishers during reads as the module describes, and return the results.

    Args:
        built: A built warehouse with its records.
        kills: Number of publishers to kill.
        with_postgres: Whether to publish to a PostgreSQL server too, and read from it.
        seed: Seed of the random moments.
        say: Called with each line of progress.
    """
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills")))
        publish_dir = folder / "published"
        dsn = stack.enter_context(temporary_postgres()) if with_postgres else None
        (folder / "second").mkdir()
        warehouses = [built, second_warehouse(built, folder / "second")]
        for warehouse in warehouses:
            _must_pass(_publisher(warehouse, publish_dir, dsn))
        seen, stages, finished = Seen(), Counter[str](), 0
        with _readers(publish_dir, dsn, seen):
            whole = _publisher(built, publish_dir, dsn)
            _wait_for_first_line(whole)
            began = time.monotonic()
            _must_pass(whole)
            longest = time.monotonic() - began
            say(f"With readers, a publish takes {longest:.1f} s from its first line.")
            for number in range(kills):
                publisher = _publisher(warehouses[number % 2], publish_dir, dsn)
                first = _wait_for_first_line(publisher)
                time.sleep(chance.uniform(0, longest))
                if publisher.poll() is None:
                    publisher.kill()
                    publisher.wait()
                    stages[_stage(first + _said(publisher))] += 1
                else:
                    finished += 1
                    if publisher.returncode != 0:
                        seen.wrong.append(f"a publisher failed: {_said(publisher)}")
                if (number + 1) % 10 == 0:
                    say(f"{number + 1} publishers; {dict(seen.reads)}; wrong: {len(seen.wrong)}")
            last = _publisher(built, publish_dir, dsn)
            said = last.communicate()[0]
            if last.returncode != 0:
                seen.wrong.append(f"the publisher after the last kill failed: {said}")
        left = [entry for entry in publish_dir.iterdir() if entry.name.startswith(".draft")]
        numbered = [entry for entry in publish_dir.iterdir() if entry.name.isdigit()]
    return Outcome(seen, stages, finished, len(numbered), len(left))


def _publisher(warehouse: Path, publish_dir: Path, dsn: str | None) -> subprocess.Popen[str]:
    environment = os.environ | {
        "BANK_WAREHOUSE": str(warehouse),
        "BANK_PUBLISH_DIR": str(publish_dir),
        "BANK_POSTGRES_DSN": dsn or "",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bank_warehouse", "publish"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _must_pass(publisher: subprocess.Popen[str]) -> None:
    said = publisher.communicate()[0]
    if publisher.returncode != 0:
        raise SystemExit(f"A publisher failed although it was not killed:\n{said}")


def _wait_for_first_line(publisher: subprocess.Popen[str]) -> str:
    """Wait for a publisher's first line and return it. By then, Python has started."""
    return publisher.stdout.readline() if publisher.stdout else ""


def _said(publisher: subprocess.Popen[str]) -> str:
    return publisher.stdout.read() if publisher.stdout else ""


def _stage(said: str) -> str:
    """Return in words the stage that a publisher reached, from its output."""
    if "after the commit" in said:
        return "tidying up"
    if "is current" in said:
        return "after the switch"
    if " to PostgreSQL" in said and "rows to PostgreSQL" in said:
        return "filling PostgreSQL"
    if "to PostgreSQL" in said:
        return "preparing PostgreSQL"
    if "bank_marts.duckdb" in said:
        return "putting in place"
    if "Writing release" in said:
        return "writing files"
    if "Checking that" in said:
        return "at the gate"
    return "starting"


@contextmanager
def _readers(publish_dir: Path, dsn: str | None, seen: Seen) -> Iterator[None]:
    stop = threading.Event()
    reads: dict[str, Callable[[], int]] = {
        "files": lambda: read_current_files(publish_dir),
        "files, held": lambda: _hold_a_file(publish_dir),
    }
    if dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("create role bi_tool login in role bank_reader")
        reader = psycopg.conninfo.make_conninfo(dsn, user="bi_tool")
        reads["PostgreSQL, repeatable read"] = lambda: _read_postgres(
            publish_dir, reader, "repeatable read"
        )
        reads["PostgreSQL, read committed"] = lambda: _read_postgres(
            publish_dir, reader, "read committed"
        )

    def go_on(kind: str, read: Callable[[], int]) -> None:
        while not stop.is_set():
            try:
                seen.releases.add(read())
                seen.reads[kind] += 1
            except Exception as problem:
                seen.wrong.append(f"{kind}: {type(problem).__name__}: {problem}")
            time.sleep(BETWEEN_READS)

    threads = [
        threading.Thread(target=go_on, args=(kind, read), daemon=True)
        for kind, read in reads.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=30)


def _require(is_right: bool, words: str) -> None:
    if not is_right:
        raise AssertionError(words)


def read_current_files(publish_dir: Path) -> int:
    """Read the whole current release, and return its number.

    Raises:
        AssertionError: A row count or release number in a file differs from the manifest.
    """
    release = current_release(publish_dir)
    with duckdb.connect() as database:
        path = (release.path / DATABASE).as_posix()
        database.execute(f"attach '{path}' as held (read_only)")
        for contract, entry in published_marts(release.manifest):
            file = (release.path / entry["file"]).as_posix()
            in_file = database.execute(f"select count(*) from read_parquet('{file}')").fetchone()
            in_base = database.execute(
                f"select count(*) from held.{source_of(contract.relation)}"
            ).fetchone()
            _require(
                in_file == in_base == (entry["row_count"],),
                f"{contract.relation} of release {release.number}: {in_file}, {in_base}, "
                f"{entry['row_count']}",
            )
        named = database.execute("select release from held.marts.release").fetchone()
        _require(
            named == (release.number,), f"the DuckDB file in {release.path} names release {named}"
        )
    return release.number


def _hold_a_file(publish_dir: Path) -> int:
    release = current_release(publish_dir)
    marts = published_marts(release.manifest)
    until = time.monotonic() + HOLDING_SECONDS
    with duckdb.connect(str(release.path / DATABASE), read_only=True) as held:
        while time.monotonic() < until:
            for contract, entry in marts:
                found = held.execute(
                    f"select count(*) from {source_of(contract.relation)}"
                ).fetchone()
                _require(
                    found == (entry["row_count"],),
                    f"held release {release.number}, {contract.relation}: {found}",
                )
            time.sleep(BETWEEN_READS)
    return release.number


def _read_postgres(publish_dir: Path, dsn: str, level: str) -> int:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"set transaction isolation level {level}")
        if level == "repeatable read":
            # This takes the snapshot but locks no mart, so publishers do not wait.
            connection.execute("select now()")
            time.sleep(random.uniform(0, LONGEST_SNAPSHOT))
        row = connection.execute("select release from marts.release").fetchone()
        _require(row is not None, "marts.release is empty")
        number = int(row[0]) if row else 0
        manifest: dict[str, Any] = read_release(publish_dir, number).manifest
        marts = published_marts(manifest)
        random.shuffle(marts)
        for contract, entry in marts:
            found = connection.execute(
                f"select count(*) from {source_of(contract.relation)}"
            ).fetchone()
            _require(
                found == (entry["row_count"],),
                f"{contract.relation} of release {number}: {found} instead of {entry['row_count']}",
            )
            time.sleep(random.uniform(0, LONGEST_PAUSE))
        again = connection.execute("select release from marts.release").fetchone()
        _require(again == row, f"release {row} became {again} in one transaction")
    return number


def report(outcome: Outcome) -> str:
    """Return the results as lines of text."""
    killed = sum(outcome.stages.values())
    lines = [
        f"publishers killed: {killed}; finished before the kill: {outcome.finished}",
        *(f"  {count:>4}  {stage}" for stage, count in outcome.stages.most_common()),
        f"releases at the end: {outcome.releases}, seen by readers: {len(outcome.seen.releases)}",
        f"drafts left after the last publisher: {outcome.leftovers}",
        *(f"reads, {kind}: {count:,}" for kind, count in sorted(outcome.seen.reads.items())),
        f"reads without a complete release, and failed publishers: {len(outcome.seen.wrong)}",
        *(f"  {line}" for line in outcome.seen.wrong[:10]),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print the results; exit with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument(
        "--cuts", type=int, default=0, help="number of cuts before, during and after COMMIT"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warehouse, is_wrong = options.warehouse.resolve(), False
    if options.cuts:
        cuts = commit_cuts.run_cuts(warehouse, options.cuts, seed=options.seed)
        print(commit_cuts.report(cuts))
        is_wrong = bool(cuts.contradictions)
    if options.kills:
        outcome = run_kills(
            warehouse, options.kills, with_postgres=options.postgres, seed=options.seed
        )
        print(report(outcome))
        is_wrong = is_wrong or bool(outcome.seen.wrong or outcome.leftovers)
    sys.exit(1 if is_wrong else 0)


if __name__ == "__main__":
    main()
