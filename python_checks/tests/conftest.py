"""Fixtures that the checks of the built warehouse share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the shipped seeds into a DuckDB file of this session, without the dbt tests.

    Nothing is written inside the project: the file, dbt's target folder and its log are temporary.

    Returns:
        Path of the DuckDB file; open it with ``read_only=True``.
    """
    folder = tmp_path_factory.mktemp("warehouse")
    warehouse = folder / "bank.duckdb"
    environment = {name: value for name, value in os.environ.items() if name != "BANK_RAW_DIR"}
    environment["BANK_WAREHOUSE"] = str(warehouse)
    command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors"]
    command += ["--log-path", str(folder / "logs"), "build"]
    command += ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command += ["--target-path", str(folder / "target")]
    result = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        pytest.fail(f"dbt build failed:\n{result.stdout[-4000:]}\n{result.stderr[-2000:]}")
    return warehouse
