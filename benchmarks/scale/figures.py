"""Evaluate the measured runs: medians, ratios, growth and the slowest models."""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MILLION = 1_000_000


@dataclass(frozen=True)
class Run:
    """One run of one contender.

    Attributes:
        customers: Size of the drop.
        file_format: "csv" or "parquet".
        contender: Short name of the contender.
        repeat: Number of the round, from 1.
        place: Place of the run in that round, from 1.
        started_at: Start in UTC, ISO 8601.
        load: Load average of the minute before the run.
        raw_bytes: Size of the clients file.
        revision: Commit of the project; empty outside a git clone.
        seconds: Time from start to end of the process.
        cpu_seconds: Processor time of all cores.
        peak_memory: Peak memory in bytes, including child processes.
        peak_disk: Peak disk use in bytes.
        disk: Disk use at the end, in bytes.
        failure: Why there is no result; None if there is one.
        models: Seconds by model, if the contender records them.
    """

    customers: int
    file_format: str
    contender: str
    repeat: int
    place: int
    started_at: str
    load: float
    raw_bytes: int
    revision: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    peak_disk: int = 0
    disk: int = 0
    failure: str | None = None
    models: dict[str, float] = field(default_factory=dict)


Cell = tuple[int, str, str]
"""Customers, format and contender."""


@dataclass(frozen=True)
class Figures:
    """The figures of all runs of one cell.

    Attributes:
        customers: Size of the drop.
        file_format: "csv" or "parquet".
        contender: Short name of the contender.
        repeats: Number of runs.
        seconds: Median time; None if there is no result.
        least_seconds: Time of the fastest run.
        most_seconds: Time of the slowest run.
        cpu_seconds: Median processor time.
        peak_memory: Highest peak memory of all runs, in bytes.
        peak_disk: Highest peak disk use of all runs, in bytes.
        disk: Highest disk use at the end of a run, in bytes.
        load: The highest load before a run. If it exceeds the number of processors, other work
            slowed the run down.
        failure: Why there is no result; None if there is one.
    """

    customers: int
    file_format: str
    contender: str
    repeats: int
    seconds: float | None
    least_seconds: float
    most_seconds: float
    cpu_seconds: float
    peak_memory: int
    peak_disk: int
    disk: int
    load: float
    failure: str | None

    @property
    def rows_per_second(self) -> float | None:
        """Customers divided by the median time; None if there is no median time."""
        return self.customers / self.seconds if self.seconds else None


def summarise(runs: Iterable[Run]) -> dict[Cell, Figures]:
    """Return the figures of each cell, sorted by size and format.

    If a run of a cell has no result, the cell has none either and shows the reason.
    """
    cells: dict[Cell, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.customers, run.file_format)):
        cells.setdefault((run.customers, run.file_format, run.contender), []).append(run)
    return {cell: _figures(cell, members) for cell, members in cells.items()}


def _figures(cell: Cell, runs: Sequence[Run]) -> Figures:
    failure = next((run.failure for run in runs if run.failure is not None), None)
    seconds = [run.seconds for run in runs]
    return Figures(
        *cell,
        repeats=len(runs),
        seconds=statistics.median(seconds) if failure is None else None,
        least_seconds=min(seconds),
        most_seconds=max(seconds),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        peak_memory=max(run.peak_memory for run in runs),
        peak_disk=max(run.peak_disk for run in runs),
        disk=max(run.disk for run in runs),
        load=max(run.load for run in runs),
        failure=failure,
    )


def ratio(
    figures: Mapping[Cell, Figures], cell: Cell, contender: str, what: str = "seconds"
) -> float | None:
    """Return a figure of a cell as a multiple of another contender's figure.

    The result is None if either figure is missing or the divisor is zero.

    Args:
        figures: From `summarise`.
        cell: The cell of the numerator.
        contender: The contender of the denominator, at the same size and format.
        what: An attribute of `Figures`.
    """
    above, below = figures.get(cell), figures.get((*cell[:2], contender))
    if above is None or below is None or above.failure or below.failure:
        return None
    divisor = getattr(below, what)
    return getattr(above, what) / divisor if divisor else None


