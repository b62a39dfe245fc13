"""Macros, seeds and models are described, and the descriptions match what dbt builds."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse.raw_drop.schema import TABLES
from python_checks.testing.paths import PROJECT


@pytest.fixture
def manifest(built_manifest: dict[str, Any]) -> dict[str, Any]:
    return built_manifest


def own(resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in resources.values() if each["package_name"] == "bank_warehouse"]


def test_every_macro_and_each_of_its_arguments_is_described(manifest: dict[str, Any]) -> None:
    macros = [each for each in own(manifest["macros"]) if not each["name"].startswith("test_")]
    assert len(macros) > 30
    for macro in macros:
        assert macro["description"], macro["name"]
        if macro["name"].startswith("materialization_"):  # takes no arguments
            continue
        without_strings = re.sub(r"'[^']*'", "", macro["macro_sql"])
        signature = re.search(r"macro \w+\(([^)]*)\)", without_strings)
        assert signature is not None, macro["name"]
        names = [each.split("=")[0].strip() for each in signature[1].split(",") if each.strip()]
        assert [each["name"] for each in macro["arguments"]] == names, macro["name"]
        assert all(each["description"] and each["type"] for each in macro["arguments"])


def test_every_seed_column_is_described_and_typed(manifest: dict[str, Any]) -> None:
    seeds = [each for each in own(manifest["nodes"]) if each["resource_type"] == "seed"]
    assert len(seeds) > 15
    for seed in seeds:
        with (PROJECT / seed["original_file_path"]).open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert seed["description"], seed["name"]
        assert list(seed["columns"]) == header, seed["name"]
        assert all(each["description"] for each in seed["columns"].values()), seed["name"]
        assert set(seed["config"]["column_types"]) == set(header), seed["name"]


def test_raw_seeds_are_text(manifest: dict[str, Any]) -> None:
    seeds = [
        each
        for each in own(manifest["nodes"])
        if each["resource_type"] == "seed" and each["schema"] == "raw"
    ]
    assert {each["name"] for each in seeds} == {f"raw_{table}" for table in TABLES}
    for seed in seeds:
        assert set(seed["config"]["column_types"].values()) == {"varchar"}


def test_described_columns_are_the_columns_of_the_built_relation(
    manifest: dict[str, Any], built_warehouse: Path
) -> None:
    models = [each for each in own(manifest["nodes"]) if each["resource_type"] == "model"]
    assert len(models) > 35
    history = built_warehouse.with_name("bank_history_sample.duckdb")
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        connection.execute(f"attach '{history}' as history (read_only)")
        for model in models:
            built = connection.execute(
                "select column_name from information_schema.columns"
                " where table_catalog = ? and table_schema = ? and table_name = ?",
                [model["database"], model["schema"], model["name"]],
            ).fetchall()
            assert {name for (name,) in built} == set(model["columns"]), model["name"]


def test_docs_cover_every_relation(manifest: dict[str, Any], built_target: Path) -> None:
    catalog = json.loads((built_target / "catalog.json").read_text("utf-8"))
    relations = {
        each["unique_id"]
        for each in own(manifest["nodes"])
        if each["resource_type"] in {"model", "seed"}
    }
    assert set(catalog["nodes"]) == relations


def test_schemas_are_exactly_the_expected_ones(manifest: dict[str, Any]) -> None:
    built = {
        each["schema"]
        for each in own(manifest["nodes"])
        if each["resource_type"] in {"model", "seed"}
    }
    expected = {"raw", "reference", "staging", "intermediate", "marts", "restricted", "quality"}
    assert built == expected


def test_macro_and_reader_have_the_same_raw_columns() -> None:
    text = (PROJECT / "macros" / "staging" / "columns.sql").read_text("utf-8")
    body = text[text.index("return({") : text.index("}[table])")]
    for table, described in TABLES.items():
        block = re.search(rf"'{table}': \{{(.*?)\}}", body, flags=re.DOTALL)
        assert block is not None, table
        assert re.findall(r"'(\w+)':", block[1]) == [each.name for each in described.columns]
