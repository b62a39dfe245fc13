"""The quick check covers the changed files and everything that they affect."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from python_checks import quick
from python_checks.testing.dbt import parsed_project


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_changed_files_include_edited_staged_and_new_ones(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    for name in ("edited.sql", "staged.py", "gone.py", "same.py", ".gitignore"):
        (tmp_path / name).write_text("*.log\n", encoding="utf-8")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    (tmp_path / "edited.sql").write_text("select 1\n", encoding="utf-8")
    (tmp_path / "staged.py").write_text("a = 1\n", encoding="utf-8")
    git(tmp_path, "add", "staged.py")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new.yml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "ignored.log").write_text("x", encoding="utf-8")
    assert quick.changed_files(tmp_path) == ["edited.sql", "new.yml", "staged.py"]


def test_missing_git_is_reported_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Run this in a git checkout"):
        quick.changed_files(tmp_path)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ([], set()),
        (["README.md", "seeds/reference/income_bands.csv"], set()),
        (["bank_warehouse/sql.py"], {"ruff", "ruff format", "mypy"}),
        (["models/a.sql", "models/_models.yml"], {"sqlfluff", "yamllint"}),
        (["macros/staging/dates.sql", "tests/generic/rows_are_sound.sql"], set()),
    ],
)
def test_only_linters_of_changed_files_run(changed: list[str], names: set[str]) -> None:
    found = quick.commands(changed)
    assert set(found) == names | {"tests without a warehouse"}
    for name in names - {"mypy"}:
        assert [file for file in changed if file in found[name]]


def test_affected_tests_are_run() -> None:
    reader = f"{quick.UNIT_TESTS}/test_raw_drop.py"
    shape = f"{quick.UNIT_TESTS}/test_project_shape.py"
    assert {reader, shape} <= set(quick.unit_tests(["bank_warehouse/raw_drop/encoding.py"]))
    for elsewhere in ("models/marts/core/dim_dates.sql", "bank_warehouse/dashboard/drawings.py"):
        found = quick.unit_tests([elsewhere])
        assert shape in found
        assert reader not in found


def test_indirect_imports_are_followed() -> None:
    found = quick.imports("python_checks/tests/unit/test_raw_drop.py")
    assert {"bank_warehouse/raw_drop/schema.py", "python_checks/testing/oddities.py"} <= found
    assert "bank_warehouse/dashboard/server.py" not in found


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return parsed_project()


@pytest.mark.parametrize(
    ("changed", "some"),
    [
        ("models/marts/risk/fct_stress_results.sql", {"fct_stress_results"}),
        ("seeds/reference/income_bands.csv", {"int_customers_classified"}),
        # The models do not call this macro directly, but through another macro.
        ("macros/staging/texts.sql", {"base_bank__clients", "stg_bank__genders"}),
        ("models/staging/bank/_bank__unit_tests.yml", {"base_bank__clients"}),
    ],
)
def test_a_change_reaches_the_models_that_use_it(
    changed: str, some: set[str], manifest: dict[str, Any]
) -> None:
    found = quick.changed_models([changed], manifest)
    assert some <= set(found)
    assert len(found) < sum(one["resource_type"] == "model" for one in manifest["nodes"].values())


def test_only_affected_models_are_listed(manifest: dict[str, Any]) -> None:
    assert quick.changed_models(["README.md", "conftest.py"], manifest) == []
    assert quick.changed_models(["models/marts/risk/fct_stress_results.sql"], manifest) == [
        "fct_stress_results"
    ]


def test_a_failed_check_fails_the_run_and_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    bad = quick.run("bad", [sys.executable, "-c", "print('why'); raise SystemExit(3)"])
    good = quick.run("good", [sys.executable, "-c", "print('fine')"])
    assert (bad.is_good, good.is_good) == (False, True)
    assert quick.report([good, bad]) == 1
    printed = capsys.readouterr().out
    assert "why" in printed
    assert "fine" not in printed
    assert quick.report([good]) == 0
