"""The two records beside a warehouse: one of the last build, one of the last checks.

For `bank.duckdb`, they are `bank.build_record.json` and `bank.checks_record.json`. The macros
`start_build` and `record_build` write the first when a dbt command that changes tables starts, and
again when it ends. A `dbt test` in which a test fails is recorded too. `bank check` writes the
second. The publisher compares both records with each other and with the tables.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.publish import contracts
from bank_warehouse.publish.fingerprints import Fingerprint, to_json
from bank_warehouse.whole_files import written_whole

FORMAT = 3
"""Format of the records, increased when it changes. Records of another format are ignored."""

BUILD_SUFFIX = ".build_record.json"
CHECKS_SUFFIX = ".checks_record.json"
BUILDING = ("build", "run", "seed", "snapshot", "retry", "clone")
"""The dbt commands that change tables."""

ALL_SUITES = ("raw", "staging", "marts", "quality")

SEMANTIC_MANIFEST = "semantic_manifest.json"
"""dbt's file with the metric definitions, in its target folder."""


class RecordError(Exception):
    """The record of a build cannot be written; the message says what to do."""


def source_of(raw_dir: str) -> str:
    """Return what a build reads: `drop`, or `sample` for the shipped seeds of an invented bank."""
    return "drop" if raw_dir.strip() else "sample"


def build_record_path(warehouse: Path) -> Path:
    """Return the path of the record of a warehouse's last build."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + BUILD_SUFFIX)


def checks_record_path(warehouse: Path) -> Path:
    """Return the path of the record of a warehouse's last checks."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + CHECKS_SUFFIX)


def now() -> str:
    """Return the current time in UTC, such as `2026-01-31T17:05:00Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_json(path: Path, content: Mapping[str, Any], *, is_private: bool = False) -> None:
    """Write a JSON file. On an error the old file is unchanged.

    Args:
        path: The file.
        content: The content.
        is_private: Whether only this user may read it.

    Raises:
        NotWrittenError: It cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with written_whole(path, is_private=is_private) as draft:
        draft.write_text(text, "utf-8", newline="\n")


def write_build_start(warehouse: Path, build: Mapping[str, Any]) -> None:
    """Record that a build has started. Until it ends, the warehouse may mix tables of two builds.

    Args:
        warehouse: The DuckDB file.
        build: `command` and `source`.

    Raises:
        RecordError: The file cannot be written.
    """
    content = {"format": FORMAT, "built_at": now(), "is_ended": False, "is_empty": False}
    _write_build(warehouse, content | {"failed": [], "not_run": []} | dict(build))


