"""How the code behaves on Windows, simulated on any system: messages, backslashes, open files."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path, PureWindowsPath

import duckdb
import pytest

from bank_warehouse.engine import holder_of, is_held
from bank_warehouse.publish.releases import number_draft
from bank_warehouse.raw_drop import plan, temp_files
from python_checks.testing.publishing import running_holder

ON_LINUX = (
    'IO Error: Could not set lock on file "/data/bank.duckdb": Conflicting lock is held in '
    "/usr/bin/python3.11 (PID 4711) by user root. See also https://duckdb.org/docs"
)
ON_WINDOWS = (
    'IO Error: Cannot open file "c:\\data\\bank.duckdb": Der Prozess kann nicht zugreifen.\n\n'
    "File is already open in \nC:\\Program Files\\Python311\\python.exe (PID 4711)"
)


@pytest.mark.parametrize(
    ("message", "program"), [(ON_LINUX, "python3.11"), (ON_WINDOWS, "python.exe")]
)
def test_holder_of_an_open_file_is_recognised(message: str, program: str) -> None:
    problem = duckdb.IOException(message)
    assert is_held(problem)
    assert holder_of(problem) == f" ({program}, process 4711)"


def test_a_damaged_file_in_a_folder_called_lock_is_not_reported_as_open(tmp_path: Path) -> None:
    damaged = tmp_path / "lock" / "bank.duckdb"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no database" * 1000)
    with pytest.raises(duckdb.Error) as refused:
        duckdb.connect(str(damaged), read_only=True)
    assert "lock" in str(refused.value)
    assert not is_held(refused.value)


def test_a_raw_file_is_named_with_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sep", "\\")
    # DuckDB on Windows lists files with backslashes.
    name = plan._name_below(PureWindowsPath("C:\\drops\\may"))  # type: ignore[arg-type]
    query = f"select {name} from (select 'C:\\drops\\may\\clients\\part-1.csv' as filename)"
    assert duckdb.sql(query).fetchall() == [("clients/part-1.csv",)]


def test_backslash_in_a_name_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sep", "/")
    query = (
        f"select {plan._name_below(Path('/drops/may'))} "
        "from (select '/drops/may/a\\b.csv' as filename)"
    )
    assert duckdb.sql(query).fetchall() == [("a\\b.csv",)]


def test_briefly_held_draft_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".draft-1").mkdir()
    rename, tries = Path.rename, []

    def refuse_twice(self: Path, target: Path) -> Path:
        tries.append(self)
        if len(tries) < 3:
            raise PermissionError(13, "a scanner reads the files")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_twice)
    assert number_draft(tmp_path / ".draft-1", tmp_path, 7, for_all=True).is_dir()
    assert len(tries) == 3


HOLD = "from bank_warehouse.raw_drop import temp_files\ntemp_files.new_path('.csv')\nwait()\n"


def test_temporary_folder_is_kept_while_its_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(temp_files, "_SETTLE_SECONDS", -1)
    with running_holder(HOLD, tmp_path) as holder:
        (folder,) = tmp_path.iterdir()
        temp_files._remove_left_behind()
        assert folder.is_dir()
        holder.kill()
        holder.wait()
        assert folder.is_dir()
        temp_files._remove_left_behind()
        assert not folder.exists()


def test_a_process_that_ends_removes_its_temporary_folder(tmp_path: Path) -> None:
    program = (
        "from bank_warehouse.raw_drop import temp_files; temp_files.new_path('.csv').write_text('')"
    )
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path))
    subprocess.run([sys.executable, "-c", program], env=os.environ | places, check=True)
    assert list(tmp_path.iterdir()) == []


def test_name_outside_the_code_page_is_escaped(tmp_path: Path) -> None:
    drop = tmp_path / "za\u017c\u00f3\u0142\u0107"
    drop.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "bank_warehouse", "generate", "--customers", "10", "--out", drop],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert b"za\\u017c\xf3\\u0142\\u0107" in run.stdout
