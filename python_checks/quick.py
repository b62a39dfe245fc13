"""Check what has changed since the last commit, in about a minute: `make quick`.

It lints the changed files: Python with ruff, YAML with yamllint, and models, analyses and singular
tests with sqlfluff. If a Python file has changed, mypy runs as in `make lint`. The dbt unit tests
of a model run if the model, a macro or seed that it uses, or the YAML file of these tests has
changed. Of the pytest tests that need no warehouse, only those run that import a changed module or
read the project's files; the tests that try damaged drops never run. `make test` runs all linters,
and all tests except the nightly ones.
"""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from python_checks.testing.dbt import KEPT, parsed_project, run_dbt
from python_checks.testing.paths import PROJECT

CACHE = PROJECT / ".pytest_cache" / "d"
UNIT_TESTS = "python_checks/tests/unit"
UNIT_OPTIONS = ("--numprocesses", "2", "--dist", "worksteal", "-m", "unit and not examples")
READ_THE_PROJECT = (
    "python_checks/project/",
    "python_checks/testing/dbt.py",
    "python_checks/testing/pages.py",
    "bank_warehouse/powerbi/",
)
"""Modules that read the project's own files. Unit tests that import one of them always run."""

PACKAGES = ("bank_warehouse", "python_checks", "benchmarks")
SQL_FOLDERS = ("models/", "analyses/", "tests/singular/")


@dataclass(frozen=True)
class Outcome:
    """The result of one check.

    Attributes:
        name: Name of the check.
        is_good: Whether it passed.
        printed: Its output.
        seconds: Its duration.
    """

    name: str
    is_good: bool
    printed: str
    seconds: float


def changed_files(project: Path) -> list[str]:
    """Return the files changed or added since the last commit, except deleted ones.

    Raises:
        RuntimeError: git fails.
    """
    found: set[str] = set()
    for command in (
        ["git", "diff", "--name-only", "--relative", "HEAD"],
        ["git", "ls-files", "--others", "--exclude-standard"],
    ):
        ran = subprocess.run(  # noqa: S603
            command, cwd=project, capture_output=True, encoding="utf-8", check=False
        )
        if ran.returncode:
            message = f"{' '.join(command)}: {ran.stderr.strip()}. Run this in a git checkout."
            raise RuntimeError(message)
        found.update(ran.stdout.splitlines())
    return sorted(name for name in found if (project / name).is_file())


def commands(changed: Iterable[str]) -> dict[str, list[str]]:
    """Return the commands that check these files, by the name of the check."""
    files = list(changed)
    python = [name for name in files if name.endswith((".py", ".ipynb"))]
    yaml = [name for name in files if name.endswith((".yml", ".yaml"))]
    sql = [name for name in files if name.endswith(".sql") and name.startswith(SQL_FOLDERS)]
    tests = unit_tests(files)
    found = {"tests without a warehouse": [*_tool("pytest"), "-q", *UNIT_OPTIONS, *tests]}
    if python:
        found["ruff"] = [*_tool("ruff"), "check", "--force-exclude", *python]
        found["ruff format"] = [*_tool("ruff"), "format", "--check", "--force-exclude", *python]
        found["mypy"] = _tool("mypy")
    if yaml:
        found["yamllint"] = [*_tool("yamllint"), "--strict", *yaml]
    if sql:
        found["sqlfluff"] = [*_tool("sqlfluff"), "lint", "--disable-progress-bar", *sql]
    return found


def unit_tests(changed: Iterable[str]) -> list[str]:
    """Return the unit test files to run after a change of these files."""
    files = set(changed)
    found = []
    for test in sorted((PROJECT / UNIT_TESTS).glob("test_*.py")):
        name = test.relative_to(PROJECT).as_posix()
        imported = imports(name)
        if imported & files or any(one.startswith(READ_THE_PROJECT) for one in imported):
            found.append(name)
    return found


def imports(name: str) -> set[str]:
    """Return a Python file and all files of the project that it imports, directly or indirectly."""
    found, waiting = {name}, [name]
    while waiting:
        for one in _imported_by(waiting.pop()) - found:
            found.add(one)
            waiting.append(one)
    return found


