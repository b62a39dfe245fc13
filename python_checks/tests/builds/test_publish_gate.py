"""Publishing needs a complete build and passed checks, both of the marts as they are now."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bank_warehouse.publish import fingerprints, records
from bank_warehouse.publish.errors import GateError
from bank_warehouse.publish.flow import publish
from bank_warehouse.summary import open_warehouse
from python_checks.testing.command import bank
from python_checks.testing.dbt import Completed, run_dbt
from python_checks.testing.publishing import (
    change,
    copy_checked,
    edit_record,
    marts_to_publish,
)


def refused(warehouse: Path, publish_dir: Path) -> str:
    """Return why publishing is refused, and check that no folder is created."""
    with pytest.raises(GateError) as error:
        publish(warehouse, publish_dir, None)
    assert not publish_dir.exists()
    return str(error.value)


CHANGES = {
    "a value changed": (
        "update marts.dim_products set product_order = product_order + 1 where product_order = 7",
        "marts.dim_products",
        "the values in its 7 rows have changed",
    ),
    "values of two rows swapped": (
        "update quality.fct_control_totals set delivered = "
        "(select sum(delivered) from quality.fct_control_totals where rowid < 2) - delivered "
        "where rowid < 2",
        "quality.fct_control_totals",
        "the values in its 10 rows have changed",
    ),
    "a row deleted": (
        "delete from marts.dim_investment_advisors where rowid = 0",
        "marts.dim_investment_advisors",
        "its number of rows was 22 and is now 21",
    ),
    "a row repeated": (
        "insert into quality.fct_control_totals from quality.fct_control_totals limit 1",
        "quality.fct_control_totals",
        "its number of rows was 10 and is now 11",
    ),
    "a row deleted from the table behind a view": (
        "delete from intermediate.int_customers_segmented where rowid = 5",
        "marts.dim_customers",
        "its number of rows was 3,000 and is now 2,999",
    ),
    "a type changed": (
        "alter table marts.dim_products alter column product_order type bigint",
        "marts.dim_products",
        "its columns are different",
    ),
    "a mart dropped": (
        "drop table marts.fct_product_pairs",
        "marts.fct_product_pairs",
        "no longer in",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_after_the_checks_is_refused(
    name: str, built_warehouse: Path, tmp_path: Path
) -> None:
    statement, mart, reason = CHANGES[name]
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    change(warehouse, statement)
    message = refused(warehouse, tmp_path / "published")
    assert mart in message
    assert reason in message
    assert "bank publish" in message


def without(path_of: Callable[[Path], Path]) -> Callable[[Path], None]:
    return lambda warehouse: path_of(warehouse).unlink()


def with_build(**values: object) -> Callable[[Path], None]:
    return lambda warehouse: edit_record(records.build_record_path(warehouse), **values)


def with_checks(**values: object) -> Callable[[Path], None]:
    return lambda warehouse: edit_record(records.checks_record_path(warehouse), **values)


def checked_before_the_build(warehouse: Path) -> None:
    path = records.checks_record_path(warehouse)
    record = records.read_record(path)
    assert record is not None
    record["fingerprints"]["marts.dim_dates"]["hash"] = "1"
    records.write_json(path, record)


RECORDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "never built": (without(records.build_record_path), "no record of a build"),
    "record in another format": (with_build(format=0), "no record of a build"),
    "interrupted": (with_build(is_ended=False), "interrupted or is still running"),
    "failed": (with_build(failed=["unique_dim_dates"]), "did not pass: unique_dim_dates"),
    "partial": (with_build(not_run=["dim_dates", "x"]), "left out dim_dates, x"),
    "empty": (with_build(is_empty=True), "--empty"),
    "built by another DuckDB": (with_build(duckdb_version="1.4.0"), "built with DuckDB 1.4.0"),
    "never checked": (without(records.checks_record_path), "expectations have not been run"),
    "a suite left out": (with_checks(suites=["raw", "staging"]), "left out the suites marts"),
    "an expectation failed": (
        with_checks(passed=False, tables={"marts.x": {"checked": 3, "failed": 1}}),
        "Expectations failed in",
    ),
    "checked by another DuckDB": (with_checks(duckdb_version="1.4.0"), "checked with DuckDB"),
    "checked before the build": (
        checked_before_the_build,
        "did not check the current marts.dim_dates",
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_missing_or_unsuitable_record_is_refused(
    name: str, built_warehouse: Path, tmp_path: Path
) -> None:
    spoil, reason = RECORDS[name]
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    spoil(warehouse)
    message = refused(warehouse, tmp_path / "published")
    assert reason in message
    assert "bank check" in message


def test_a_mart_without_grain_is_refused(built_warehouse: Path, tmp_path: Path) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    path = records.build_record_path(warehouse)
    record = records.read_record(path)
    assert record is not None
    record["contracts"][0]["grain"] = []
    records.write_json(path, record)
    assert "no test of its grain" in refused(warehouse, tmp_path / "published")


def test_the_build_records_every_mart_with_its_contract(built_warehouse: Path) -> None:
    record = records.read_record(records.build_record_path(built_warehouse))
    assert record is not None
    with open_warehouse(built_warehouse) as connection:
        there = fingerprints.mart_relations(connection)
        found = fingerprints.fingerprints(connection, there)
    assert record["fingerprints"] == fingerprints.to_json(found)
    assert sorted(f"{each['schema']}.{each['name']}" for each in record["contracts"]) == there
    assert record["failed"] == []
    assert record["not_run"] == []
    assert record["as_of_date"] == "2021-12-31"
    for contract in record["contracts"]:
        assert contract["grain"]
        assert contract["description"]
        assert all(column["description"] for column in contract["columns"])
    holdings = next(each for each in record["contracts"] if each["name"] == "fct_product_holdings")
    assert holdings["grain"] == ["customer_key", "product"]
    assert ["product", "dim_products"] in holdings["references"]


def test_fingerprints_depend_on_values_not_order(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank.duckdb"
    change(
        warehouse,
        "create schema marts",
        "create table marts.here as from (values (1, 'a'), (2, null)) as t (number, letter)",
        "create table marts.turned as from marts.here order by number desc",
        "create table marts.other as from (values (1, null), (2, 'a')) as t (number, letter)",
        "create table marts.double as from marts.here union all from marts.here",
        "create table marts.none as from marts.here where false",
    )
    with open_warehouse(warehouse) as connection:
        found = fingerprints.fingerprints(connection, fingerprints.mart_relations(connection))
    assert found["marts.here"] == found["marts.turned"]
    assert found["marts.here"].columns == "number INTEGER, letter VARCHAR"
    assert len({seen.hash for seen in found.values()}) == 4
    assert (found["marts.double"].rows, found["marts.none"].rows) == (4, 0)


def test_partial_and_failed_builds_are_refused(built_warehouse: Path, tmp_path: Path) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    change(warehouse, "delete from marts.dim_products where product_order = 7")
    # A relationship test of the selected mart also reads dim_products, which is not selected.
    tested = run_dbt(
        tmp_path, "test", "--select", "fct_product_gaps", "--indirect-selection", "eager"
    )
    assert tested.returncode == 1, tested.stdout[-3000:]
    assert "The last `dbt test`" in refused(warehouse, tmp_path / "published")
    run = run_dbt(tmp_path, "run", "--select", "dim_products")
    assert run.returncode == 0, run.stdout[-3000:]
    message = refused(warehouse, tmp_path / "published")
    assert "`dbt run`, was not a complete build" in message
    assert "and " in message


def test_commands_check_publish_and_roll_back(
    built_warehouse: Path, built_target: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    records.checks_record_path(warehouse).unlink()

    environment = {
        "BANK_WAREHOUSE": str(warehouse),
        "BANK_PUBLISH_DIR": str(tmp_path / "published"),
        "BANK_POSTGRES_DSN": "",
    }

    def command(*arguments: str) -> Completed:
        return bank(*arguments, **environment)

    early = command("publish")
    assert early.returncode == 1
    assert "expectations have not been run" in early.stderr
    assert "Traceback" not in early.stderr
    # Great Expectations keeps the file open until its process ends, so it runs in a new process.
    checked = subprocess.run(
        [sys.executable, "-m", "bank_warehouse", "check", "--no-docs"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    record = records.read_record(records.checks_record_path(warehouse))
    assert record is not None
    assert record["suites"] == list(records.ALL_SUITES)
    assert record["expectations"] > 300
    published = command("publish")
    assert published.returncode == 0, published.stdout + published.stderr
    held = len(marts_to_publish(built_target, with_restricted=False))
    assert f"Release 1, as of 2021-12-31: {held} tables" in published.stdout
    listed = command("releases")
    assert listed.stdout.splitlines()[1].split()[0] == "1"
    assert listed.stdout.splitlines()[1].endswith("files")
    absent = command("rollback", "4")
    assert absent.returncode == 2
    assert "no release 4" in absent.stderr
    again = command("rollback", "1")
    assert "Readers have release 1" in again.stdout