def describe_build(build: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parts of a build record that do not need the tables.

    Args:
        build: The data from the macro `record_build`, with `done` (ids of the nodes that ran),
            `failed` (names of the nodes that failed) and `database` (of the warehouse). Other keys
            are kept.
        nodes: The nodes of dbt's graph.

    Returns:
        `build` with these keys added: `not_run` (names of the nodes that did not run), `models`
        (columns, description and generic tests of each mart), `relations` (by model name), and
        empty `fingerprints`, `reading` and `near_duplicates`.
    """
    done = set(build["done"])
    tests: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        test = node["test_metadata"]
        if test:
            tests.setdefault(node["attached_node"], []).append(
                {"name": test["name"], "column": node["column_name"], "arguments": test["kwargs"]}
            )
    models = [node for node in nodes if node["resource_type"] == "model"]
    return {
        **build,
        "not_run": [
            node["name"]
            for node in nodes
            if node["resource_type"] in ("model", "seed", "test", "snapshot")
            and node["config"]["materialized"] != "ephemeral"
            and node["unique_id"] not in done
        ],
        # Models in another database, such as the history, are not published.
        "models": [
            {key: node[key] for key in ("schema", "name", "description")}
            | {
                "is_published": node["config"]["meta"].get("is_published", True),
                "columns": list(node["columns"].values()),
                "tests": tests.get(node["unique_id"], []),
            }
            for node in models
            if node["access"] == "public" and node["database"] == build["database"]
        ],
        "relations": {node["name"]: node["relation_name"] for node in models},
        "fingerprints": [],
        "reading": [],
        "near_duplicates": None,
    }


def write_build_record(warehouse: Path, build: Mapping[str, Any]) -> None:
    """Write the record of a build.

    Args:
        warehouse: The DuckDB file.
        build: The result of :func:`describe_build` with `files`. A complete build also has
            `fingerprints` (rows of their query), `reading` and `near_duplicates`.

    Raises:
        RecordError: The file cannot be written.
    """
    commit, is_dirty = git_state(Path(build["project_dir"]))
    kept = (
        *("command", "failed", "not_run", "is_empty", "source", "reading", "near_duplicates"),
        *("settings", "files", "as_of_date", "schema_version"),
    )
    fingerprints = {row[0]: Fingerprint(*row[1:]) for row in build["fingerprints"]}
    _write_build(
        warehouse,
        {
            "format": FORMAT,
            "built_at": now(),
            "dbt_invocation_id": build["invocation_id"],
            "is_ended": True,
            "nodes": len(build["done"]),
            **{key: build[key] for key in kept},
            "git_commit": commit,
            "git_is_dirty": is_dirty,
            "duckdb_version": duckdb.__version__,
            "contracts": [
                contracts.to_json(contract) for contract in contracts.from_dbt(build["models"])
            ],
            "fingerprints": to_json(fingerprints),
            "metrics": _metrics(Path(build["project_dir"]) / build["target_path"]),
        },
    )


def _write_build(warehouse: Path, content: Mapping[str, Any]) -> None:
    path = build_record_path(warehouse)
    try:
        write_json(path, content, is_private=True)
    except OSError as problem:
        message = (
            f"{path}: the record of this build cannot be written: {problem.strerror or problem}. "
            "Make room there, or give this user the right to write, and build again. Nothing can "
            "be published without it."
        )
        raise RecordError(message) from problem


def _metrics(target: Path) -> dict[str, Any]:
    """Return the metric definitions, which dbt writes before it builds; empty if missing."""
    try:
        content = json.loads((target / SEMANTIC_MANIFEST).read_text("utf-8"))
        return {key: content[key] for key in ("semantic_models", "metrics")}
    except (FileNotFoundError, ValueError, KeyError):
        return {}


def write_checks_record(
    warehouse: Path,
    suites: Iterable[str],
    checked: Mapping[str, tuple[int, int]],
    fingerprints: Mapping[str, Fingerprint],
) -> None:
    """Write the record of a run of the expectations. It contains names and counts, but no rows.

    Args:
        warehouse: The DuckDB file.
        suites: The suites that were run.
        checked: Number of checked and number of failed expectations, by table.
        fingerprints: Fingerprints of the marts, taken while nobody could write to the file.

    Raises:
        OSError: The file cannot be written.
    """
    write_json(
        checks_record_path(warehouse),
        {
            "format": FORMAT,
            "checked_at": now(),
            "suites": list(suites),
            "passed": not any(failed for _, failed in checked.values()),
            "expectations": sum(number for number, _ in checked.values()),
            "tables": {
                table: {"checked": number, "failed": failed}
                for table, (number, failed) in checked.items()
            },
            "duckdb_version": duckdb.__version__,
            "fingerprints": to_json(fingerprints),
        },
        is_private=True,
    )


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a record, or None if it is missing, unreadable or of another format."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    return content


def is_built_empty(warehouse: Path) -> bool:
    """Return whether the last build of a warehouse ran with --empty."""
    build = read_record(build_record_path(warehouse))
    return build is not None and bool(build["is_empty"])


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in `folder`, and whether files differ from it.

    Both are None if the folder is not a git checkout, or if git cannot be run.
    """
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=20,
    )
    return ended.stdout.strip()
