"""Breaking changes to a published contract need a new schema version."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bank_warehouse.publish import current_release
from bank_warehouse.publish.contracts import (
    Column,
    Contract,
    breaking_changes,
    canonical_type,
    from_dbt,
    from_json,
    to_json,
)
from bank_warehouse.publish.errors import ContractError
from bank_warehouse.publish.flow import publish
from python_checks.testing.publishing import change_checked, copy_checked

KEY = Column("customer_key", "BIGINT", False, "Key.")
MONEY = Column("balance", "DECIMAL(18,2)", True, "Money.")
MART = Contract("marts", "fct_balances", "One row.", (KEY, MONEY), ("customer_key",), (), True)


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        ([MART], []),
        ([], ["marts.fct_balances was removed"]),
        ([dataclasses.replace(MART, is_published=False)], ["marts.fct_balances was removed"]),
        (
            [dataclasses.replace(MART, schema="quality")],
            ["marts.fct_balances has moved to quality.fct_balances"],
        ),
        (
            [dataclasses.replace(MART, columns=(KEY,))],
            ["marts.fct_balances: column balance was removed"],
        ),
        (
            [dataclasses.replace(MART, columns=(KEY, dataclasses.replace(MONEY, type="DOUBLE")))],
            ["marts.fct_balances: column balance was DECIMAL(18,2), is now DOUBLE"],
        ),
        (
            [dataclasses.replace(MART, grain=("customer_key", "balance"))],
            ["marts.fct_balances: grain was (customer_key), is now (customer_key, balance)"],
        ),
        ([dataclasses.replace(MART, columns=(MONEY, KEY), description="Another.")], []),
        ([MART, dataclasses.replace(MART, name="fct_more")], []),
        ([dataclasses.replace(MART, columns=(KEY, MONEY, Column("more", "DATE", True, "")))], []),
    ],
)
def test_only_breaking_changes_are_reported(after: list[Contract], changes: list[str]) -> None:
    assert breaking_changes([MART], after) == changes


def test_a_table_that_was_never_published_can_be_removed() -> None:
    assert breaking_changes([dataclasses.replace(MART, is_published=False)], []) == []


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("decimal(18, 2)", "DECIMAL(18,2)"),
        ("numeric(5,4)", "DECIMAL(5,4)"),
        ("int", "INTEGER"),
        ("text", "VARCHAR"),
        ("bigint", "BIGINT"),
    ],
)
def test_types_are_compared_as_duckdb_prints_them(written: str, printed: str) -> None:
    assert canonical_type(written) == printed


def test_contracts_come_from_columns_constraints_and_tests() -> None:
    def column(name: str, *constraints: str) -> dict[str, Any]:
        return {
            "name": name,
            "data_type": "varchar",
            "description": f" {name}\n of it ",
            "constraints": [{"type": one} for one in constraints],
        }

    def test(name: str, column: str | None, **arguments: object) -> dict[str, Any]:
        return {"name": name, "column": column, "arguments": arguments}

    model = {
        "schema": "marts",
        "name": "fct_x",
        "description": "One row.",
        "is_published": True,
        "columns": [column("b"), column("a"), column("c", "not_null"), column("d"), column("e")],
        "tests": [
            test("relationships", "d", to="ref('dim_d')", field="d"),
            test("unique", "c"),
            test("unique_combination_of_columns", None, combination_of_columns=["b", "a"]),
            test("rows_are_sound", None, not_null=["d"]),
        ],
    }
    (contract,) = from_dbt([model])
    assert contract.grain == ("b", "a")
    assert contract.references == (("d", "dim_d"),)
    assert [column.is_nullable for column in contract.columns] == [False] * 4 + [True]
    assert contract.columns[0] == Column("b", "VARCHAR", False, "b of it")
    assert from_json(to_json(contract)) == contract
    model["tests"] = [test("unique", "c")]
    assert from_dbt([model])[0].grain == ("c",)


def test_a_breaking_release_is_refused_until_the_version_is_raised(
    built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    published = tmp_path / "published"
    publish(warehouse, published, None)

    def with_breaking_changes(contracts: dict[str, dict[str, Any]]) -> None:
        pairs = contracts["fct_product_pairs"]
        pairs["columns"] = [each for each in pairs["columns"] if each["name"] != "lift"]
        products = contracts["dim_products"]
        for column in products["columns"]:
            if column["name"] == "product_order":
                column["type"] = "BIGINT"
        contracts["fct_product_gaps"]["grain"] = ["customer_key"]

    change_checked(
        warehouse,
        "alter table marts.fct_product_pairs drop column lift",
        "alter table marts.dim_products alter column product_order type bigint",
        edit=with_breaking_changes,
    )
    with pytest.raises(ContractError) as refused:
        publish(warehouse, published, None)
    message = str(refused.value)
    assert "marts.fct_product_pairs: column lift was removed" in message
    assert "marts.dim_products: column product_order was INTEGER, is now BIGINT" in message
    assert "grain was (customer_key, product), is now (customer_key)" in message
    assert "set published_schema_version to 2" in message
    assert current_release(published).number == 1
    change_checked(warehouse, version=2)
    assert publish(warehouse, published, None).manifest["schema_version"] == 2
    change_checked(warehouse, version=1)
    with pytest.raises(ContractError, match="already has 2"):
        publish(warehouse, published, None)
    change_checked(warehouse, edit=lambda _: None, version=0)
    with pytest.raises(ContractError, match="published_schema_version is 0"):
        publish(warehouse, published, None)


def test_a_release_without_personal_data_may_follow_one_with_it(
    built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    publish(warehouse, tmp_path / "published", None, with_restricted=True)
    release = publish(warehouse, tmp_path / "published", None)
    assert release.number == 2
    assert not release.manifest["includes_restricted"]
