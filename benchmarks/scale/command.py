"""Compare the warehouse's build time at several sizes with the limit and with other tools.

    python -m benchmarks.scale --customers 3000 --customers 1000000 --repeats 3
    make bench SIZES="3000 1000000"

Every contender runs in its own process and is timed from start to end. The order rotates by one
place with each repeat, so that other load on the machine does not always affect the same contender.
The raw files are read once before each run, so that all contenders find them in the system's cache.
docs/scaling.md describes the comparison. POSIX only.

Runs are stored in --out as scale.json. A later call adds runs and replaces those of repeated cells
(size, format, contender), so a long measurement can be split into parts.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import psutil

from benchmarks.scale import report
from benchmarks.scale.contenders import (
    BENCH_PYTHON,
    CONTENDERS,
    SETS,
    SPARK,
    Contender,
    Ground,
)
from benchmarks.scale.figures import Results, Run
from benchmarks.scale.limit import clients_file
from benchmarks.scale.measure import GIB, Limits, Measured, run_measured
from benchmarks.scale.project import dbt_environment, prepare
from python_checks.testing.model_runner import PROJECT

SEED = 7
FORMATS = ("csv", "parquet")
RESULTS = "scale.json"
SECONDS_BETWEEN_LINES = 10.0
CHUNK = 1 << 24
METHOD = {
    "process": "Each run is a separate process, timed from start to end.",
    "memory": "Largest resident set of the process and its children, sampled five times a second.",
    "order": "Contenders run one after another; each repeat starts with the next contender.",
    "warm-up": "The raw files are read once before each run; dbt has parsed the project before.",
    "figures": "The median of the times, and the maximum of memory and disk, over all repeats.",
}


def describe_machine(bench_python: Path) -> dict[str, Any]:
    """Return the facts that the figures depend on: processors, memory, system and versions."""
    versions = {
        name: importlib.metadata.version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb")
    }
    return {
        "processors": os.cpu_count(),
        "memory of the machine": f"{psutil.virtual_memory().total / GIB:.1f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **versions,
        **_bench_versions(bench_python),
    }


def _bench_versions(bench_python: Path) -> dict[str, str]:
    """Return the versions of the installed libraries; importing them fills the system's cache."""
    if not bench_python.exists():
        return {}
    asked = (
        "import json, pandas, polars, pyarrow; print(json.dumps("
        "{each.__name__: each.__version__ for each in (pandas, polars, pyarrow)}))"
    )
    ran = subprocess.run(
        [str(bench_python), "-c", asked], capture_output=True, text=True, check=True
    )
    versions: dict[str, str] = json.loads(ran.stdout)
    return versions


def _revision() -> str:
    """Return the commit of the project; empty outside a git clone."""
    ran = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip() if ran.returncode == 0 else ""


