"""The two records beside a warehouse: what the last build made, and what the last checks passed.

`bank.build_record.json` is written when a dbt command that builds something starts, as a build that
has not ended, and again at its end (the macros `record_start` and `record_build`);
`bank.checks_record.json` by `bank check`. The publisher compares both with each other and with the
tables.
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
"""Raised when a record changes its shape; a record of another format proves nothing."""

BUILD_SUFFIX = ".build_record.json"
CHECKS_SUFFIX = ".checks_record.json"
BUILDING = ("build", "run", "seed", "snapshot", "retry", "clone")
"""The dbt commands that change tables, as the macro `is_building` has them."""

ALL_SUITES = ("raw", "staging", "marts", "quality")

SEMANTIC_MANIFEST = "semantic_manifest.json"
"""What dbt calls the definitions of the metrics in its target folder."""


class RecordError(Exception):
    """The record of a build cannot be written; the message says what to do."""


def build_record_path(warehouse: Path) -> Path:
    """Return where the record of the last build of a warehouse lies."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + BUILD_SUFFIX)


def checks_record_path(warehouse: Path) -> Path:
    """Return where the record of the last checks of a warehouse lies."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + CHECKS_SUFFIX)


def now() -> str:
    """Return this moment, in UTC, to the second: `2026-01-31T17:05:00Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_json(path: Path, content: Mapping[str, Any], *, is_private: bool = False) -> None:
    """Write a JSON file, there whole or as it was.

    Args:
        path: The file.
        content: What it holds.
        is_private: Whether only this user may read it.

    Raises:
        NotWrittenError: It cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with written_whole(path, is_private=is_private) as draft:
        draft.write_text(text, "utf-8", newline="\n")


def write_build_start(warehouse: Path, build: Mapping[str, Any]) -> None:
    """Record that a build has started: until its end is recorded, the warehouse may hold a mixture.

    Args:
        warehouse: The DuckDB file.
        build: What the macro `record_start` says: `command` and `source`.

    Raises:
        RecordError: The file cannot be written.
    """
    content = {"format": FORMAT, "built_at": now(), "is_ended": False, "is_empty": False}
    _write_build(warehouse, content | {"failed": [], "not_run": []} | dict(build))


def describe_build(build: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is known of a build before its tables are looked at.

    Args:
        build: What the macro `record_build` says of it: `done`, the ids of the nodes that it made,
            `failed`, the names of those that failed, `database`, the warehouse's, and more, which
            is kept as it is.
        nodes: The nodes of dbt's graph, as that macro describes them.

    Returns:
        `build`, and `not_run`, the names of the nodes that it did not make; `models`, the contract,
        description and generic tests of each mart; `relations` by the name of their model; and
        `fingerprints`, `reading` and `near_duplicates`, with nothing in them.
    """
    done = set(build["done"])
    tests: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        if node["test"]:
            tests.setdefault(node["tested"], []).append(
                {"name": node["test"], "column": node["column"], "arguments": node["arguments"]}
            )
    models = [node for node in nodes if node["resource_type"] == "model"]
    return {
        **build,
        "not_run": [
            node["name"]
            for node in nodes
            if node["resource_type"] in ("model", "seed", "test", "snapshot")
            and node["materialized"] != "ephemeral"
            and node["unique_id"] not in done
        ],
        # Models in another database, such as the history, are not published.
        "models": [
            {key: node[key] for key in ("schema", "name", "description", "is_published", "columns")}
            | {"tests": tests.get(node["unique_id"], [])}
            for node in models
            if node["access"] == "public" and node["database"] == build["database"]
        ],
        "relations": {node["name"]: node["relation"] for node in models},
        "fingerprints": [],
        "reading": [],
        "near_duplicates": None,
    }


def write_build_record(warehouse: Path, build: Mapping[str, Any]) -> None:
    """Write the record of a build.

    Args:
        warehouse: The DuckDB file.
        build: What :func:`describe_build` returned, with `files`; of a whole build also
            `fingerprints`, the rows of their query, `reading` and `near_duplicates`.

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
    """Return the definitions of the metrics, which dbt has written before it built."""
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
    """Write the record of a run of the expectations. It holds counts and names, no row.

    Args:
        warehouse: The DuckDB file.
        suites: The suites that were run.
        checked: Number of expectations checked and of those that failed, by table.
        fingerprints: The marts, looked at while nobody could write to the file.

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
    """Return a record, or None where there is none of this format that can be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    return content


def is_built_empty(warehouse: Path) -> bool:
    """Return whether the last dbt command that built something in a warehouse had --empty."""
    build = read_record(build_record_path(warehouse))
    return build is not None and bool(build["is_empty"])


def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit that is checked out in `folder`, and whether files differ from it.

    Both None where the folder is no git checkout or there is no git.
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
