"""Run dbt on the project in the test's process, with all of dbt's output in a separate folder.

Starting dbt and parsing the project takes half as long as a build of the sample. So each process
imports dbt only once, and the project is parsed only after its files have changed. The parsed
manifests are kept in a folder that all processes of a test run share.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bank_warehouse.publish.records import SEMANTIC_MANIFEST
from python_checks.testing.paths import PROJECT
from python_checks.testing.shared import locked

Completed = subprocess.CompletedProcess[str]

PROJECT_PARTS = ("analyses", "macros", "models", "seeds", "tests")
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")
KEPT = "DBT_KEPT_MANIFESTS"
"""The environment variable that names the folder of the parsed manifests."""
METRICS_SUFFIX = ".metrics.json"


def run_dbt(
    folder: Path, *arguments: str, project: Path = PROJECT, **environment: str
) -> Completed:
    """Run dbt with all of its output in `folder`, so that the project does not change.

    dbt runs in this process, and reuses an existing manifest if possible. A command with `--target`
    runs in its own process, in which Spark starts and ends.

    Args:
        folder: dbt writes `bank.duckdb`, `bank_history.duckdb`, `target/` and `logs/` to it.
        arguments: the dbt command with its options.
        project: folder of the dbt project. dbt always parses a copy of this project, but only its
            changed files if `folder` has an earlier parse.
        environment: variables that differ from those of this process. BANK_RAW_DIR is unset unless
            it is given here.

    Returns:
        The command with its exit code (2 if dbt could not run at all) and its output as text.
    """
    variables = {
        "BANK_WAREHOUSE": str(folder / "bank.duckdb"),
        "DBT_PROJECT_DIR": str(project),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROFILES_DIR": str(project),
        "DBT_USE_COLORS": "false",
    } | environment
    if "--target" in arguments:
        return subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments],
            cwd=project,
            env=_without_raw_dir(os.environ) | variables,
            capture_output=True,
            text=True,
            check=False,
        )
    from dbt.contracts.graph.manifest import Manifest

    with _environment(variables), contextlib.chdir(project):
        manifest = None
        if project == PROJECT and "parse" not in arguments:
            # The file is read for each command, because dbt changes a manifest when it compiles.
            kept = _parsed(is_drop=bool(environment.get("BANK_RAW_DIR")))
            manifest = Manifest.from_msgpack(kept.read_bytes())
            # dbt writes this file only when it parses, but the build record needs it.
            target = Path(variables["DBT_TARGET_PATH"])
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept.with_suffix(METRICS_SUFFIX), target / SEMANTIC_MANIFEST)
        return _invoke(manifest, *arguments)


def parsed_project(*, is_drop: bool = False) -> dict[str, Any]:
    """Return the manifest of the project as `dbt parse` writes it.

    Args:
        is_drop: whether to parse the project for a drop, whose tables are sources, instead of for
            the shipped seeds.
    """
    text = _kept(is_drop=is_drop).with_suffix(".json").read_text(encoding="utf-8")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def parse_log() -> str:
    """Return dbt's log of parsing the project with the shipped seeds."""
    return _kept(is_drop=False).with_suffix(".log").read_text(encoding="utf-8")


def _kept(*, is_drop: bool) -> Path:
    variables = {"DBT_PROJECT_DIR": str(PROJECT), "DBT_PROFILES_DIR": str(PROJECT)}
    with _environment(variables), contextlib.chdir(PROJECT):
        return _parsed(is_drop=is_drop)


def _invoke(manifest: Any, *arguments: str) -> Completed:
    """Run one dbt command and release its resources."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    from bank_warehouse import macro_calls
    from bank_warehouse.private import no_longer_private

    printed, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        try:
            ran = dbtRunner(manifest=manifest).invoke(list(arguments))
        finally:
            # A dbt process keeps its files private until it ends; this process continues.
            no_longer_private()
            reset_adapters()  # type: ignore[no-untyped-call]
            environment = DuckDBConnectionManager._ENV
            if environment is not None:
                environment.close()
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
            DuckDBConnectionManager._LOGGED_MESSAGES.clear()
            macro_calls._last_plans.clear()
    if isinstance(ran.exception, KeyboardInterrupt):
        raise ran.exception
    if ran.exception is not None and not printed.getvalue():
        print(ran.exception, file=complained)
    code = 0 if ran.success else 2 if ran.exception is not None else 1
    return Completed(arguments, code, printed.getvalue(), complained.getvalue())


def _without_raw_dir(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in variables.items() if name != "BANK_RAW_DIR"}


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.pop("BANK_RAW_DIR", None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _parsed(*, is_drop: bool) -> Path:
    """Return the file of the parsed manifest, with its JSON and the parse log beside it."""
    file = _kept_file(is_drop=is_drop)
    if not file.exists():
        with locked(file):
            if not file.exists():
                _parse(file, is_drop=is_drop)
    return file


def _parse(file: Path, *, is_drop: bool) -> None:
    """Parse the project and write the manifest to a file.

    Vars are left out, because they do not affect the parse, as a test proves. The target folder and
    the paths in the environment are always the same, so dbt parses only what has changed since its
    last parse.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    folder = file.with_name("parse_drop" if is_drop else "parse_seeds")
    paths = {"DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder)}
    paths["BANK_WAREHOUSE"] = "bank.duckdb"
    with locked(folder):
        (folder / "dbt.log").unlink(missing_ok=True)
        with (
            _environment(paths | ({"BANK_RAW_DIR": "drop"} if is_drop else {})),
            contextlib.redirect_stdout(io.StringIO()) as printed,
        ):
            ran = dbtRunner().invoke(["parse"])
        if not isinstance(ran.result, Manifest):
            message = f"dbt parse failed:\n{printed.getvalue()}{ran.exception or ''}"
            raise RuntimeError(message)
        shutil.copy2(folder / "dbt.log", file.with_suffix(".log"))
        shutil.copy2(folder / "manifest.json", file.with_suffix(".json"))
        shutil.copy2(folder / SEMANTIC_MANIFEST, file.with_suffix(METRICS_SUFFIX))
        made = folder / "parsed.msgpack"
        made.write_bytes(ran.result.to_msgpack())
        made.replace(file)


def _kept_file(*, is_drop: bool) -> Path:
    name = hashlib.sha256(f"{_state_of_project()} {is_drop}".encode()).hexdigest()[:20]
    return _folder_of_kept() / f"{name}.msgpack"


@cache
def _folder_of_kept() -> Path:
    folder = Path(os.environ.get(KEPT) or tempfile.mkdtemp(prefix="dbt_manifests_"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _state_of_project() -> str:
    """Return a hash of what a parse depends on: the project's files, dbt and Python."""
    from dbt.version import installed

    found = hashlib.sha256(f"{PROJECT} {installed} {sys.version} {METRICS_SUFFIX}".encode())
    files = [PROJECT / name for name in PROJECT_FILES]
    for part in PROJECT_PARTS:
        files += sorted(path for path in (PROJECT / part).rglob("*") if path.is_file())
    for path in files:
        found.update(str(path.relative_to(PROJECT)).encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
