"""The gate: only tables that passed the last build and the last checks are published."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.publish import contracts, fingerprints, records
from bank_warehouse.publish.contracts import Contract
from bank_warehouse.publish.errors import GateError
from bank_warehouse.publish.fingerprints import Fingerprint

MOVED = "If the file was renamed or copied, rename or copy its records with it. Otherwise: "
BUILD = "Run `bank build`, then `bank check`, then `bank publish`."
CHECK = "Run `bank check`, then `bank publish`."
SHOWN = 6


@dataclass(frozen=True)
class Passed:
    """A warehouse that may be published, and its records.

    Attributes:
        build: The record of the build.
        checks: The record of the checks.
        contracts: The contracts of all marts, by schema and name.
        fingerprints: The fingerprints of the marts, equal to those that were checked.
    """

    build: dict[str, Any]
    checks: dict[str, Any]
    contracts: tuple[Contract, ...]
    fingerprints: dict[str, Fingerprint]


def require_checked(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> Passed:
    """Check the records of a warehouse and its marts.

    Args:
        connection: The open warehouse, to which nobody else can write.
        warehouse: Its file.

    Raises:
        GateError: There is no record of a complete build and of complete checks that passed, the
            version of DuckDB has changed since then, or a mart is missing, has changed, has no
            grain or differs from its contract.
    """
    build = _require_build(warehouse)
    checks = _require_checks(warehouse)
    built = fingerprints.from_json(build["fingerprints"])
    checked = fingerprints.from_json(checks["fingerprints"])
    declared = tuple(contracts.from_json(contract) for contract in build["contracts"])
    there = set(fingerprints.mart_relations(connection))
    gone = sorted(set(built) - there)
    if gone:
        raise GateError(f"Marts that are no longer in {warehouse}: {_listed(gone)}.", BUILD)
    found = fingerprints.fingerprints(connection, there & set(built))
    for relation, seen in built.items():
        if found[relation] != seen:
            raise GateError(
                f"{relation} in {warehouse} differs from what the last build made: "
                f"{_difference(seen, found[relation])}.",
                BUILD,
            )
    for relation, seen in built.items():
        if checked.get(relation) != seen:
            raise GateError(
                f"The expectations did not check the current {relation} in {warehouse}: they ran "
                f"at {checks['checked_at']}, but the last build ended at {build['built_at']}.",
                CHECK,
            )
    _require_described(declared, found)
    return Passed(build, checks, declared, found)


def _require_build(warehouse: Path) -> dict[str, Any]:
    path = records.build_record_path(warehouse)
    build = records.read_record(path)
    if build is None:
        raise GateError(
            f"There is no record of a build of {warehouse}: {path} is missing or from another "
            "version of the project.",
            MOVED + BUILD,
        )
    if not build["is_ended"]:
        raise GateError(
            f"The `dbt {build['command']}` of {warehouse} that started at {build['built_at']} "
            "was interrupted or is still running: the tables may come from two builds.",
            BUILD,
        )
    if build["failed"]:
        raise GateError(
            f"The last `dbt {build['command']}` of {warehouse} did not pass: "
            f"{_listed(build['failed'])}.",
            f"Fix the first error that it printed. {BUILD}",
        )
    if build["is_empty"]:
        raise GateError(
            f"The last build of {warehouse} ran with --empty, so its tables have no rows.", BUILD
        )
    if build["not_run"]:
        raise GateError(
            f"The last dbt command on {warehouse}, `dbt {build['command']}`, was not a complete "
            f"build: it left out {_listed(build['not_run'])}.",
            BUILD,
        )
    if build["duckdb_version"] != duckdb.__version__:
        raise GateError(
            f"{warehouse} was built with DuckDB {build['duckdb_version']}, but this is "
            f"{duckdb.__version__}: fingerprints from different versions cannot be compared.",
            BUILD,
        )
    return build


def _require_checks(warehouse: Path) -> dict[str, Any]:
    path = records.checks_record_path(warehouse)
    checks = records.read_record(path)
    if checks is None:
        raise GateError(
            f"The expectations have not been run on {warehouse}: {path} is missing or from "
            "another version of the project.",
            MOVED + CHECK,
        )
    left_out = [suite for suite in records.ALL_SUITES if suite not in checks["suites"]]
    if left_out:
        raise GateError(
            f"The last run of the expectations on {warehouse} left out the suites "
            f"{_listed(left_out)}.",
            CHECK,
        )
    if not checks["passed"]:
        failing = [name for name, counts in checks["tables"].items() if counts["failed"]]
        raise GateError(
            f"Expectations failed in {warehouse}: {_listed(failing)}.",
            f"Run `bank check` to see the rows, and fix the data or the models. {BUILD}",
        )
    if checks["duckdb_version"] != duckdb.__version__:
        raise GateError(
            f"{warehouse} was checked with DuckDB {checks['duckdb_version']}, but this is "
            f"{duckdb.__version__}: fingerprints from different versions cannot be compared.",
            CHECK,
        )
    return checks


def _require_described(declared: Iterable[Contract], found: dict[str, Fingerprint]) -> None:
    """Stop if the columns of a mart differ from its contract, or if it has no grain."""
    for contract in declared:
        columns = ", ".join(f"{column.name} {column.type}" for column in contract.columns)
        if found[contract.relation].columns != columns:
            raise GateError(
                f"{contract.relation} has the columns {found[contract.relation].columns}; its "
                f"contract has {columns}.",
                f"Make the model match the contract. {BUILD}",
            )
        if not contract.grain:
            raise GateError(
                f"{contract.relation} has no test of its grain, so nothing defines what a row is.",
                f"Give it the test unique_combination_of_columns. {BUILD}",
            )


def _difference(before: Fingerprint, after: Fingerprint) -> str:
    if before.columns != after.columns:
        return "its columns are different"
    if before.rows != after.rows:
        return f"its number of rows was {before.rows:,} and is now {after.rows:,}"
    return f"the values in its {after.rows:,} rows have changed"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
