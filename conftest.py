"""The shared fixtures of the tests, their markers and their order."""

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

# The person who runs the tests may have the history of a real bank; no test may write to it.
os.environ.pop("BANK_HISTORY", None)

# Java compiles Spark's code a second time to make long runs faster. In a build of three thousand
# customers, this took a third of the time, so it is switched off. That shrinks Java's default code
# cache to a fifth, and Spark stops when the cache is full, so a larger size is set. The default
# garbage collector is also meant for long runs, so it is replaced.
os.environ.setdefault(
    "JDK_JAVA_OPTIONS",
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
    " -XX:+UseParallelGC -XX:MetaspaceSize=256m",
)

LAYERS = {
    "unit": "needs no warehouse",
    "warehouse": "reads the warehouse built from the shipped seeds",
    "builds": "builds warehouses of its own",
    "spark": "starts Spark, or checks the SQL that dbt compiles for it",
    "postgres": "starts a PostgreSQL server",
    "browser": "opens the dashboard in a browser",
    "benchmarks": "tests the benchmarks",
}
"""The markers and what they mean. The marker of a test is the name of its folder."""

LONG_FILES = (
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
"""The slowest test files, with the slowest first."""

KEPT_MANIFESTS = 12
"""The number of parsed manifests that are kept for later runs."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and set the folder of the parsed dbt manifests."""
    for name, meaning in LAYERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    # Workers inherit the folder from the process that started them.
    kept: pytest.Cache | None = getattr(config, "cache", None)  # None with -p no:cacheprovider
    if KEPT not in os.environ and kept is not None:
        folder = kept.mkdir("dbt_manifests")
        by_age = sorted(folder.glob("*.msgpack"), key=lambda file: file.stat().st_mtime)
        for old in by_age[:-KEPT_MANIFESTS]:
            for suffix in (".msgpack", ".json", ".metrics.json", ".log", ".msgpack.lock"):
                old.with_suffix(suffix).unlink(missing_ok=True)
        os.environ[KEPT] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its layer, and let several processes begin with the slowest files.

    With `--dist loadfile`, all tests of a file run in one process, so their shared fixtures are
    created once. A single process runs the files in alphabetical order.
    """
    for item in items:
        parts = item.path.relative_to(PROJECT).parts
        item.add_marker("benchmarks" if parts[0] == "benchmarks" else parts[2])
    if "PYTEST_XDIST_WORKER" in os.environ:
        rank = {name: place for place, name in enumerate(LONG_FILES)}
        items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose requirements are missing on this machine, or fail it in CI."""
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.fixture(autouse=True)
def _umask_restored() -> Iterator[None]:
    """Restore the umask after each test, because opening a warehouse makes new files private."""
    yield
    no_longer_private()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of this run share."""
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
    """Build the shipped seeds with all dbt tests, and generate dbt's documentation.

    Returns:
        The folder of the build: `bank.duckdb` and `target/`. Tests must not change it.
    """
    return made_once(shared_folder / "build", _build)


@pytest.fixture(scope="session")
def built_warehouse(build_folder: Path) -> Path:
    """Path of the warehouse built from the shipped seeds; open it read-only."""
    return build_folder / "bank.duckdb"


@pytest.fixture(scope="session")
def built_target(build_folder: Path) -> Path:
    """Path of the shared build's target folder, with the manifest and the catalog."""
    return build_folder / "target"


@pytest.fixture(scope="session")
def built_manifest(built_target: Path) -> dict[str, Any]:
    """The shared build's manifest, with the compiled code of all nodes; never change it."""
    manifest: dict[str, Any] = json.loads((built_target / "manifest.json").read_text("utf-8"))
    return manifest


@pytest.fixture(scope="session")
def build_results(build_folder: Path) -> dict[str, str]:
    """The status of each node in the shared build, by unique id."""
    content = json.loads((build_folder / "build_results.json").read_text("utf-8"))
    return {result["unique_id"]: result["status"] for result in content["results"]}


@pytest.fixture(scope="session")
def published(built_warehouse: Path, shared_folder: Path) -> Path:
    """Folder with one release, published from the built warehouse. Tests must not change it."""
    from bank_warehouse.publish.flow import publish
    from python_checks.testing.publishing import copy_checked

    def make(folder: Path) -> None:
        publish(copy_checked(built_warehouse, shared_folder / "checked"), folder, None)

    return made_once(shared_folder / "published", make)
