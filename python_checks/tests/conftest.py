"""What the tests share: the warehouse built from the shipped seeds, once a session."""

import os
from pathlib import Path

import pytest

from python_checks.testing.dbt import run_dbt

# Whoever runs the tests may have a history of a real bank: no test is to write to it.
os.environ.pop("BANK_HISTORY", None)

# Spark's Java compiles what it runs twice, the second time for long work: of a build of three
# thousand customers that was a third. Without the second, the room for compiled code would be a
# fifth of what is usual, and Spark ends when it is full. So is the usual collector for long work.
os.environ.setdefault(
    "JDK_JAVA_OPTIONS",
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
    " -XX:+UseParallelGC -XX:MetaspaceSize=256m",
)

# The files that take minutes, the longest first.
LONG_FILES = (
    "test_spark_parity.py",
    "test_sabotage.py",
    "test_history.py",
    "test_spark_thrift.py",
    "test_odd_drops.py",
    "test_dashboard_browser.py",
    "test_publish_postgres.py",
    "test_expectations.py",
    "test_dashboard.py",
    "test_publish_gate.py",
    "test_scale_benchmark.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several processes start with the longest files, so that none is left to one at the end.

    A single process keeps the order of names.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        rank = {name: place for place, name in enumerate(LONG_FILES)}
        items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(scope="session")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the shipped seeds with all dbt tests, and dbt's documentation of them.

    Returns:
        The folder of the build: `bank.duckdb` and `target/`.
    """
    folder = tmp_path_factory.mktemp("build")
    for command in (["build"], ["docs", "generate"]):
        result = run_dbt(folder, *command)
        if result.returncode != 0:
            pytest.fail(f"dbt {' '.join(command)} failed:\n{result.stdout[-6000:]}")
    return folder


@pytest.fixture(scope="session")
def built_warehouse(build_folder: Path) -> Path:
    """Path of the warehouse built from the shipped seeds; open it read-only."""
    return build_folder / "bank.duckdb"


@pytest.fixture(scope="session")
def built_target(build_folder: Path) -> Path:
    """Path of the target folder of that build, with manifest, run results and catalog."""
    return build_folder / "target"


@pytest.fixture(scope="session")
def published(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of releases with one, published from the warehouse that is built; only to be read."""
    from bank_warehouse.publish.flow import publish
    from python_checks.testing.publishing import copy_checked

    folder = tmp_path_factory.mktemp("published")
    publish(copy_checked(built_warehouse, tmp_path_factory.mktemp("checked")), folder, None)
    return folder
