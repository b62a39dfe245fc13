"""The functions that macros call, tested with arguments as macros pass them."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse import macro_calls
from bank_warehouse.accept import accepted_profile_path
from bank_warehouse.failures import failed_test_message
from bank_warehouse.publish import records
from python_checks.testing import oddities


def called(function: str, *arguments: Any) -> dict[str, Any]:
    """Return the answer that the macro `call_package` gets."""
    answer = macro_calls.answer(macro_calls.ON_DUCKDB, function, json.dumps(arguments))
    return dict(json.loads(answer))


def node(name: str, kind: str = "model", **others: Any) -> dict[str, Any]:
    return {
        "unique_id": f"{kind}.{name}",
        "resource_type": kind,
        "name": name,
        "schema": "marts",
        "database": "bank",
        "relation_name": f"marts.{name}",
        "config": {"materialized": "table", "meta": {}},
        "access": "protected",
        "description": "",
        "columns": {},
        "test_metadata": None,
        "attached_node": None,
        "column_name": None,
    } | others


NODES = [
    node(
        "dim_ages",
        access="public",
        description="One row per age.",
        columns={
            "age": {
                "name": "age",
                "description": "Age.",
                "data_type": "integer",
                "constraints": [],
            }
        },
    ),
    node(
        "dim_kept", access="public", config={"materialized": "table", "meta": {"is_published": 0}}
    ),
    node("base_bank__client_duplicates"),
    node("base_bank__client_files"),
    node(
        "unique_age",
        "test",
        test_metadata={"name": "unique", "kwargs": {"column_name": "age"}},
        attached_node="model.dim_ages",
        column_name="age",
    ),
]
BUILD = {
    "invocation_id": "1",
    "target_path": "target",
    "database": "bank",
    "command": "build",
    "is_empty": False,
    "raw_dir": "",
    "settings": {},
    "as_of_date": "2021-12-31",
    "schema_version": 1,
}


def described(folder: Path, status: str = "success", **build: Any) -> Any:
    ended = [[each["unique_id"], each["name"], status] for each in NODES]
    return called("describe_build", BUILD | {"project_dir": str(folder)} | build, ended, NODES)[
        "value"
    ]


def test_complete_build_is_recorded_with_fingerprints_files_and_contracts(tmp_path: Path) -> None:
    found = described(tmp_path)
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_ages as select 7 as age union all select 8")
        connection.execute("create table marts.dim_kept as select 1 as one")
        connection.execute(
            "create table marts.base_bank__client_duplicates as select * from "
            "(values (3, 'a'), (2, 'b'), (5, null)) as keys (rows_of_key, person_key)"
        )
        connection.execute(
            "create table marts.base_bank__client_files as select 'b.csv' as source_file, 2 as "
            "row_count, '%d' as date_formats, 'proved' as date_basis, 0 as dates_undecided, 0 as "
            "amounts_undecided, '' as decimal_comma_columns, null as currency "
            "union all by name select 'a.csv' as source_file, 1 as row_count"
        )
        facts = connection.execute(found["query"]).fetchone()
    assert facts is not None
    path = tmp_path / "bank.duckdb"
    answer = called("record_build", str(path), found["build"], facts[0])
    assert answer == {"value": None, "error": None}
    record = records.read_record(records.build_record_path(path))
    assert record is not None
    ages = record["fingerprints"]["marts.dim_ages"]
    assert (ages["rows"], ages["columns"]) == (2, "age INTEGER")
    assert record["near_duplicates"] == 5
    assert [(file["file"], file["rows"]) for file in record["reading"]] == [
        ("a.csv", 1),
        ("b.csv", 2),
    ]
    assert (record["source"], record["files"], record["nodes"]) == ("sample", [], 5)
    contracts = {contract["name"]: contract for contract in record["contracts"]}
    assert contracts["dim_ages"]["grain"] == ["age"]
    assert (contracts["dim_ages"]["is_published"], contracts["dim_kept"]["is_published"]) == (
        True,
        False,
    )


def test_failed_build_is_recorded_without_a_query(tmp_path: Path) -> None:
    found = described(tmp_path, "error", raw_dir="drop")
    assert found["query"] == ""
    assert found["build"]["failed"] == [each["name"] for each in NODES]
    assert found["build"]["source"] == "drop"
    assert described(tmp_path, "skipped")["build"]["not_run"] == [each["name"] for each in NODES]


def test_dbt_test_is_recorded_only_if_it_fails_and_dbt_compile_never(tmp_path: Path) -> None:
    assert described(tmp_path, "pass", command="test") is None
    assert described(tmp_path, "fail", command="compile") is None
    assert described(tmp_path, "fail", command="test")["build"]["failed"]


@pytest.mark.parametrize(("command", "is_recorded"), [("run", True), ("test", False)])
def test_start_of_a_build_is_recorded(command: str, is_recorded: bool, tmp_path: Path) -> None:
    path = tmp_path / "bank.duckdb"
    assert called("start_build", str(path), command, "", "{}")["error"] is None
    record = records.read_record(records.build_record_path(path))
    assert (record is not None) == is_recorded
    assert record is None or (record["source"], record["is_ended"]) == ("sample", False)


def test_unreadable_drop_is_refused_before_a_record_is_written(tmp_path: Path) -> None:
    settings = json.dumps({"raw_date_format": "auto"})
    answer = called(
        "start_build", str(tmp_path / "bank.duckdb"), "build", str(tmp_path / "no"), settings
    )
    assert str(tmp_path / "no") in answer["error"]
    assert list(tmp_path.iterdir()) == []


def test_changed_file_ends_the_build(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    settings = json.dumps({"raw_date_format": "auto"})
    assert called("raw_plan", "clients", str(tmp_path), settings)["error"] is None
    assert called("refuse_changes", str(tmp_path)) == {"value": None, "error": None}
    (clients,) = tmp_path.glob("*clients*")
    clients.write_bytes(clients.read_bytes() + b"\n")
    message = called("refuse_changes", str(tmp_path))["error"]
    assert message.startswith(f"{clients.name}: changed while being read.")
    failed = [["bank", "staging", "base_bank__clients", "rows are missing"]]
    assert called("explain_failure", failed, "bank.duckdb", "bank", str(tmp_path)) == {
        "error": message
    }
    assert called("explain_failure", [], "bank.duckdb", "bank", str(tmp_path))["error"] is None


def test_accepted_profile_is_a_literal_without_wildcards(tmp_path: Path) -> None:
    warehouse = tmp_path / "bank's [1].duckdb"
    assert called("accepted_profile", str(warehouse))["value"] == ""
    assert called("accepted_profile", "")["value"] == ""
    duckdb.sql("select 7 as rows").write_parquet(str(accepted_profile_path(warehouse)))
    literal = called("accepted_profile", str(warehouse))["value"]
    assert duckdb.sql(f"from read_parquet({literal})").fetchall() == [(7,)]


@pytest.mark.parametrize(
    ("sql", "databases", "command"),
    [
        ("select 1", ("bank.duckdb", "h.duckdb"), 'duckdb -readonly "bank.duckdb" -f "test.sql"'),
        (
            'from "history".marts.fct_customer_history',
            ("bank.duckdb", "bank's.duckdb"),
            "duckdb -readonly \"bank.duckdb\" -cmd \"attach 'bank''s.duckdb' as history "
            '(read_only)" -f "test.sql"',
        ),
        ("select 1", (":memory:", None), ""),
        ("select 1", None, ""),
    ],
)
def test_failed_test_shows_the_command_for_all_rows(
    sql: str, databases: tuple[str, str | None] | None, command: str
) -> None:
    test = dict.fromkeys(("name", "path", "column_name", "description", "remedy"), "")
    message = failed_test_message(
        test | {"sql": sql, "compiled_path": "test.sql"}, [], [], ".", databases
    )
    assert message.partition("All rows: ")[2] == command
