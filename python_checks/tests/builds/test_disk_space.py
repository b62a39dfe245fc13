"""Before it starts, a build reports the disk space it needs, and refuses a disk with too little."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main as bank_warehouse
from bank_warehouse.macro_calls import require_disk
from bank_warehouse.raw_drop import DropError, disk_space, plan_table
from bank_warehouse.raw_drop.disk_space import (
    MODEL_WORKING_BYTES,
    WAREHOUSE_BYTES,
    WORKING_BYTES,
    need_of,
    require_disk_space,
)
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import SEEDS


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_MEMORY_LIMIT", "6GB")
    monkeypatch.delenv("BANK_TEMP_DIRECTORY", raising=False)


def free(monkeypatch: pytest.MonkeyPatch, amount: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=amount))


def test_rows_are_estimated_from_the_first_lines(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_bytes(b"name,age\n" + b"Ada Lowe,31\n" * 300_000)
    assert disk_space.estimated_rows(tmp_path / "long.csv") == pytest.approx(300_000, rel=0.01)
    for ending in (b"", b"\n"):
        (tmp_path / "short.csv").write_bytes(b"name,age\nAda Lowe,31\nBo Lund,44" + ending)
        assert disk_space.estimated_rows(tmp_path / "short.csv") == 2
    (tmp_path / "empty.csv").write_bytes(b"")
    assert disk_space.estimated_rows(tmp_path / "empty.csv") == 0


def test_plan_estimates_the_number_of_rows() -> None:
    assert plan_table(SEEDS, "clients").rows == pytest.approx(3000, rel=0.01)


def test_small_build_needs_no_space_to_spill(tmp_path: Path) -> None:
    need = need_of(1_000_000, tmp_path / "bank.duckdb")
    assert need.spill_bytes == 0
    assert need.warehouse_bytes == 1_000_000 * WAREHOUSE_BYTES
    assert "memory" not in require_disk_space(need)


def test_large_build_needs_space_to_spill(tmp_path: Path) -> None:
    need = need_of(100_000_000, tmp_path / "bank.duckdb")
    assert need.spill_bytes == 100_000_000 * WORKING_BYTES - 6_000_000_000
    assert need.spill == tmp_path / "bank.duckdb.tmp"
    without_tests = need_of(100_000_000, tmp_path / "bank.duckdb", with_tests=False)
    assert without_tests.spill_bytes == 100_000_000 * MODEL_WORKING_BYTES - 6_000_000_000


def test_too_little_space_is_refused_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = need_of(100_000_000, tmp_path / "new" / "bank.duckdb")
    both = need.warehouse_bytes + need.spill_bytes
    free(monkeypatch, both)
    assert require_disk_space(need).startswith("100,000,000 customers need about 55.0 GB")
    free(monkeypatch, both - 1)
    with pytest.raises(DropError, match="BANK_TEMP_DIRECTORY") as refused:
        require_disk_space(need)
    assert "BANK_MEMORY_LIMIT" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_only_remedies_that_free_the_full_disk_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 0)
    with pytest.raises(DropError) as refused:
        require_disk_space(need_of(1000, tmp_path / "bank.duckdb"))
    assert "set BANK_WAREHOUSE to a file on another disk, or free some space" in str(refused.value)
    assert "BANK_TEMP_DIRECTORY" not in str(refused.value)
    assert "BANK_MEMORY_LIMIT" not in str(refused.value)


def test_space_of_existing_warehouse_is_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = tmp_path / "bank.duckdb"
    warehouse.write_bytes(bytes(WAREHOUSE_BYTES * 900))
    free(monkeypatch, WAREHOUSE_BYTES * 100)
    require_disk_space(need_of(1000, warehouse))
    with pytest.raises(DropError):
        require_disk_space(need_of(1001, warehouse))


def test_needed_disk_space_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = str(tmp_path / "bank.duckdb")
    assert require_disk(warehouse, 1000, True) == ""
    assert require_disk(warehouse, 100_000, True) == (
        "100,000 customers need about 55 MB for the warehouse."
    )
    assert require_disk(":memory:", 10**12, True) == ""
    free(monkeypatch, 1)
    require_disk(warehouse, 0, True)
    with pytest.raises(DropError, match="the build needs about"):
        require_disk(warehouse, 1000, True)


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drop of 200,000 customers."""
    folder = tmp_path_factory.mktemp("disk_space") / "drop"
    arguments = ["generate", "--customers", "200000", "--format", "parquet", "--out", str(folder)]
    made = CliRunner().invoke(bank_warehouse, arguments)
    assert made.exit_code == 0, made.output
    return folder


@pytest.mark.parametrize(
    ("command", "temporary"),
    [
        ("build", " and up to 22 MB for what does not fit in memory"),
        # A build without tests needs less space.
        ("run", ""),
    ],
)
def test_dbt_logs_needed_disk_space(
    command: str, temporary: str, drop: Path, tmp_path: Path
) -> None:
    result = run_dbt(
        *(tmp_path, command, "--select", "base_bank__clients"),
        BANK_RAW_DIR=str(drop),
        BANK_MEMORY_LIMIT="100MB",
        # The model fails, because its seeds are missing, but the needed space is logged first.
        DBT_EXCLUDE_RESOURCE_TYPES="unit_test test",
    )
    message = f"200,000 customers need about 110 MB for the warehouse{temporary}."
    assert message in result.stdout