@dataclass(frozen=True)
class Growth:
    """The growth of time with size: seconds are proportional to customers ** exponent.

    Attributes:
        exponent: Slope of the fitted line.
        sizes: The sizes that the line was fitted to.
    """

    exponent: float
    sizes: list[int]


def fit_growth(points: Mapping[int, float]) -> Growth | None:
    """Fit time against size by least squares on logarithms; None for fewer than two sizes.

    Sizes below a million are left out if at least two other sizes remain. At small sizes, starting
    Python and dbt takes most of the time, which would flatten the line.

    Args:
        points: Seconds by customers.
    """
    large = {size: seconds for size, seconds in points.items() if size >= MILLION}
    used = large if len(large) >= 2 else dict(points)
    if len(used) < 2:
        return None
    sizes = sorted(used)
    slope, _ = statistics.linear_regression(
        [math.log(size) for size in sizes], [math.log(used[size]) for size in sizes]
    )
    return Growth(slope, sizes)


def growths(figures: Mapping[Cell, Figures]) -> dict[tuple[str, str], Growth]:
    """Return the growth of each contender in each format, by format and contender."""
    points: dict[tuple[str, str], dict[int, float]] = {}
    for (customers, file_format, contender), cell in figures.items():
        if cell.seconds is not None:
            points.setdefault((file_format, contender), {})[customers] = cell.seconds
    fitted = {key: fit_growth(sizes) for key, sizes in points.items()}
    return {key: growth for key, growth in fitted.items() if growth is not None}


@dataclass(frozen=True)
class Expensive:
    """A model and its cost.

    Attributes:
        name: The model, dbt hook or written Parquet file.
        seconds: The time that the contender recorded for it.
        share: Its share of the sum of all recorded times. With dbt, this sum exceeds the time of
            the run, because two models run at a time.
    """

    name: str
    seconds: float
    share: float


def most_expensive(models: Mapping[str, float], number: int = 5) -> list[Expensive]:
    """Return the slowest models, starting with the slowest.

    Args:
        models: Seconds by model.
        number: Number of models to return.
    """
    total = sum(models.values())
    ranked = sorted(models.items(), key=lambda each: (-each[1], each[0]))[:number]
    return [Expensive(name, seconds, seconds / total) for name, seconds in ranked if total]


def expensive_models(runs: Iterable[Run], contender: str) -> dict[tuple[int, str], list[Expensive]]:
    """Return the slowest models of a contender's median run, by size and format."""
    cells: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        if run.contender == contender and run.failure is None and run.models:
            cells.setdefault((run.customers, run.file_format), []).append(run)
    found = {}
    for cell, members in sorted(cells.items()):
        middle = sorted(members, key=lambda run: run.seconds)[(len(members) - 1) // 2]
        found[cell] = most_expensive(middle.models)
    return found


@dataclass(frozen=True)
class Results:
    """All measurements, as stored in the JSON file.

    Attributes:
        machine: Processors, memory, system and versions.
        method: Description of the measurement, by topic.
        runs: All runs, in chronological order.
    """

    machine: dict[str, Any]
    method: dict[str, str]
    runs: list[Run]

    def write(self, path: Path) -> None:
        """Write the runs and the derived figures as JSON."""
        figures = summarise(self.runs)
        told = {
            "machine": self.machine,
            "method": self.method,
            "figures": [
                {**asdict(cell), "rows_per_second": cell.rows_per_second}
                for cell in figures.values()
            ],
            "growth": [
                {"format": file_format, "contender": contender, **asdict(growth)}
                for (file_format, contender), growth in growths(figures).items()
            ],
            "runs": [asdict(run) for run in self.runs],
        }
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Results":
        """Read a file that `write` has written."""
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(told["machine"], told["method"], [Run(**run) for run in told["runs"]])

    def without(self, cells: Iterable[Cell]) -> "Results":
        """Return these results without the runs of some cells."""
        dropped = set(cells)
        kept = [
            run
            for run in self.runs
            if (run.customers, run.file_format, run.contender) not in dropped
        ]
        return Results(self.machine, self.method, kept)