@cache
def _imported_by(name: str) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse((PROJECT / name).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{each.name}" for each in node.names}
    paths = [each.replace(".", "/") for each in modules if each.split(".")[0] in PACKAGES]
    files = [file for path in paths for file in (f"{path}.py", f"{path}/__init__.py")]
    return {file for file in files if (PROJECT / file).is_file()}


def _tool(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def changed_models(changed: Iterable[str], manifest: Mapping[str, Any]) -> list[str]:
    """Return the models that a change of these files affects.

    A macro affects the models that use it, directly or through other macros. A seed affects the
    models that read it. A YAML file affects the models whose unit tests it contains.
    """
    files = set(changed)
    macros = {name for name, one in manifest["macros"].items() if _is_in(one, files)}
    while True:
        users = {
            name
            for name, one in manifest["macros"].items()
            if name not in macros and macros & set(one["depends_on"]["macros"])
        }
        if not users:
            break
        macros |= users
    seeds = {
        name
        for name, one in manifest["nodes"].items()
        if one["resource_type"] == "seed" and _is_in(one, files)
    }
    described = {one["model"] for one in manifest["unit_tests"].values() if _is_in(one, files)}
    return sorted(
        one["name"]
        for one in manifest["nodes"].values()
        if one["resource_type"] == "model"
        and (
            _is_in(one, files)
            or one["name"] in described
            or macros & set(one["depends_on"]["macros"])
            or seeds & set(one["depends_on"]["nodes"])
        )
    )


def _is_in(resource: Mapping[str, Any], files: set[str]) -> bool:
    return resource["original_file_path"].replace("\\", "/") in files


def check_models(models: list[str], folder: Path) -> Outcome:
    """Build the tables that these models read, then run the models' unit tests.

    The fixtures of unit tests take their types from these tables.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    parts = ("--resource-type", "seed", "--resource-type", "model")
    inputs = ("--select", *(f"+{name}" for name in models))
    ran = run_dbt(folder, "build", *parts, *inputs)
    if ran.returncode == 0:
        ran = run_dbt(folder, "test", "--select", *(f"test_type:unit,{name}" for name in models))
    name = f"dbt unit tests of {', '.join(models)}"
    return Outcome(name, ran.returncode == 0, ran.stdout + ran.stderr, time.monotonic() - started)


def run(name: str, command: list[str]) -> Outcome:
    """Run a command in the project's folder."""
    started = time.monotonic()
    ran = subprocess.run(  # noqa: S603
        command, cwd=PROJECT, capture_output=True, encoding="utf-8", check=False
    )
    return Outcome(name, ran.returncode == 0, ran.stdout + ran.stderr, time.monotonic() - started)


def report(outcomes: list[Outcome]) -> int:
    """Print a line for each check and the output of failed checks; return 1 if any failed."""
    for each in outcomes:
        print(f"{'passed' if each.is_good else 'FAILED'}  {each.seconds:4.0f} s  {each.name}")
        if not each.is_good:
            print(each.printed)
    return int(not all(each.is_good for each in outcomes))


def main() -> int:
    """Check everything that changed; return 0 if all checks pass, else 1."""
    os.environ.setdefault(KEPT, str(CACHE / "dbt_manifests"))
    started = time.monotonic()
    changed = changed_files(PROJECT)
    outcomes = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        running: list[Future[Outcome]] = [
            pool.submit(run, name, command) for name, command in commands(changed).items()
        ]
        try:
            if models := changed_models(changed, parsed_project()):
                outcomes.append(check_models(models, CACHE / "quick"))
        except RuntimeError as problem:  # the project cannot be parsed
            outcomes.append(Outcome("dbt parse", False, f"{problem}\n", 0))
        outcomes += [each.result() for each in running]
    code = report(outcomes)
    plural = "" if len(changed) == 1 else "s"
    print(f"{len(changed)} changed file{plural} in {time.monotonic() - started:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
