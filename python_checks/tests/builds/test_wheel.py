"""`bank` runs from an installed wheel, without a clone of the project."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bank_warehouse.cli import COMMANDS
from python_checks.testing.paths import PROJECT

Bank = Callable[..., subprocess.CompletedProcess[str]]

SOURCES = (
    "LICENSE",
    "README.md",
    "bank_warehouse",
    "dbt_bank_warehouse.py",
    "pyproject.toml",
    "python_checks",
)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Return a function that runs `bank` from the wheel, with the packages of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "data_docs")
            shutil.copytree(PROJECT / name, source / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, source / name)
    offline = ("--no-deps", "--no-index", "--quiet")
    pip("wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("bank_warehouse-*.whl")
    data = {
        path.relative_to(source).as_posix()
        for path in (source / "bank_warehouse").rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(wheel) as packed:
        assert not data - set(packed.namelist())
    environment = folder / "environment"
    venv.create(environment)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    pip("--python", str(scripts / "python"), "install", *offline, str(wheel))
    (installed,) = environment.rglob("bank_warehouse/cli.py")
    # This adds the dependencies. The project comes from the wheel, which is first on the path.
    (installed.parents[1] / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    unset = ("BANK_RAW_DIR", "BANK_WAREHOUSE", "DBT_PROJECT_DIR", "PYTHONPATH")
    variables = {name: text for name, text in os.environ.items() if name not in unset}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(scripts / "bank"), *arguments],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(bank: Bank, name: str) -> None:
    shown = bank(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert f"Usage: bank {name}" in shown.stdout


def test_generator_and_checks_run(bank: Bank, built_warehouse: Path, tmp_path: Path) -> None:
    made = bank("generate", "--customers", "100", "--seed", "1", "--out", str(tmp_path / "drop"))
    assert made.returncode == 0, made.stderr
    assert len(list((tmp_path / "drop").iterdir())) == 4
    warehouse = Path(shutil.copy2(built_warehouse, tmp_path / built_warehouse.name))
    checked = bank("check", "--warehouse", str(warehouse), "--suite", "staging")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (tmp_path / "bank_data_docs" / "index.html").is_file()


def test_build_without_a_clone_is_refused_with_a_remedy(bank: Bank) -> None:
    refused = bank("build")
    assert refused.returncode == 2
    assert "Run the command in a clone, or name the clone with --project-dir." in refused.stderr
