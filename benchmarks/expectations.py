"""Compare how long the Great Expectations suites and the same counts in plain SQL take.

    python -m benchmarks.expectations --warehouse warehouse/bank.duckdb --repeats 3

The plain SQL scans each table once for all of its aggregates and runs each comparison once, in one
connection with the same settings. Both run in separate processes, so that the peak memory of each
is measured alone. Neither builds the Data Docs, which take the same few seconds for any number of
customers.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import click

from python_checks.expectations import warehouse as warehouses

PLAIN = (
    "import json, sys, duckdb\n"
    "from pathlib import Path\n"
    "from python_checks.expectations.warehouse import connect\n"
    "connection = connect(Path(sys.argv[1]))\n"
    "for query in json.loads(Path(sys.argv[2]).read_text()):\n"
    "    connection.execute(query).fetchall()\n"
)


def run_measured(command: list[str]) -> tuple[float, float]:
    """Run a command; return its time in seconds and its peak memory in MiB.

    Raises:
        click.ClickException: The command failed.
    """
    start = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise click.ClickException(f"{' '.join(command[:4])} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def plain_queries(path: Path) -> list[str]:
    """Return the counts of all suites as plain SQL."""
    from python_checks.expectations.compile import plain_sql
    from python_checks.expectations.suites import SUITES

    with warehouses.connect(path) as connection:
        return [
            query
            for declare in SUITES.values()
            for table in declare(connection)
            for query in plain_sql(table)
        ]


@click.command()
@click.option("--warehouse", "path", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--repeats", type=click.IntRange(1), default=3)
def main(path: Path, repeats: int) -> None:
    """Print the median time and peak memory of plain SQL and of the suites, and the time ratio."""
    queries = plain_queries(path)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "queries.json"
        listed.write_text(json.dumps(queries))
        commands = {
            "plain SQL": [sys.executable, "-c", PLAIN, str(path), str(listed)],
            "Great Expectations": [
                *(sys.executable, "-m", "bank_warehouse", "check", "--no-docs"),
                *("--warehouse", str(path)),
            ],
        }
        # Alternate the two, so that other load on the machine affects both.
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                runs[name].append(run_measured(command))
    medians = {}
    for name, measured in runs.items():
        medians[name] = statistics.median(seconds for seconds, _ in measured)
        peak = max(memory for _, memory in measured)
        click.echo(f"{name:20} {medians[name]:8.1f} s   peak {peak:8,.0f} MiB")
    click.echo(
        f"{len(queries)} queries; ratio {medians['Great Expectations'] / medians['plain SQL']:.2f}"
    )


if __name__ == "__main__":
    main()
