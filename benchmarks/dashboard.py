"""Measure how long filter changes take in the dashboard with many concurrent users.

    python -m benchmarks.dashboard --customers 10000000 --keep FOLDER --prepare
    python -m benchmarks.dashboard --customers 10000000 --keep FOLDER

The first command creates a release and its cubes in a folder. The second reuses them and only
measures, so it is the only one that needs an idle machine. Without `--keep`, everything is created
each time.

Without `--publish-dir`, the current release is enlarged to the given number of customers. Each new
customer has the money, risk and income of one customer of the release, and the attributes in
`DRAWN` are drawn independently. This fills nearly every cell of the cubes, more than a real bank of
that size would. With `--publish-dir`, the release in that folder is used unchanged.

Each user opens a page and then changes one filter after another, with a pause between changes.
Pauses have an exponential distribution, limited to ten times the mean. A mean of 7 seconds is the
think time in TPC-W (TPC Benchmark W, version 1.8); 2 seconds simulate users who click without
reading. With 0, users send the next request at once, which shows the limit of the server. Each
change leads to a different address, so hardly any response is cached. Two times are reported: the
processing time that the server measures, and the time that the user waits. All users run in one
separate process on the same machine.

`--idle N` adds N connections: half of them are idle, and the others send a request byte by byte and
never complete it. The benchmark prints how many of each kind stay open. The server should keep the
idle connections and close the others.
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import random
import resource
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import duckdb

from bank_warehouse.dashboard.access import EVERYONE, Access
from bank_warehouse.dashboard.cubes import FILTERS
from bank_warehouse.dashboard.listening import Listening
from bank_warehouse.dashboard.pages import PAGES
from bank_warehouse.dashboard.server import create_app
from bank_warehouse.dashboard.snapshots import Snapshot, Snapshots, open_snapshot
from bank_warehouse.dashboard.views import text_of
from bank_warehouse.project import publish_folder
from bank_warehouse.publish import current_release
from bank_warehouse.publish.manifest import signed
from bank_warehouse.publish.releases import DATABASE, METRICS, checksum_of
from bank_warehouse.sql import quote_literal

DRAWN = {
    "loyalty_classification": ("loyalty_classification",),
    "occupation_family": ("occupation_family",),
    "banking_relationship": ("banking_relationship",),
    "joined_year": ("joined_year", "joined_date", "tenure_days", "tenure_band"),
    "investment_advisor": ("investment_advisor",),
    "amount_of_credit_cards": ("amount_of_credit_cards",),
    "fee_structure": ("fee_structure",),
    "nationality": ("nationality",),
    "gender": ("gender",),
    "age_band": ("age", "age_band"),
}
"""Attributes that are drawn independently of each other, and the columns drawn with each."""

UNANSWERED = 60.0
"""Seconds after which a request without a response fails."""


def blow_up(source: Path, target: Path, customers: int) -> None:
    """Write a release with this many customers, drawn from those of another release."""
    release = current_release(source)
    folder = target / "1"
    folder.mkdir(parents=True)
    (target / "current").write_text("1\n", encoding="utf-8")
    (folder / METRICS).write_bytes((release.path / METRICS).read_bytes())
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute(f"attach {quote_literal(str(release.path / DATABASE))} as old")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set memory_limit = '8GB'")
        connection.execute("create schema marts; create schema quality")
        connection.execute(
            "create temp table drawn as select *, row_number() over (order by customer_key) - 1 "
            "as place from old.marts.dim_customers"
        )
        counted = connection.execute("select count(*) from drawn").fetchone()
        count = counted[0] if counted else 0
        joins = [
            f"inner join drawn as drawn_{number} on drawn_{number}.place = "
            f"cast(hash(number, {number}) % {count} as bigint)"
            for number in range(len(DRAWN) + 1)
        ]
        columns = ", ".join(
            f"drawn_{number}.{column}"
            for number, together in enumerate(DRAWN.values(), start=1)
            for column in together
        )
        dropped = ", ".join(column for together in DRAWN.values() for column in together)
        connection.execute(
            "create table marts.dim_customers as select number as customer_key, "
            f"drawn_0.* exclude (customer_key, client_key, place, {dropped}), "
            f"number as client_key, {columns} "
            f"from range({customers}) as numbers (number) {' '.join(joins)}"
        )
        connection.execute(
            "create temp table origins as select number, drawn.customer_key as origin "
            f"from range({customers}) as numbers (number) inner join drawn "
            f"on drawn.place = cast(hash(number, 0) % {count} as bigint)"
        )
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'old'"
        ).fetchall():
            if (schema, name) == ("marts", "dim_customers"):
                continue
            names = [
                column[0]
                for column in connection.execute(f"describe old.{schema}.{name}").fetchall()
            ]
            if "customer_key" not in names:
                connection.execute(f"create table {schema}.{name} as from old.{schema}.{name}")
                continue
            kept = [each for each in names if each not in ("customer_key", "client_key")]
            connection.execute(
                f"create table {schema}.{name} as select origins.number as customer_key, "
                f"{', '.join(f'old_rows.{each}' for each in kept)} "
                f"from old.{schema}.{name} as old_rows inner join origins "
                "on origins.origin = old_rows.customer_key"
            )
    database = {"file": DATABASE, **checksum_of(folder / DATABASE)}
    manifest = signed(release.manifest | {"release": 1, "database": database})
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def question(path: str, search: str) -> bytes:
    """Return the body of the browser's request for a page."""
    shown = [{"id": "app", "property": "children"}, {"id": "shown", "property": "data"}]
    inputs = [
        {"id": "url", "property": "pathname", "value": path},
        {"id": "url", "property": "search", "value": search},
        {"id": "news", "property": "data"},
    ]
    return json.dumps(
        {
            "output": "..app.children...shown.data..",
            "outputs": shown,
            "inputs": inputs,
            "changedPropIds": ["url.search"],
            "state": [],
        }
    ).encode("utf-8")


