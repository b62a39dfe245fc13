"""Compare the marts that two engines built, row by row.

Rows are matched by the grain that the mart's tests declare. Their values must be equal, with two
exceptions: doubles may differ by a relative `TOLERANCE`, because the engines sum them in different
orders, and each column in `APPROXIMATE` has a tolerance of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.sql import quote_identifier, quote_literal

TOLERANCE = 1e-9
"""Tolerance for doubles, relative to the larger value."""

APPROXIMATE = {("fct_source_profile", "approximate_distinct_values"): 0.45}
"""Relative tolerances for columns that are estimated with sketches, which differ between engines.

DuckDB's HyperLogLog has 64 registers, so its standard error is 1.04 / sqrt(64) = 13% (Flajolet,
Fusy, Gandouet, Meunier (2007), AofA, 137-156). The tolerance is three and a half standard errors,
so that all 25 columns of the raw client file are within it.
"""


@dataclass(frozen=True)
class Mart:
    """A mart as dbt's manifest describes it.

    Attributes:
        relation: The qualified name, as SQL.
        name: The name without the schema.
        columns: Every column with its type in the contract.
        grain: The columns that are unique together.
    """

    relation: str
    name: str
    columns: Mapping[str, str]
    grain: Sequence[str]


@dataclass(frozen=True)
class Comparison:
    """The result of comparing one mart.

    Attributes:
        rows: Number of rows in the first engine.
        other_rows: Number of rows in the second engine.
        unmatched: Number of rows without a match by grain, on either side.
        different: Number of rows that differ, by column; columns without differences are left out.
        example: One row that differs or has no match, as text; empty if there is none.
    """

    rows: int
    other_rows: int
    unmatched: int
    different: Mapping[str, int]
    example: str

    @property
    def is_equal(self) -> bool:
        """Whether both engines hold the same rows, within the tolerances."""
        return self.rows == self.other_rows and not self.unmatched and not self.different


def described_marts(manifest: Mapping[str, Any]) -> list[Mart]:
    """Return the marts in models/marts, sorted by name, with the grain that their tests declare.

    Raises:
        ValueError: No test declares the grain of a mart.
    """
    nodes = manifest["nodes"].values()
    grains: dict[str, list[str]] = {}
    for node in nodes:
        test = node.get("test_metadata") or {}
        if test.get("name") == "unique_combination_of_columns":
            grains[node["attached_node"]] = test["kwargs"]["combination_of_columns"]
        elif test.get("name") == "unique":
            grains.setdefault(node["attached_node"], [node["column_name"]])
    marts = []
    for node in nodes:
        if node["resource_type"] != "model" or node["fqn"][1] != "marts":
            continue
        if node["unique_id"] not in grains:
            raise ValueError(f"{node['name']}: no test declares its grain")
        marts.append(
            Mart(
                relation=node["relation_name"],
                name=node["name"],
                columns={name: one["data_type"] for name, one in node["columns"].items()},
                grain=grains[node["unique_id"]],
            )
        )
    return sorted(marts, key=lambda mart: mart.name)


def compare(connection: duckdb.DuckDBPyConnection, mart: Mart, folder: Path) -> Comparison:
    """Compare a mart of the connected warehouse with the Parquet files of another engine.

    Args:
        connection: A connection to DuckDB's warehouse.
        mart: The mart to compare.
        folder: The folder with the other engine's `*.parquet` files.
    """
    other = f"read_parquet({quote_literal(str(folder / '*.parquet'))})"
    values = [name for name in mart.columns if name not in mart.grain]
    matches = " and ".join(
        f"a.{quote_identifier(g)} is not distinct from b.{quote_identifier(g)}" for g in mart.grain
    )
    counts = ", ".join(
        f"count(*) filter (where there and here and {_differs(mart, name)})" for name in values
    )
    connection.execute(
        f"""
        create or replace temp view compared as
        select a.*, b.*, a.here, b.there
        from (select true as here, {_columns(mart, "a")} from {mart.relation} as a) as a
        full outer join (select true as there, {_columns(mart, "b")} from {other} as b) as b
            on {matches.replace('a."', 'a."a_').replace('b."', 'b."b_')}
        """
    )
    [row] = connection.execute(
        # The rows of each side are counted separately: the join would repeat duplicate rows.
        f"select (select count(*) from {mart.relation}), (select count(*) from {other}),"
        f" count(*) filter (where here is null or there is null)"
        f"{', ' + counts if counts else ''} from compared"
    ).fetchall()
    different = {name: count for name, count in zip(values, row[3:], strict=True) if count}
    wrong = [_differs(mart, name) for name in different]
    condition = " or ".join(["here is null", "there is null", *wrong])
    example = connection.execute(
        f"select compared::varchar from compared where {condition} limit 1"
    ).fetchone()
    return Comparison(row[0], row[1], row[2], different, example[0] if example else "")


def _columns(mart: Mart, side: str) -> str:
    return ", ".join(
        f"{quote_identifier(name)} as {quote_identifier(f'{side}_{name}')}" for name in mart.columns
    )


def _differs(mart: Mart, name: str) -> str:
    one, other = quote_identifier(f"a_{name}"), quote_identifier(f"b_{name}")
    tolerance = APPROXIMATE.get(
        (mart.name, name), TOLERANCE if mart.columns[name] == "double" else 0
    )
    if not tolerance:
        return f"{one} is distinct from {other}"
    return (
        f"(({one} is null) <> ({other} is null) or coalesce("
        f"abs({one} - {other}) > {tolerance} * greatest(abs({one}), abs({other})), false))"
    )


def engine_specific_tests(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the unit tests of models whose SQL differs between engines, as unique ids by name.

    These models call the macro `engine`, directly or through another macro.
    """
    macros = manifest["macros"]
    reaching = {"macro.bank_warehouse.engine"}
    while found := {
        key
        for key, macro in macros.items()
        if key not in reaching and reaching.intersection(macro["depends_on"]["macros"])
    }:
        reaching |= found
    models = {
        node["name"]
        for node in manifest["nodes"].values()
        if reaching.intersection(node["depends_on"].get("macros", []))
    }
    return {
        test["name"]: key for key, test in manifest["unit_tests"].items() if test["model"] in models
    }
