"""The functions that the project's macros call, through `call_package`.

Arguments and results are JSON. Errors become messages, because an exception inside a DuckDB
function would reach the user as a traceback.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bank_warehouse import failures
from bank_warehouse.publish import records
from bank_warehouse.publish.fingerprints import fingerprints_query

if TYPE_CHECKING:
    from bank_warehouse.raw_drop import TablePlan

Functions = Mapping[str, Callable[..., Any]]

# The plan that each table was last read with in this process. `plan_table` caches the plan of the
# current files, so only this dictionary shows whether a file has changed since it was read.
_last_plans: "dict[tuple[str, str], TablePlan]" = {}


def answer(functions: Functions, name: str, arguments: str) -> str:
    """Call a function and return its result as JSON.

    Args:
        functions: the functions by name.
        name: name of the function.
        arguments: JSON list of its arguments.

    Returns:
        `{"value": ..., "error": null}`, or `{"error": message}` with what to do.
    """
    try:
        return json.dumps({"value": functions[name](*json.loads(arguments)), "error": None})
    except records.RecordError as refused:
        return json.dumps({"error": str(refused)})
    except Exception as problem:
        # The reader is slow to import, and a build of the sample does not need it.
        from bank_warehouse.raw_drop import DropError

        if isinstance(problem, DropError):
            return json.dumps({"error": str(problem)})
        return json.dumps({"error": f"{name} failed: {type(problem).__name__}: {problem}"})


def planned(table: str, raw_dir: str, settings: str) -> "TablePlan":
    """Plan the read of a raw table, and remember the plan.

    Args:
        table: `clients`, `banking_relationships`, `genders` or `investment_advisors`.
        raw_dir: the folder of the drop.
        settings: JSON of the dbt variables, see :class:`.raw_drop.Settings`.

    Raises:
        DropError: the drop cannot be read.
    """
    from bank_warehouse.raw_drop import Settings, plan_table

    plan = plan_table(Path(raw_dir), table, Settings.from_json(settings))
    _last_plans[raw_dir, table] = plan
    return plan


def raw_plan(table: str, raw_dir: str, settings: str) -> dict[str, Any]:
    """Return `sql`, `files`, `warnings` and `rows` of a raw table; see :func:`planned`."""
    from bank_warehouse.raw_drop.plan import describe

    plan = planned(table, raw_dir, settings)
    return {
        "sql": plan.sql,
        "files": describe(plan),
        "warnings": list(plan.warnings),
        "rows": plan.rows,
    }


def raw_reading(raw_dir: str, settings: str) -> Mapping[str, Any] | None:
    """Return how the dates and amounts of a drop are read.

    Args:
        raw_dir: the folder of the drop.
        settings: JSON of the dbt variables.

    Returns:
        It comes from this process's last plan for the clients, or from a new plan.

    Raises:
        DropError: the drop cannot be read.
    """
    plan = _last_plans.get((raw_dir, "clients")) or planned("clients", raw_dir, settings)
    return plan.reading


def raw_contradictions(raw_dir: str, settings: str, files: list[str]) -> None:
    """Examine whole client files that have a cell which contradicts their first rows.

    Args:
        raw_dir: the folder of the drop.
        settings: JSON of the dbt variables.
        files: their names.

    Raises:
        DropError: the drop is refused, with one line per reason.
    """
    from bank_warehouse.raw_drop import DropError, Settings
    from bank_warehouse.raw_drop.plan import contradictions_of

    plan = _last_plans.get((raw_dir, "clients"))
    if plan is not None:
        found = contradictions_of(plan, Settings.from_json(settings), files)
        if found:
            raise DropError("\n".join(found))


def require_disk(path: str, rows: int, with_tests: bool) -> str:
    """Return the disk space that a build needs, in words; empty for a warehouse in memory.

    Args:
        path: the DuckDB file.
        rows: customers of the drop.
        with_tests: whether the tests run too.

    Raises:
        DropError: a disk has too little space.
        OSError: the free space of the disk cannot be read.
    """
    from bank_warehouse.raw_drop.disk_space import need_of, require_disk_space

    if not path or path == ":memory:":
        return ""
    return require_disk_space(need_of(rows, Path(path), with_tests=with_tests))


def raw_changes(raw_dir: str) -> str:
    """Return a message about files of a drop that changed since their tables were planned.

    Call it after all tables are read: a file that changed in between may have been read only in
    part. Empty if none changed.
    """
    from bank_warehouse.raw_drop.plan import changed_files, changed_message

    changed = (
        file
        for (folder, _), plan in _last_plans.items()
        if folder == raw_dir
        for file in changed_files(plan)
    )
    return changed_message(changed, raw_dir)


def record_start(path: str, build: Mapping[str, Any]) -> None:
    """Record beside the warehouse that a build has started.

    Args:
        path: the DuckDB file; a database in memory has no record.
        build: `command` and `source`.

    Raises:
        RecordError: the record cannot be written.
    """
    if path and path != ":memory:":
        records.write_build_start(Path(path), build)


def describe_build(build: dict[str, Any], nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Call :func:`records.describe_build`, and add the query for fingerprints.

    Args:
        build: the data that the macro `record_build` collects.
        nodes: the nodes of dbt's graph.

    Returns:
        `build`, the argument for :func:`record_build`, and `fingerprints_query`, which is empty if
        the build is not complete.
    """
    described = records.describe_build(build, nodes)
    is_whole = not described["failed"] and not described["not_run"]
    marts = [f"{model['schema']}.{model['name']}" for model in described["models"]]
    return {
        "build": described,
        "fingerprints_query": fingerprints_query(marts) if is_whole else "",
    }


def record_build(path: str, build: dict[str, Any]) -> None:
    """Record the result of a build beside the warehouse.

    Args:
        path: the DuckDB file; a database in memory has no record.
        build: what :func:`describe_build` returned, with `fingerprints` (rows of the query),
            `reading` and `near_duplicates`.

    Raises:
        RecordError: the record cannot be written.
    """
    if path and path != ":memory:":
        records.write_build_record(Path(path), build | {"files": _drop_files(build)})


def _drop_files(build: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files that a complete build has read, each with its table, size and checksum.

    Empty for the shipped sample, or for a build that is not complete.
    """
    if not build["fingerprints"] or build["source"] == "sample":
        return []
    found = {
        (file.path, table): {"file": file.path.name, "table": table, "bytes": file.size}
        for (folder, table), plan in _last_plans.items()
        if folder == build["raw_dir"]
        for file in plan.files
    }
    checksums = {}
    for path, _ in found:
        if path not in checksums:
            with path.open("rb") as file:
                checksums[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return [each | {"sha256": checksums[path]} for (path, _), each in sorted(found.items())]


SHARED: dict[str, Callable[..., Any]] = {
    "explain_failure": failures.explain_failure,
    "failed_test_message": failures.failed_test_message,
    "raw_reading": raw_reading,
    "raw_contradictions": raw_contradictions,
}
"""Functions that macros can call on both engines."""

ON_DUCKDB: Functions = {
    **SHARED,
    "raw_plan": raw_plan,
    "require_disk": require_disk,
    "raw_changes": raw_changes,
    "record_start": record_start,
    "describe_build": describe_build,
    "record_build": record_build,
}
"""Functions that macros can call on DuckDB."""
