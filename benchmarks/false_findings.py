"""Measure how often the inference reports false findings, over many seeds.

Each seed generates a data pack without planted effects: categories have no effect, there are no
clusters, and only money affects the risk weighting. A finding of any other effect is therefore
false; the exception is the association in `BY_POSITION`. The benchmark runs the project's own
models without a build.

    python -m benchmarks.false_findings --seeds 200 --results false_findings.csv

With --results, each pack adds a line to that file, and a later run skips the packs in the file.
"""

import csv
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import duckdb

from python_checks.testing.model_runner import compile_project, load_clients, run_models, warehouse

RATE = 0.05
MODELS = ("int_differences_tested", "int_risk_drivers_fitted", "int_clusters_fitted")
# The generator assigns relationships and advisors by row number, so the two are associated.
BY_POSITION = "('banking_relationship', 'investment_advisor')"
DIFFERENCES = f"""
    with evaluated as (
        select *, not (dimension in {BY_POSITION} and measure in {BY_POSITION}) as no_effect
        from intermediate.int_differences_tested
        where family = 'categories'
    )
    select
        count(*) filter (no_effect and p_value <= {RATE}) / count(p_value) filter (no_effect),
        count(*) filter (no_effect and adjusted_p_value <= {RATE})
            / greatest(count(*) filter (adjusted_p_value <= {RATE}), 1)
    from evaluated
"""
DRIVERS = f"""
    with evaluated as (
        select *, driver in ('tenure_days', 'amount_of_credit_cards', 'properties_owned')
            or reference_level is not null or is_protected as no_effect
        from intermediate.int_risk_drivers_fitted
    )
    select
        count(*) filter (no_effect and p_value <= {RATE}) / count(p_value) filter (no_effect),
        count(*) filter (no_effect and adjusted_p_value <= {RATE} and not is_protected)
            / greatest(count(*) filter (adjusted_p_value <= {RATE} and not is_protected), 1),
        coalesce(bool_or(adjusted_p_value <= {RATE}) filter (is_protected), false)::integer
    from evaluated
"""
CLUSTERS = """
    select coalesce(bool_or(structure = 'distinct clusters'), false)::integer
    from intermediate.int_clusters_fitted
"""
LINES = (
    ("differences: share of tests without an effect with p <= 0.05", False),
    ("differences: false share of those called more than chance", True),
    ("drivers: share of drivers without an effect with p <= 0.05", False),
    ("drivers: false share of the business facts called drivers", True),
    ("drivers: packs in which a protected attribute is a driver", True),
    ("clusters: packs in which distinct clusters are found", True),
)


def rates(connection: duckdb.DuckDBPyConnection) -> list[float]:
    """Return the rates of one pack, in the order of `LINES`."""
    found: list[float] = []
    for query in (DIFFERENCES, DRIVERS, CLUSTERS):
        row = connection.execute(query).fetchone() or ()
        found.extend(float(value) for value in row)
    return found


@click.command()
@click.option("--seeds", type=click.IntRange(2), default=200, show_default=True)
@click.option("--customers", type=click.IntRange(500), default=1_000, show_default=True)
@click.option("--first-seed", type=click.IntRange(0), default=1_000, show_default=True)
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path))
def main(seeds: int, customers: int, first_seed: int, results: Path | None) -> None:
    """Print the rates of false findings, each with the promised rate."""
    wanted = range(first_seed, first_seed + seeds)
    packs = read_packs(results, customers) if results else {}
    missing = [seed for seed in wanted if seed not in packs]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            nodes = compile_project(Path(folder))
        for seed in missing:
            with warehouse() as connection:
                load_clients(connection, customers, seed)
                run_models(connection, nodes, MODELS)
                packs[seed] = rates(connection)
            if results:
                with results.open("a", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerow([customers, seed, *packs[seed]])
    report([packs[seed] for seed in wanted], customers)


def read_packs(results: Path, customers: int) -> dict[int, list[float]]:
    """Return the rates in `results` for packs of this size, by seed."""
    if not results.exists():
        return {}
    with results.open(encoding="utf-8", newline="") as file:
        return {
            int(seed): [float(value) for value in values]
            for size, seed, *values in csv.reader(file)
            if int(size) == customers and len(values) == len(LINES)
        }


def report(packs: Sequence[Sequence[float]], customers: int) -> None:
    """Print the mean of each rate with twice its standard error.

    Raises:
        click.ClickException: A rate exceeds its limit by more than two standard errors.
    """
    click.echo(f"{len(packs)} packs of {customers:,} customers")
    click.echo(f"{'':62}{'rate':>8}{'+- 2 errors':>13}{'promised':>10}")
    broken = []
    for (line, is_limit), values in zip(LINES, zip(*packs, strict=True), strict=True):
        mean = sum(values) / len(values)
        spread = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
        error = math.sqrt(spread / len(values))
        promised = f"<= {RATE}" if is_limit else f"{RATE}"
        click.echo(f"{line:62}{mean:8.4f}{2 * error:13.4f}{promised:>10}")
        if is_limit and mean - 2 * error > RATE:
            broken.append(line)
    if broken:
        message = f"More than two standard errors above the promised rate: {'; '.join(broken)}"
        raise click.ClickException(message)


if __name__ == "__main__":
    main()