def use(
    port: int,
    values: Mapping[str, Sequence[str]],
    users: int,
    seconds: float,
    pause: float,
    told: Connection,
) -> None:
    """Simulate the users; send page, server time and user time (ms) of every change to `told`."""
    from urllib.parse import urlencode

    times: list[tuple[str, float, float]] = []
    lock = threading.Lock()
    until = time.perf_counter() + seconds

    def one(seed: int) -> None:
        drawn = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=UNANSWERED)
        chosen: dict[str, list[str]] = {}
        time.sleep(drawn.random() * pause)
        while time.perf_counter() < until:
            page = drawn.choice(list(PAGES))
            name = drawn.choice(FILTERS)
            value = drawn.choice(list(values[name]))
            of_name = chosen.setdefault(name, [])
            if value in of_name:
                of_name.remove(value)
            else:
                of_name.append(value)
            if sum(map(len, chosen.values())) > 8:
                chosen.clear()
            search = "?" + urlencode([(key, each) for key, all_ in chosen.items() for each in all_])
            start = time.perf_counter()
            connection.request(
                "POST",
                "/_dash-update-component",
                question(f"/{page}", search),
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            body = answer.read()
            waited = (time.perf_counter() - start) * 1000
            if answer.status != 200 or b"standstill" in body:
                raise RuntimeError(f"{answer.status}: {body[:300]!r}")
            served = float(answer.headers["Server-Timing"].rpartition("=")[2])
            with lock:
                times.append((page, served, waited))
            if pause:
                time.sleep(min(drawn.expovariate(1 / pause), 10 * pause))

    with ThreadPoolExecutor(users) as threads:
        list(threads.map(one, range(users)))  # raises the error of any user
    told.send(times)


def hold(port: int, count: int, told: Connection) -> None:
    """Hold additional connections open; when asked, report how many are still open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * count)), hard))
    address = ("127.0.0.1", port)
    idle = [socket.create_connection(address, timeout=UNANSWERED) for _ in range(count // 2)]
    slow = [
        socket.create_connection(address, timeout=UNANSWERED) for _ in range(count - count // 2)
    ]
    for connection in slow:
        connection.sendall(b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nX-A: ")
    told.send((len(idle), len(slow)))
    while not told.poll(5.0):
        for connection in slow:
            with contextlib.suppress(OSError):
                connection.sendall(b"x")
    told.send((sum(map(_is_open, idle)), sum(map(_is_open, slow))))


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def percentile(times: Sequence[float], share: float) -> float:
    """Return a percentile of the times; `share` is from 0 to 1."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def describe(times: Sequence[tuple[str, float, float]], seconds: float, pause: float) -> str:
    """Return the times as lines of text."""
    served, waited = ([each[place] for each in times] for place in (1, 2))
    worst = max(
        PAGES, key=lambda page: percentile([s for p, s, _ in times if p == page] or [0], 0.95)
    )
    return (
        f"pause {pause:g} s: {len(times):,} changes, {len(times) / seconds:.1f} a second\n"
        f"  server  median {statistics.median(served):6.0f} ms, p95 {percentile(served, 0.95):6.0f}"
        f" ms, p99 {percentile(served, 0.99):6.0f} ms (slowest page by p95: {worst})\n"
        f"  user    median {statistics.median(waited):6.0f} ms, p95 {percentile(waited, 0.95):6.0f}"
        f" ms, p99 {percentile(waited, 0.99):6.0f} ms"
    )


def memory() -> tuple[float, float]:
    """Return the current and the peak memory of this process, in MiB.

    Without /proc, both are the peak.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    status = Path("/proc/self/status")
    if not status.is_file():
        return peak, peak
    told = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
    return int(told["VmRSS"].split()[0]) / 1024, peak


def prepared(source: Path, keep: Path, customers: int) -> Path:
    """Return the folder of a release with this many customers; create it if necessary.

    A separate process creates the release, so that the memory this takes does not count as the
    server's.
    """
    folder = keep / f"releases-{customers}"
    if folder.is_dir():
        return folder
    draft = keep / f".releases-{customers}"
    shutil.rmtree(draft, ignore_errors=True)
    start = time.perf_counter()
    process = multiprocessing.get_context("spawn").Process(
        target=blow_up, args=(source, draft, customers)
    )
    process.start()
    process.join()
    if process.exitcode:
        message = "The release could not be created: see above."
        raise click.ClickException(message)
    draft.replace(folder)
    size = (folder / "1" / DATABASE).stat().st_size / 2**20
    click.echo(f"release created in {time.perf_counter() - start:.0f} s, {size:,.0f} MiB")
    return folder


@click.command()
@click.option("--customers", default=1_000_000, show_default=True)
@click.option(
    "--publish-dir",
    type=click.Path(path_type=Path),
    help="Folder whose current release is used unchanged.",
)
@click.option(
    "--source", type=click.Path(path_type=Path), help="Folder whose current release is enlarged."
)
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Folder that keeps the release and its cubes."
)
@click.option("--prepare", is_flag=True, help="Create the release and its cubes without measuring.")
@click.option("--users", default=20, show_default=True)
@click.option(
    "--idle",
    default=0,
    show_default=True,
    help="Number of additional connections, half of them idle and half slow.",
)
@click.option("--seconds", default=60.0, show_default=True)
@click.option(
    "--pause", "pauses", multiple=True, type=float, default=(7.0, 2.0, 0.0), show_default=True
)
def main(
    customers: int,
    publish_dir: Path | None,
    source: Path | None,
    keep: Path | None,
    prepare: bool,
    users: int,
    idle: int,
    seconds: float,
    pauses: tuple[float, ...],
) -> None:
    """Print how long filter changes take."""
    with tempfile.TemporaryDirectory() as scratch:
        kept = keep or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        folder = publish_dir or prepared(source or publish_folder(), kept, customers)
        snapshots = Snapshots(
            folder, patience=3_600, opened=partial(open_snapshot, folder=kept / "cubes")
        )
        start = time.perf_counter()
        snapshot = snapshots.current(EVERYONE)
        taken = time.perf_counter() - start
        cells = sum(cube.rows for cube in snapshot.cubes.values())
        total = snapshot.ask(["customers"])[0][0]
        size = sum(file.stat().st_size for file in (kept / "cubes").iterdir()) / 2**20
        click.echo(
            f"{total:,} customers: {cells:,} cells in {len(snapshot.cubes)} cubes (the cube of "
            f"all filters: {snapshot.cubes['all'].rows:,}), {size:,.0f} MiB; ready in {taken:.1f} s"
        )
        if not prepare:
            _measure(snapshots, snapshot, users, idle, seconds, pauses)
        snapshots.close()


def _measure(
    snapshots: Snapshots,
    snapshot: Snapshot,
    users: int,
    idle: int,
    seconds: float,
    pauses: Sequence[float],
) -> None:
    """Serve the dashboard to this many users and print their times."""
    listening = Listening(create_app(snapshots, Access()).server, "127.0.0.1", 0)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    values = {name: [text_of(value) for value in snapshot.values(name)] for name in FILTERS}
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    click.echo(f"{users} users, {os.cpu_count()} cores; machine load before: {load}")
    holder = _Holder(listening.port, idle) if idle else None
    for pause in pauses:
        spent = time.process_time()
        times = _used(listening.port, values, users, seconds, pause)
        spent = (time.process_time() - spent) * 1000 / len(times)
        click.echo(
            describe(times, seconds, pause)
            + f"\n  server CPU {spent:.0f} ms a change; machine load "
            f"{os.getloadavg()[0]:.1f}"
        )
    if holder:
        click.echo(holder.end())
    click.echo(f"server threads: {threading.active_count()}")
    now, peak = memory()
    click.echo(f"server memory {now:,.0f} MiB, peak {peak:,.0f} MiB")
    listening.shutdown()


class _Holder:
    """A process that holds connections open."""

    def __init__(self, port: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._told, there = context.Pipe()
        self._process: Any = context.Process(target=hold, args=(port, count, there))
        self._process.start()
        there.close()
        self._idle, self._slow = self._told.recv()

    def end(self) -> str:
        """End the process; return in words how many connections were still open."""
        self._told.send("end")
        idle, slow = self._told.recv()
        self._process.join()
        return (
            f"additional connections open at the end: {idle:,} of {self._idle:,} idle ones, "
            f"{slow:,} of {self._slow:,} with a half-sent request"
        )


def _used(
    port: int, values: Mapping[str, Sequence[str]], users: int, seconds: float, pause: float
) -> list[tuple[str, float, float]]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process: Any = context.Process(target=use, args=(port, values, users, seconds, pause, there))
    process.start()
    there.close()
    try:
        times: list[tuple[str, float, float]] = here.recv()
    except EOFError as ended:
        message = "The simulated users failed: see above."
        raise click.ClickException(message) from ended
    finally:
        process.join()
    return times


if __name__ == "__main__":
    main()
