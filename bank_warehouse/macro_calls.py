"""The functions that the project's macros call, through `call_package`.

Arguments and results are JSON. Errors become messages, because an exception inside a DuckDB
function would reach the user as a traceback.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bank_warehouse import drop_verdict, failures
from bank_warehouse.publish import records
from bank_warehouse.publish.fingerprints import fingerprints_query
from bank_warehouse.sql import no_wildcards, quote_literal

if TYPE_CHECKING:
    from bank_warehouse.raw_drop import TablePlan

Functions = Mapping[str, Callable[..., Any]]


class RefusedError(Exception):
    """The command is refused; the message says why and what to do."""


# The plan with which this process last read each table. `plan_table` only caches the plan of the
# current files, so this dictionary is needed to see whether a file has changed since it was read.
_last_plans: "dict[tuple[str, str], TablePlan]" = {}

# The statuses of dbt nodes that have not failed.
_NOT_FAILED = frozenset({"success", "pass", "no-op", "skipped"})


def answer(functions: Functions, name: str, arguments: str) -> str:
    """Call a function and return its result as JSON.

    Args:
        functions: the functions by name.
        name: name of the function.
        arguments: JSON list of its arguments.

    Returns:
        `{"value": ..., "error": null}`, or `{"error": message}`.
    """
    try:
        return json.dumps({"value": functions[name](*json.loads(arguments)), "error": None})
    except (RefusedError, records.RecordError) as refused:
        return json.dumps({"error": str(refused)})
    except Exception as problem:
        # Imported late: the reader is slow to import, and a build of the sample does not need it.
        from bank_warehouse.raw_drop import DropError

        if isinstance(problem, DropError):
            return json.dumps({"error": str(problem)})
        return json.dumps({"error": f"{name} failed: {type(problem).__name__}: {problem}"})


def planned(table: str, raw_dir: str, settings: str) -> "TablePlan":
    """Plan the read of a raw table, and remember the plan.

    Args:
        table: `clients`, `banking_relationships`, `genders` or `investment_advisors`.
        raw_dir: the folder or file of the drop.
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
        raw_dir: the folder or file of the drop.
        settings: JSON of the dbt variables.

    Returns:
        The `reading` of the last plan that this process made for the clients, or of a new plan.

    Raises:
        DropError: the drop cannot be read.
    """
    plan = _last_plans.get((raw_dir, "clients")) or planned("clients", raw_dir, settings)
    return plan.reading


def judge_drop(
    raw_dir: str, settings: str, near_duplicates: str, facts: drop_verdict.Facts
) -> list[str]:
    """Return the warnings about a drop whose rows have been validated.

    If a cell contradicts what the first rows of its file prove, all rows of the file are examined.

    Args:
        raw_dir: the folder or file of the drop; empty for the shipped sample.
        settings: JSON of the dbt variables.
        near_duplicates: the dbt variable.
        facts: what the macro facts_of_drop returns.

    Raises:
        DropError: the drop is refused; the message lists all reasons.
    """
    found: list[str] = []
    plan = _last_plans.get((raw_dir, "clients"))
    files = drop_verdict.contradicting_files(facts)
    if plan is not None and files:
        from bank_warehouse.raw_drop import Settings
        from bank_warehouse.raw_drop.plan import contradictions_of

        found.extend(contradictions_of(plan, Settings.from_json(settings), files))
    for refusal in drop_verdict.refusals(facts, float(json.loads(settings)["max_quarantine_rate"])):
        found.extend(refusal.split("\n"))
    if facts["reasons"]:
        found.append(
            "The rows are in quality.fct_quarantined_clients. On DuckDB, `bank quarantine --out "
            "FILE` writes them to a CSV file."
        )
    if found:
        from bank_warehouse.raw_drop import DropError

        raise DropError(*found)
    return list(drop_verdict.warnings(facts, near_duplicates))


def require_disk(path: str, rows: int, with_tests: bool) -> str:
    """Return a sentence about the disk space that a build needs.

    The sentence is empty if little space is needed, or if the warehouse is in memory.

    Args:
        path: the DuckDB file.
        rows: number of client rows in the drop.
        with_tests: whether the tests run too.

    Raises:
        DropError: a disk has too little space.
        SettingError: BANK_MEMORY_LIMIT is not an amount of memory.
        OSError: the free space of the disk cannot be read.
    """
    from bank_warehouse.raw_drop.disk_space import need_of, require_disk_space

    if not path or path == ":memory:":
        return ""
    return require_disk_space(need_of(rows, Path(path), with_tests=with_tests))


def refuse_changes(raw_dir: str) -> None:
    """Refuse a drop if one of its files has changed since the read was planned.

    Call this after all tables are read: a file that changed in between may have been read only in
    part.

    Raises:
        RefusedError: files have changed.
    """
    message = _changes(raw_dir)
    if message:
        raise RefusedError(message)


def _changes(raw_dir: str) -> str:
    if not raw_dir:  # the shipped sample, whose build does not need the slow import
        return ""
    from bank_warehouse.raw_drop.plan import changed_files, changed_message

    changed = (
        file
        for (folder, _), plan in _last_plans.items()
        if folder == raw_dir
        for file in changed_files(plan)
    )
    return changed_message(changed, raw_dir)


def explain_failure(
    failed: list[tuple[str, str, str, str]], warehouse: str, database: str, raw_dir: str
) -> None:
    """End a failed command with the message of :func:`failures.explain_failure`, if there is one.

    Args:
        failed: database, schema, name and message of each node that failed.
        warehouse: the warehouse file, or the name of the target.
        database: the database of the warehouse.
        raw_dir: the folder or file of the drop; empty for the shipped sample.

    Raises:
        RefusedError: with that message.
    """
    if not failed:
        return
    message = failures.explain_failure(failed, warehouse, database, _changes(raw_dir))
    if message:
        raise RefusedError(message)


def accepted_profile(warehouse: str) -> str:
    """Return the file of the accepted profile as a SQL literal; empty if there is none.

    Args:
        warehouse: the DuckDB file.
    """
    from bank_warehouse.accept import accepted_profile_path

    path = accepted_profile_path(Path(warehouse)) if warehouse else Path()
    return quote_literal(no_wildcards(path)) if path.is_file() else ""


def start_build(path: str, command: str, raw_dir: str, settings: str) -> None:
    """Examine the drop, then record that a build has started, so that an interrupt is noticed.

    A drop that cannot be read changes nothing, not even the record.

    Args:
        path: the DuckDB file; a database in memory has no record.
        command: the dbt command; if it changes no tables, it is not recorded.
        raw_dir: the folder or file of the drop; empty for the shipped sample.
        settings: JSON of the dbt variables.

    Raises:
        DropError: the drop cannot be read; the message lists all problems.
        RecordError: the record cannot be written.
    """
    if raw_dir and command in ("run", "build", "seed"):
        planned("clients", raw_dir, settings)
    if path and path != ":memory:" and command in records.BUILDING:
        build = {"command": command, "source": records.source_of(raw_dir)}
        records.write_build_start(Path(path), build)


def describe_build(
    build: dict[str, Any], ended: list[tuple[str, str, str]], nodes: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Call :func:`records.describe_build`, and add the query for the facts of a complete build.

    Args:
        build: the data that the macro `record_build` collects.
        ended: id, name and status of each node in the command's results, including skipped ones.
        nodes: the nodes of dbt's graph.

    Returns:
        `build` and `query`; :func:`record_build` takes the build and the result of the query. The
        query is empty if the build is not complete. None if the command is not recorded, because it
        neither changes tables nor is a `dbt test` that failed.
    """
    failed = [name for _, name, status in ended if status not in _NOT_FAILED]
    if build["command"] not in records.BUILDING and not (build["command"] == "test" and failed):
        return None
    done = [unique_id for unique_id, _, status in ended if status != "skipped"]
    source = records.source_of(build["raw_dir"])
    described = records.describe_build(
        build | {"source": source, "done": done, "failed": failed}, nodes
    )
    is_whole = not described["failed"] and not described["not_run"]
    return {"build": described, "query": _facts_query(described) if is_whole else ""}


