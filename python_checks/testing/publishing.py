"""Shared code of the publishing tests: warehouses, with records that they passed all checks."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.publish import fingerprints, records
from bank_warehouse.publish.fingerprints import source_of

Edit = Callable[[dict[str, dict[str, Any]]], None]


def marts_to_publish(target: Path, *, with_restricted: bool) -> list[str]:
    """Return the sorted `schema.name` of all tables in a release, from dbt's manifest."""
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    marts = [
        (node["schema"], node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["access"] == "public"
        and node["config"]["meta"].get("is_published", True)
        and (with_restricted or node["schema"] != "restricted")
    ]
    return sorted(f"{schema}.{name}" for schema, name in [*marts, ("marts", "release")])


def copy_checked(built: Path, folder: Path) -> Path:
    """Copy a built warehouse and its build record, and record that its expectations passed."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / built.name
    shutil.copyfile(built, copy)
    record_as_passed(copy, built)
    return copy


def change_checked(
    warehouse: Path, *statements: str, edit: Edit | None = None, version: int | None = None
) -> None:
    """Change a warehouse as another build would, and record that everything passed.

    Args:
        warehouse: A copy from :func:`copy_checked`.
        statements: SQL to run in it.
        edit: A function that changes the contracts. Its argument is a dictionary of the contracts
            by name.
        version: The schema version to record; None keeps the recorded one.
    """
    change(warehouse, *statements)
    path = records.build_record_path(warehouse)
    record = json.loads(path.read_text("utf-8"))
    contracts = {contract["name"]: contract for contract in record["contracts"]}
    if edit:
        edit(contracts)
    record["contracts"] = list(contracts.values())
    if version is not None:
        record["schema_version"] = version
    records.write_json(path, record)
    record_as_passed(warehouse, warehouse)


def change(warehouse: Path, *statements: str) -> None:
    """Run SQL in a warehouse without dbt."""
    with duckdb.connect(str(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def edit_record(path: Path, **values: object) -> None:
    """Set values in the record at `path`."""
    records.write_json(path, json.loads(path.read_text("utf-8")) | values)


@contextmanager
def running_holder(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in another process that opens `path` and keeps it open.

    Args:
        code: opens the path, which is in `sys.argv[1]`, and then calls `wait()`.
        path: the file or folder to open.

    Yields:
        The process, which ends when its input is closed.
    """
    wait = "import sys\ndef wait():\n    print('held', flush=True)\n    sys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", wait + code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.communicate("")


def record_as_passed(warehouse: Path, template: Path) -> None:
    """Write the build record and the checks record of a warehouse as if it had passed all checks.

    Args:
        warehouse: The warehouse, which may have been changed since it was built.
        template: A warehouse whose build record supplies everything except the fingerprints.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = fingerprints.fingerprints(connection, fingerprints.mart_relations(connection))
    record = json.loads(records.build_record_path(template).read_text("utf-8"))
    record["fingerprints"] = fingerprints.to_json(found)
    records.write_json(records.build_record_path(warehouse), record)
    records.write_checks_record(warehouse, records.ALL_SUITES, {"marts.all": (1, 0)}, found)


def second_warehouse(built: Path, folder: Path) -> Path:
    """Copy a warehouse, delete some rows, record that the copy passed, and return the copy."""
    copy = folder / built.name
    shutil.copyfile(built, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "delete from intermediate.int_customers_segmented where customer_key % 10 = 0"
        )
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' and table_schema in ('marts', 'quality')"
        ).fetchall()
        for (name,) in tables:
            if name != "quality.fct_quarantined_clients":
                connection.execute(
                    f"delete from {source_of(name)} "
                    f"where rowid = (select max(rowid) from {source_of(name)})"
                )
    record_as_passed(copy, built)
    return copy
