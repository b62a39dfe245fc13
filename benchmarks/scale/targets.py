"""Targets for the figures at ten million customers from CSV, and for the growth."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.scale.contenders import BUILD, LIMIT, PANDAS, POLARS, RUN, SCRIPT, SET_DBT
from benchmarks.scale.figures import Cell, Figures, Growth, ratio

CUSTOMERS = 10_000_000
FORMAT = "csv"
GIGABYTE = 1e9


@dataclass(frozen=True)
class Target:
    """A target and the measured figure.

    Attributes:
        what: Description of the figure.
        most: The largest allowed value.
        value: The figure; None if it was not measured.
    """

    what: str
    most: float
    value: float | None

    @property
    def is_met(self) -> bool | None:
        """Whether the figure meets the target; None if there is no figure."""
        return None if self.value is None else self.value <= self.most


def targets(
    figures: Mapping[Cell, Figures], growth: Mapping[tuple[str, str], Growth]
) -> list[Target]:
    """Return all targets; empty if ten million customers from CSV were not measured.

    Args:
        figures: From `figures.summarise`.
        growth: From `figures.growths`.
    """

    def times(contender: str, base: str, what: str = "seconds") -> float | None:
        return ratio(figures, (CUSTOMERS, FORMAT, contender), base, what)

    def gigabytes(contender: str) -> float | None:
        found = figures.get((CUSTOMERS, FORMAT, contender))
        return None if found is None or found.failure else found.peak_memory / GIGABYTE

    if not any(cell[:2] == (CUSTOMERS, FORMAT) for cell in figures):
        return []
    slopes = [
        Target(
            f"growth exponent of {title}, {file_format}",
            1.05,
            fitted.exponent if (fitted := growth.get((file_format, contender))) else None,
        )
        for file_format in ("csv", "parquet")
        for contender, title in ((RUN, "dbt run"), (BUILD, "dbt build"))
    ]
    return [
        Target("dbt run, times the limit", 4, times(RUN, LIMIT)),
        Target("dbt run, times the plain script", 1.15, times(RUN, SCRIPT)),
        Target("dbt build with all tests, times the limit", 6, times(BUILD, LIMIT)),
        Target("peak memory of dbt run, GB", 8, gigabytes(RUN)),
        Target("peak memory of dbt build, GB", 8, gigabytes(BUILD)),
        Target(
            "time of dbt run as a multiple of pandas, same marts", 1 / 5, times(SET_DBT, PANDAS)
        ),
        Target(
            "memory of dbt run as a multiple of pandas, same marts",
            1 / 4,
            times(SET_DBT, PANDAS, "peak_memory"),
        ),
        Target("time of dbt run as a multiple of Polars, same marts", 1, times(SET_DBT, POLARS)),
        *slopes,
    ]
