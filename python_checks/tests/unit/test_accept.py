"""The accepted profile is replaced completely or not at all."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.accept import COLUMNS, accepted_profile_path

FULL = """
import resource, sys
from bank_warehouse import accept
from bank_warehouse.cli import main
opened = accept.open_warehouse
def limited(path):
    connection = opened(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    return connection
accept.open_warehouse = limited
main(sys.argv[1:], prog_name="bank")
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with only the tables that `bank accept` reads."""
    path = tmp_path / "bank.duckdb"
    others = ", ".join(
        f"1 as {name}" for name in COLUMNS if name not in ("as_of_date", "row_count")
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.fct_source_profile as "
            f"select date '2021-12-31' as as_of_date, 7 as row_count, {others}"
        )
        connection.execute("create table quality.fct_control_totals as select 0 as difference")
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_full_disk_keeps_the_old_profile(warehouse: Path) -> None:
    target = accepted_profile_path(warehouse)
    target.write_bytes(b"the old profile")
    ended = subprocess.run(
        [sys.executable, "-c", FULL, "accept", "--warehouse", str(warehouse)],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {target} cannot be written: ")
    assert f".{target.name}" not in ended.stderr
    assert "Make room there" in ended.stderr
    assert target.read_bytes() == b"the old profile"
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name, "bank.duckdb"]
