"""Cut a publisher's connection around COMMIT, and compare the publisher's report with PostgreSQL.

With ``python -m benchmarks.publisher_kills WAREHOUSE --cuts 50``, there are 50 cuts before the
COMMIT arrives, 50 while the server executes it, and 50 after it, when only the answer is lost.
After each cut, the server either accepts connections again or, at random, refuses them until the
publisher has ended. The publisher makes one of three reports, and PostgreSQL must agree with it:

- published: PostgreSQL and the files have the release;
- nothing published: PostgreSQL does not have the release, and its folder is gone;
- unknown: PostgreSQL may or may not have the release. Its folder is kept and the files are
  unchanged. The next `bank releases` or `bank publish` must report which of the two happened and
  make the files agree with it.
"""

import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from click.testing import CliRunner

from bank_warehouse.cli import main
from bank_warehouse.publish.pending import PENDING
from bank_warehouse.publish.releases import current_number, release_numbers
from python_checks.testing.cut_proxy import MOMENTS, CutProxy, Moment, cut_proxy, releases_in
from python_checks.testing.postgres_server import temporary_postgres
from python_checks.testing.publishing import second_warehouse

LONGEST_STALL = 0.02
"""Longest time in seconds between a COMMIT and a cut while the server executes it."""
PATIENCE = 30.0
"""Seconds to wait until the server has closed the publisher's connections."""

PUBLISHED, NOTHING, UNKNOWN = "published", "nothing published", "unknown"


@dataclass
class Cuts:
    """The results of a series of cuts.

    Attributes:
        reports: Counts by moment, report and whether PostgreSQL had the release.
        settled: Counts of unknown commits that were settled, by command and outcome.
        contradictions: A line for each failed check, such as a report that PostgreSQL contradicts.
    """

    reports: Counter[tuple[Moment, str, bool]] = field(default_factory=Counter)
    settled: Counter[tuple[str, str]] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)


def run_cuts(built: Path, times: int, *, seed: int, say: Callable[[str], None] = print) -> Cuts:
    """Cut connections as the module describes, and return the results.

    Args:
        built: A built warehouse with its records.
        times: Number of cuts at each moment.
        seed: Seed of the random choices.
        say: Called with each line of progress.
    """
    chance = random.Random(seed)
    found = Cuts()
    with tempfile.TemporaryDirectory(prefix="cuts") as name, temporary_postgres() as dsn:
        folder = Path(name)
        (folder / "second").mkdir()
        warehouses = [built, second_warehouse(built, folder / "second")]
        with cut_proxy(dsn) as proxy, _environment(folder / "published", proxy.dsn):
            moments = [moment for moment in MOMENTS for _ in range(times)]
            chance.shuffle(moments)
            for place, moment in enumerate(moments, start=1):
                os.environ["BANK_WAREHOUSE"] = str(warehouses[place % 2])
                _cut(found, moment, chance, proxy, folder / "published", dsn)
                if place % 10 == 0:
                    say(f"{place} cuts; contradictions: {len(found.contradictions)}")
    return found


@contextmanager
def _environment(publish_dir: Path, dsn: str) -> Iterator[None]:
    names = {"BANK_PUBLISH_DIR": str(publish_dir), "BANK_POSTGRES_DSN": dsn, "BANK_WAREHOUSE": ""}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


def _cut(
    found: Cuts, moment: Moment, chance: random.Random, proxy: CutProxy, published: Path, dsn: str
) -> None:
    """Publish with a cut, compare the report with PostgreSQL, and settle an unknown commit."""
    in_files, in_postgres = _current(published), releases_in(dsn)
    number = 1 + max([0, *release_numbers(published), *in_postgres])
    proxy.cut_at, proxy.refuse_after_cut = moment, chance.random() < 0.5
    proxy.stall = chance.uniform(0, LONGEST_STALL)
    cuts = len(proxy.cuts)
    code, said = _run("publish")
    proxy.is_refusing, proxy.cut_at = False, None
    _wait_for_quiet(dsn)
    now = releases_in(dsn)
    holds = now != in_postgres
    words = f"{moment} COMMIT of release {number}, PostgreSQL {'holds' if holds else 'lacks'} it"

    def require(is_right: bool, what: str) -> None:
        if not is_right:
            found.contradictions.append(f"{words}: {what}; output: {said[-600:]}")

    require(len(proxy.cuts) == cuts + 1, "no connection was cut")
    report = _report(code, said)
    found.reports[moment, report, holds] += 1
    if report == PUBLISHED:
        require(holds and _current(published) == number == now[-1], "the release is not current")
    elif report == NOTHING:
        require(not holds and number not in release_numbers(published), "the release exists")
    elif report == UNKNOWN:
        require(_current(published) == in_files, "the files have changed")
        noted = json.loads((published / PENDING).read_text("utf-8"))["release"]
        require(noted in release_numbers(published), "the folder of the release is gone")
        command = chance.choice(["releases", "publish"])
        code, said = _run(command)
        committed = f"has committed release {noted}" in said
        settled = "committed" if committed else "not committed"
        found.settled[command, settled] += 1
        require(committed == holds, f"`bank {command}` reports it as {settled}")
        require(
            committed or f"has not committed release {noted}" in said, "the result is still unknown"
        )
        require(
            code == 0 and not (published / PENDING).exists(),
            "the command failed, or the note of the commit is still there",
        )
        last = (releases_in(dsn) or [None])[-1]
        require(_current(published) == last, f"files {_current(published)}, PostgreSQL {last}")
    else:
        require(False, "the publisher made none of the three reports")


def _run(command: str) -> tuple[int, str]:
    ended = CliRunner().invoke(main, [command])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        return -1, repr(ended.exception)
    return ended.exit_code, ended.output


def _report(code: int, said: str) -> str:
    if code == 0:
        return PUBLISHED
    if "It is unknown whether" in said and "Nothing was published" not in said:
        return UNKNOWN
    if "Nothing was published" in said:
        return NOTHING
    return "unrecognized"


def _current(published: Path) -> int | None:
    return current_number(published) if published.is_dir() else None


def _wait_for_quiet(dsn: str) -> None:
    """Wait until the server has closed all connections of the publisher."""
    until = time.monotonic() + PATIENCE
    with psycopg.connect(dsn, autocommit=True) as connection:
        while time.monotonic() < until:
            row = connection.execute(
                "select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
                "and backend_type = 'client backend'"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.05)
    raise SystemExit("The server still has open connections from a publisher that has ended.")


def report(found: Cuts) -> str:
    """Return the results as lines of text."""
    lines = [f"connections cut around COMMIT: {sum(found.reports.values())}"]
    for (moment, said, holds), count in sorted(found.reports.items()):
        lines.append(
            f"  {count:>4}  {moment:6}  reported: {said:17}  "
            f"PostgreSQL {'holds' if holds else 'does not hold'} the release"
        )
    for (command, settled), count in sorted(found.settled.items()):
        lines.append(f"  {count:>4}  unknown, settled by `bank {command}`: {settled}")
    lines.append(f"failed checks: {len(found.contradictions)}")
    lines += [f"  {line}" for line in found.contradictions[:10]]
    return "\n".join(lines)
