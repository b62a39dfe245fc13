"""How the tests are run: what they share, how they are marked, and which come first."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bank_warehouse.private import no_longer_private
from python_checks.testing.dbt import KEPT, run_dbt
from python_checks.testing.needs import require
from python_checks.testing.paths import PROJECT
from python_checks.testing.shared import made_once

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

LAYERS = {
    "unit": "needs no warehouse",
    "warehouse": "reads the warehouse built from the shipped seeds",
    "builds": "builds warehouses of its own",
    "spark": "starts Spark, or compiles for it",
    "postgres": "starts a PostgreSQL server",
    "browser": "opens the dashboard in a browser",
    "benchmarks": "tests the benchmarks",
}
"""The marker of each test is that of its folder."""

LONG_FILES = (
    # The first waits for the build of the shipped seeds; the next two build something else.
    "test_spark_parity.py",
    "test_sabotage.py",
    "test_history.py",
    "test_faults.py",
    "test_random_drops.py",
    "test_pages.py",
    "test_dbt_usage.py",
    "test_spark_thrift.py",
    "test_dashboard_browser.py",
    "test_powerbi_pictures.py",
    "test_publish_postgres.py",
    "test_odd_drops.py",
    "test_dbt_unit_tests.py",
    "test_expectations.py",
    "test_dashboard.py",
    "test_plain_reader_agrees.py",
    "test_publish_gate.py",
    "test_scale_benchmark.py",
    "test_one_pass.py",
)
"""The files that take longest, the longest first."""

KEPT_MANIFESTS = 12
"""How many parsed states of the project stay for the next run."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and name the folder of the manifests that dbt has parsed."""
    for name, meaning in LAYERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    # Workers inherit the folder of the process that has started them.
    kept: pytest.Cache | None = getattr(config, "cache", None)  # None with -p no:cacheprovider
    if KEPT not in os.environ and kept is not None:
        folder = kept.mkdir("dbt_manifests")
        by_age = sorted(folder.glob("*.msgpack"), key=lambda file: file.stat().st_mtime)
        for old in by_age[:-KEPT_MANIFESTS]:
            for suffix in (".msgpack", ".json", ".metrics.json", ".log", ".msgpack.lock"):
                old.with_suffix(suffix).unlink(missing_ok=True)
        os.environ[KEPT] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its layer; let processes start with the longest files.

    A file stays in one process, so that what its tests share is made once. A single process keeps
    the order of names.
    """
    for item in items:
        parts = item.path.relative_to(PROJECT).parts
        item.add_marker("benchmarks" if parts[0] == "benchmarks" else parts[2])
    if "PYTEST_XDIST_WORKER" in os.environ:
        rank = {name: place for place, name in enumerate(LONG_FILES)}
        items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test without what it needs of the machine; fail it in CI."""
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.fixture(autouse=True)
def _umask_restored() -> Iterator[None]:
    """Restore the umask after each test: opening a warehouse makes new files private."""
    yield
    no_longer_private()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run that all its processes share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def _build(folder: Path) -> None:
    for command in (["build"], ["docs", "generate"]):
        result = run_dbt(folder, *command)
        if result.returncode != 0:
            pytest.fail(f"dbt {' '.join(command)} failed:\n{result.stdout[-6000:]}{result.stderr}")
        if command == ["build"]:
            shutil.copy2(folder / "target/run_results.json", folder / "build_results.json")


@pytest.fixture(scope="session")
def build_folder(shared_folder: Path) -> Path:
    """Build the shipped seeds with all dbt tests, and dbt's documentation of them.

    Returns:
        The folder of the build: `bank.duckdb` and `target/`, only to be read.
    """
    return made_once(shared_folder / "build", _build)


@pytest.fixture(scope="session")
def built_warehouse(build_folder: Path) -> Path:
    """Path of the warehouse built from the shipped seeds; open it read-only."""
    return build_folder / "bank.duckdb"


@pytest.fixture(scope="session")
def built_target(build_folder: Path) -> Path:
    """Path of the target folder of that build, with manifest, run results and catalog."""
    return build_folder / "target"


@pytest.fixture(scope="session")
def built_manifest(built_target: Path) -> dict[str, Any]:
    """The manifest of that build, with the compiled code of every node; only to be read."""
    manifest: dict[str, Any] = json.loads((built_target / "manifest.json").read_text("utf-8"))
    return manifest


@pytest.fixture(scope="session")
def build_results(build_folder: Path) -> dict[str, str]:
    """The status of each node of that build, by its unique id."""
    content = json.loads((build_folder / "build_results.json").read_text("utf-8"))
    return {result["unique_id"]: result["status"] for result in content["results"]}


@pytest.fixture(scope="session")
def published(built_warehouse: Path, shared_folder: Path) -> Path:
    """Folder of releases with one, published from the warehouse that is built; only to be read."""
    from bank_warehouse.publish.flow import publish
    from python_checks.testing.publishing import copy_checked

    def make(folder: Path) -> None:
        publish(copy_checked(built_warehouse, shared_folder / "checked"), folder, None)

    return made_once(shared_folder / "published", make)