def _facts_query(build: dict[str, Any]) -> str:
    """Return SQL for `fingerprints`, `near_duplicates` and `reading` in one JSON string."""
    marts = [f"{model['schema']}.{model['name']}" for model in build["models"]]
    relations = build["relations"]
    return f"""
        select cast(json_object(
            'fingerprints', (
                select list(json_array(relation, row_count, row_hash, columns))
                from ({fingerprints_query(marts)})
            ),
            'near_duplicates', (
                select coalesce(sum(rows_of_key), 0)
                from {relations["base_bank__client_duplicates"]} where person_key is not null
            ),
            'reading', (
                select coalesce(list(files order by file), []) from (
                    select source_file as file, row_count as rows, date_formats, date_basis,
                        dates_undecided, amounts_undecided, decimal_comma_columns, currency
                    from {relations["base_bank__client_files"]}
                ) as files
            )
        ) as varchar)
    """


def record_build(path: str, build: dict[str, Any], facts: str) -> None:
    """Record the result of a build beside the warehouse.

    Args:
        path: the DuckDB file; a database in memory has no record.
        build: the `build` that :func:`describe_build` returned.
        facts: the JSON that its `query` returned; empty if there is no query.

    Raises:
        RecordError: the record cannot be written.
    """
    if path and path != ":memory:":
        build = build | (json.loads(facts) if facts else {})
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
    "explain_failure": explain_failure,
    "failed_test_message": failures.failed_test_message,
    "raw_reading": raw_reading,
    "judge_drop": judge_drop,
}
"""Functions that macros can call on both engines."""

ON_DUCKDB: Functions = {
    **SHARED,
    "raw_plan": raw_plan,
    "require_disk": require_disk,
    "refuse_changes": refuse_changes,
    "accepted_profile": accepted_profile,
    "start_build": start_build,
    "describe_build": describe_build,
    "record_build": record_build,
}
"""Functions that macros can call on DuckDB."""
