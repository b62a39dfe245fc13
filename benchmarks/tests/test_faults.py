"""After a fault, any error message is clear and the next build is right.

The benchmark normally causes each fault many times. Here, it causes each once, in a separate
process, because it forks.
"""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import Attachment
from dbt_common.exceptions import DbtRuntimeError

from bank_warehouse.dbt_plugin import HISTORY, attach_history, open_warehouse
from bank_warehouse.engine import engine_settings
from bank_warehouse.settings import SettingError
from python_checks.testing.paths import PROJECT
from python_checks.testing.publishing import running_holder

FAULTS = {
    "kill": "kill -9",
    "full": "full disk",
    "locked": "locked warehouse",
    "shrink": "raw file that shrinks",
    "twice": "two builds at once",
}


@pytest.mark.skipif(sys.platform == "win32", reason="the benchmark forks, which Windows cannot do")
def test_after_each_fault_the_next_build_is_right() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "--times", "1", "--seed", "11"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-8000:]
    for title in FAULTS.values():
        assert re.search(rf"^{title}: 1 of 1 trials succeeded", run.stdout, re.MULTILINE), title


HOLD = "import duckdb\nconnection = duckdb.connect(sys.argv[1])\nwait()\n"


def test_message_about_a_locked_warehouse_names_the_holder_and_the_remedy(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank.duckdb"
    with (
        running_holder(HOLD, warehouse) as holder,
        pytest.raises(DbtRuntimeError, match="has the warehouse open") as refused,
    ):
        open_warehouse(str(warehouse), {})
    assert str(warehouse) in str(refused.value)
    assert "Wait until" in str(refused.value)
    assert sys.platform == "win32" or f"process {holder.pid}" in str(refused.value)
    open_warehouse(str(warehouse), {}).close()


def attach(warehouse: Path, history: Path) -> None:
    """Open a warehouse and attach a history to it, as a build does."""
    with open_warehouse(str(warehouse), {}) as connection:
        attach_history(connection, Attachment(path=str(history), alias=HISTORY))
        found = connection.execute(
            f"select path from duckdb_databases() where database_name = '{HISTORY}'"
        ).fetchone()
    assert found is not None
    assert Path(found[0]).resolve() == history.resolve()


def test_message_about_a_locked_history_names_the_holder_and_the_remedy(tmp_path: Path) -> None:
    warehouse, history = tmp_path / "bank.duckdb", tmp_path / "new" / "bank_history.duckdb"
    attach(warehouse, history)
    with (
        running_holder(HOLD, history) as holder,
        pytest.raises(DbtRuntimeError, match="has the history open") as refused,
    ):
        attach(warehouse, history)
    assert str(history) in str(refused.value)
    assert "Wait until" in str(refused.value)
    assert sys.platform == "win32" or f"process {holder.pid}" in str(refused.value)
    attach(warehouse, history)


def test_file_that_is_not_a_history_is_refused_and_kept(tmp_path: Path) -> None:
    history = tmp_path / "bank_history.duckdb"
    history.write_bytes(b"minutes of the board\n" * 1000)
    with pytest.raises(DbtRuntimeError, match="cannot be opened") as refused:
        attach(tmp_path / "bank.duckdb", history)
    assert "Do not delete" in str(refused.value)
    assert history.read_bytes() == b"minutes of the board\n" * 1000


def test_warehouse_and_history_must_be_different_files(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank.duckdb"
    with pytest.raises(DbtRuntimeError, match="Set BANK_HISTORY to another file"):
        attach(warehouse, warehouse)
    # DuckDB names a database after its file, so this one would be mistaken for the history.
    namesake = tmp_path / "history.duckdb"
    with pytest.raises(SettingError, match="a file with another name"):
        engine_settings(namesake)


def test_file_that_is_not_a_warehouse_is_refused_and_kept(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank.duckdb"
    warehouse.write_bytes(b"minutes of the board\n" * 1000)
    with pytest.raises(DbtRuntimeError, match="cannot be opened") as refused:
        open_warehouse(str(warehouse), {})
    assert "BANK_WAREHOUSE" in str(refused.value)
    assert warehouse.read_bytes() == b"minutes of the board\n" * 1000


def test_next_connection_of_dbt_uses_the_same_database(tmp_path: Path) -> None:
    warehouse = str(tmp_path / "new" / "bank.duckdb")
    with open_warehouse(warehouse, {"threads": 1}) as first:
        first.execute("create table kept as select 1 as one")
        with duckdb.connect(warehouse, config={"threads": 1}) as second:
            assert second.execute("select one from kept").fetchone() == (1,)