def make_drop(data: Path, customers: int, file_format: str) -> Path:
    """Return the folder of a generated drop below `data`; create it if necessary."""
    drop = data / f"{customers}-{file_format}"
    try:
        clients_file(drop)
    except FileNotFoundError:
        click.echo(f"Generating {customers:,} customers as {file_format} ...")
        subprocess.run(
            [
                *(sys.executable, "-m", "bank_warehouse", "generate"),
                *("--customers", str(customers), "--seed", str(SEED)),
                *("--format", file_format, "--out", str(drop), "--force"),
            ],
            cwd=PROJECT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return drop


def warm(drop: Path) -> None:
    """Read all files of a drop once, so that the system caches them if they fit."""
    for file in sorted(drop.iterdir()):
        with file.open("rb", buffering=0) as opened:
            while opened.read(CHUNK):
                pass


class Line:
    """The progress of a run on stderr: one line on a terminal, else a line every ten seconds."""

    def __init__(self, title: str) -> None:
        """Start the line for the run `title`."""
        self._title = title
        self._is_terminal = sys.stderr.isatty()
        self._last = 0.0
        click.echo(f"{title} ...", err=True, nl=not self._is_terminal)

    def show(self, seconds: float, memory: int, disk: int) -> None:
        """Show the seconds so far, and the memory and disk use in bytes."""
        if not self._is_terminal and seconds - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = seconds
        told = f"{self._title}: {seconds:,.0f} s, {memory / GIB:.1f} GiB of memory, "
        told += f"{disk / GIB:.1f} GiB of disk"
        click.echo(f"\r\033[K{told}" if self._is_terminal else told, err=True, nl=False)
        if not self._is_terminal:
            click.echo(err=True)

    def end(self, measured: Measured) -> None:
        """Show the result."""
        told = f"{self._title}: "
        told += measured.failure or (
            f"{measured.seconds:,.1f} s, {measured.peak_memory / GIB:.2f} GiB of memory"
        )
        click.echo(f"\r\033[K{told}" if self._is_terminal else told, err=True)


def model_seconds(ground: Ground, contender: Contender) -> dict[str, float]:
    """Return the recorded seconds of each model, hook and written mart; empty if there are none."""
    if ground.times.exists():
        told: dict[str, float] = json.loads(ground.times.read_text(encoding="utf-8"))
        return told
    if not contender.has_model_times:
        return {}
    results = json.loads((ground.folder / "target" / "run_results.json").read_text("utf-8"))
    seconds: dict[str, float] = {}
    for result in results["results"]:
        kind, _, name = result["unique_id"].split(".", 2)
        if kind in ("model", "operation"):
            label = name if kind == "model" else f"hook {name.split('.')[-1]}"
            seconds[label] = seconds.get(label, 0.0) + float(result["execution_time"])
    return seconds


def run_once(
    contender: Contender, ground: Ground, limits: Limits, line: Line
) -> tuple[Measured, dict[str, float]]:
    """Reset the ground, run a contender and measure it.

    Returns:
        The measurements, and the seconds by model if the contender records them.
    """
    ground.reset(is_seeded=contender.is_seeded)
    warm(ground.drop)
    measured = run_measured(
        contender.command(ground),
        dbt_environment(ground.folder, ground.drop),
        PROJECT,
        ground.data,
        limits,
        ground.folder / f"{contender.name}.txt",
        line.show,
    )
    if measured.failure:
        # Reports are published, so they must not name folders of this machine.
        told = measured.failure.replace(str(ground.folder), "...").replace(str(PROJECT), "...")
        measured = replace(measured, failure=told)
    line.end(measured)
    return measured, {} if measured.failure else model_seconds(ground, contender)


def check_marts(ground: Ground) -> str | None:
    """Compare the comparison set with that of the first contender.

    Returns:
        The differences in words; None if there are none, or for the first contender.
    """
    if not ground.checked.exists():
        ground.marts.rename(ground.checked)
        return None
    # In a separate process, to free its memory for the contenders.
    compared = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.scale.equality"),
            *(str(ground.checked), str(ground.marts)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if compared.returncode == 0:
        return None
    return f"built different marts: {'; '.join((compared.stdout + compared.stderr).splitlines())}"


def rounds(contenders: Sequence[Contender], repeats: int) -> Iterator[tuple[int, int, Contender]]:
    """Yield the number of the round, the place in it (both from 1) and the contender.

    Each round starts one contender later than the previous one.
    """
    for repeat in range(repeats):
        shift = repeat % len(contenders)
        order = (*contenders[shift:], *contenders[:shift])
        for place, contender in enumerate(order, start=1):
            yield repeat + 1, place, contender


def measure_size(
    ground: Ground,
    contenders: Sequence[Contender],
    customers: int,
    file_format: str,
    repeats: int,
    limits: Limits,
    *,
    check: bool,
) -> Iterator[Run]:
    """Run the contenders on one drop and yield each run. A failed contender is not run again.

    Args:
        ground: The folders and interpreters of the runs.
        contenders: The contenders, in the order of the first round.
        customers: Size of the drop.
        file_format: Its format.
        repeats: Number of rounds.
        limits: Limits of each run.
        check: Whether to require equal comparison sets.
    """
    hindered = {
        contender.name: why for contender in contenders if (why := contender.hindrance(ground))
    }
    failed: set[str] = set()
    raw_bytes = clients_file(ground.drop).stat().st_size
    revision = _revision()
    for repeat, place, contender in rounds(contenders, repeats):
        if contender.name in failed:
            continue
        title = f"{customers:,} {file_format}, {contender.name}, {repeat} of {repeats}"
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        known: dict[str, Any] = {
            "customers": customers,
            "file_format": file_format,
            "contender": contender.name,
            "repeat": repeat,
            "place": place,
            "started_at": started_at,
            "load": round(os.getloadavg()[0], 2),
            "raw_bytes": raw_bytes,
            "revision": revision,
        }
        if contender.name in hindered:
            click.echo(f"{title}: not run: {hindered[contender.name]}", err=True)
            failed.add(contender.name)
            yield Run(**known, failure=hindered[contender.name])
            continue
        measured, models = run_once(contender, ground, limits, Line(title))
        if check and contender.name in SETS and measured.failure is None:
            measured = replace(measured, failure=check_marts(ground))
        if measured.failure is not None:
            failed.add(contender.name)
        yield Run(**known, **vars(measured), models=models)


@contextmanager
def working_folder(work: Path | None, keep: bool) -> Iterator[Path]:
    """Create a temporary folder, in `work` if given, and remove it at the end unless `keep`."""
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bank-scale-", dir=work)).resolve()
    try:
        yield folder
    finally:
        if keep:
            click.echo(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return all values of an option that can be repeated and can list several values."""
    return [word for value in values for word in value.replace(",", " ").split()]


@click.command()
@click.option(
    "--customers",
    callback=_listed,
    multiple=True,
    help="One or more sizes, separated by commas. You can repeat the option.",
)
@click.option(
    "--formats", callback=_listed, multiple=True, default=FORMATS, help="csv, parquet or both."
)
@click.option(
    "--only",
    callback=_listed,
    multiple=True,
    help="Contenders to run; by default all except Spark.",
)
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("target/scale"),
    show_default=True,
    help="Folder for scale.json and scale.svg.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps generated drops; by default they are temporary.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Parent of the temporary folder; by default the system's temporary folder.",
)
@click.option("--keep", is_flag=True, help="Keep the temporary folder.")
@click.option("--time-limit", type=click.FloatRange(1), default=3600.0, show_default=True)
@click.option(
    "--memory-limit",
    type=click.FloatRange(0.1),
    help="Memory limit of a run in GiB; by default nine tenths of the machine's memory.",
)
@click.option(
    "--bench-python",
    type=click.Path(path_type=Path),
    default=BENCH_PYTHON,
    help="Interpreter with pandas and Polars.",
)
@click.option(
    "--spark-python",
    type=click.Path(path_type=Path),
    default=Path(sys.executable),
    help="Interpreter with dbt-spark and pyspark.",
)
@click.option(
    "--check", is_flag=True, help="Also compare the marts of the comparison set; this is not timed."
)
@click.option("--fresh", is_flag=True, help="Discard the runs in --out.")
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Page that receives the tables, between its markers, and the plot, in images/ beside it.",
)
def main(
    customers: list[str],
    formats: list[str],
    only: list[str],
    repeats: int,
    out: Path,
    data: Path | None,
    work: Path | None,
    keep: bool,
    time_limit: float,
    memory_limit: float | None,
    bench_python: Path,
    spark_python: Path,
    check: bool,
    fresh: bool,
    page: Path | None,
) -> None:
    """Time the warehouse at several sizes; without --customers, only report the runs in --out."""
    sizes = _sizes(customers)
    contenders = _contenders(only)
    if unknown := set(formats) - set(FORMATS):
        raise click.UsageError(f"--formats: no such format: {', '.join(sorted(unknown))}")
    out.mkdir(parents=True, exist_ok=True)
    results = _kept_results(out / RESULTS, fresh)
    if sizes:
        results = replace(results, machine=describe_machine(bench_python))
    limits = Limits(
        seconds=time_limit,
        memory=int(memory_limit * GIB if memory_limit else psutil.virtual_memory().total * 0.9),
    )
    # SIGTERM must also end the child processes and remove the temporary files.
    signal.signal(signal.SIGTERM, _stop)
    settings: dict[str, str] | None = None
    with working_folder(work, keep) as folder:
        for size in sizes:
            for file_format in formats:
                drop = make_drop((data or folder / "drops").resolve(), size, file_format)
                ground = Ground(
                    folder / "run", folder / "prepared", drop, bench_python, spark_python
                )
                results = results.without((size, file_format, each.name) for each in contenders)
                settings = _prepare(ground, contenders, settings)
                for run in measure_size(
                    ground, contenders, size, file_format, repeats, limits, check=check
                ):
                    results.runs.append(run)
                    results.write(out / RESULTS)
                for used in (ground.folder, ground.checked):
                    shutil.rmtree(used, ignore_errors=True)
                if data is None:
                    shutil.rmtree(drop)
    if not results.runs:
        raise click.ClickException(f"{out / RESULTS} contains no runs: give sizes with --customers")
    results.write(out / RESULTS)
    report.plot(results, out / "scale.svg")
    click.echo(report.text(results))
    if page is not None:
        report.write_page(results, page)


def _sizes(customers: Sequence[str]) -> list[int]:
    try:
        sizes = [int(word.replace("_", "")) for word in customers]
    except ValueError as problem:
        raise click.UsageError(f"--customers: {problem}") from problem
    if any(size < 1 for size in sizes):
        raise click.UsageError("--customers: a size must be 1 or more")
    return sizes


def _contenders(only: Sequence[str]) -> list[Contender]:
    by_name = {contender.name: contender for contender in CONTENDERS}
    if unknown := set(only) - set(by_name):
        raise click.UsageError(
            f"--only: no such contender: {', '.join(sorted(unknown))}; the contenders are "
            f"{', '.join(by_name)}"
        )
    # Spark takes several times as long as all the others together.
    wanted = only or [name for name in by_name if name != SPARK]
    return [contender for name, contender in by_name.items() if name in wanted]


def _kept_results(path: Path, fresh: bool) -> Results:
    """Return the runs in a file; none if the file does not exist or `fresh` is set."""
    if fresh or not path.exists():
        return Results({}, METHOD, [])
    return replace(Results.read(path), method=METHOD)


def _prepare(
    ground: Ground, contenders: Sequence[Contender], settings: dict[str, str] | None
) -> dict[str, str] | None:
    """Prepare the ground for a drop and return DuckDB's settings, if they are known.

    The seeds and dbt's parsed project are reused from the previous drop.
    """
    ground.folder.mkdir(parents=True)
    for name in ("data", "target"):
        if ground.prepared.exists():
            shutil.copytree(ground.prepared / name, ground.folder / name)
        else:
            (ground.folder / name).mkdir()
    if any(contender.needs_dbt for contender in contenders):
        click.echo("Compiling the project for the drop ...", err=True)
        script = prepare(ground.folder, ground.drop, settings)
        script.write(ground.script)
        settings = script.settings
    ground.keep_prepared()
    return settings
