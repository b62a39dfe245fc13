"""The models that a pull request changes are listed, and their unit tests run."""

import shutil
from pathlib import Path

from python_checks.project.changes import compare, extract
from python_checks.testing.paths import PROJECT


def test_changed_model_is_listed_and_its_unit_tests_run(tmp_path: Path) -> None:
    extract("HEAD", PROJECT, tmp_path / "base")
    shutil.copytree(tmp_path / "base", tmp_path / "changed")
    model = tmp_path / "changed" / "models" / "marts" / "risk" / "fct_risk_drivers.sql"
    text = model.read_text("utf-8")
    assert "'no clear direction'" in text
    model.write_text(text.replace("'no clear direction'", "'none'"), "utf-8")
    changes = compare(tmp_path / "base", tmp_path / "changed", tmp_path)
    assert changes.modified == ["fct_risk_drivers"]
    assert changes.downstream == []
    assert changes.unit_tests
    assert all(name.startswith("fct_risk_drivers.") for name in changes.unit_tests)
    assert "fail" in changes.unit_tests.values()
    assert "actual differs from expected" in changes.failure


def test_unchanged_project_has_no_changes(tmp_path: Path) -> None:
    extract("HEAD", PROJECT, tmp_path / "base")
    changes = compare(tmp_path / "base", tmp_path / "base", tmp_path)
    assert (changes.modified, changes.downstream, changes.failure) == ([], [], "")
