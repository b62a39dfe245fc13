"""DuckDB's resource settings are read from the environment, and refused if invalid."""

from pathlib import Path

import duckdb
import pytest

from bank_warehouse.engine import engine_settings
from bank_warehouse.settings import SettingError, bytes_of
from python_checks.testing.bare_project import bare_project, run_elsewhere
from python_checks.testing.dbt import run_dbt

NAMES = ("BANK_MEMORY_LIMIT", "BANK_TEMP_DIRECTORY", "BANK_THREADS")


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_default_memory_limit_is_capped_by_the_machine() -> None:
    limit = bytes_of(str(engine_settings()["memory_limit"]))
    with duckdb.connect() as connection:
        own = connection.execute("select current_setting('memory_limit')").fetchone()
    assert own is not None
    assert limit == min(5e9, bytes_of(own[0]))
    assert "threads" not in engine_settings()


def test_settings_reach_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_MEMORY_LIMIT", "700MiB")
    monkeypatch.setenv("BANK_TEMP_DIRECTORY", str(tmp_path / "spill"))
    monkeypatch.setenv("BANK_THREADS", "1")
    with duckdb.connect(config=engine_settings()) as connection:
        found = connection.execute(
            "select current_setting('memory_limit'), current_setting('temp_directory'), "
            "current_setting('threads')"
        ).fetchone()
    assert found == ("700.0 MiB", (tmp_path / "spill").as_posix(), 1)


def test_spill_is_in_the_temp_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_MEMORY_LIMIT", "60MB")
    monkeypatch.setenv("BANK_TEMP_DIRECTORY", str(tmp_path / "spill"))
    monkeypatch.setenv("BANK_THREADS", "1")
    with duckdb.connect(config=engine_settings()) as connection:
        connection.execute(
            "create temp table kept as select hash(range) as value from range(20000000)"
        )
        assert list((tmp_path / "spill").iterdir())


def test_spill_is_beside_the_warehouse_by_default(tmp_path: Path) -> None:
    settings = engine_settings(tmp_path / "bank.duckdb")
    assert settings["temp_directory"] == (tmp_path / "bank.duckdb.tmp").as_posix()
    assert "temp_directory" not in engine_settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BANK_MEMORY_LIMIT", "plenty"),
        ("BANK_MEMORY_LIMIT", "0GB"),
        ("BANK_MEMORY_LIMIT", "25%"),
        ("BANK_THREADS", "0"),
        ("BANK_THREADS", "two"),
    ],
)
def test_invalid_setting_is_refused_by_name(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=name):
        engine_settings()


def test_dbt_names_the_invalid_setting(tmp_path: Path) -> None:
    result = run_dbt(tmp_path, "seed", BANK_MEMORY_LIMIT="plenty")
    assert result.returncode != 0
    assert "BANK_MEMORY_LIMIT: 'plenty' is not an amount of memory" in result.stdout
    assert "Traceback" not in result.stdout


def test_warehouse_and_history_are_in_the_named_project(tmp_path: Path) -> None:
    project, elsewhere = bare_project(tmp_path / "a project"), tmp_path / "elsewhere"
    ran = run_elsewhere(project, elsewhere, "show", "--inline", "select 1 as one")
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert list(elsewhere.iterdir()) == []
    made = {path.name for path in (project / "warehouse").iterdir()}
    assert {"bank.duckdb", "bank_history_sample.duckdb"} <= made
