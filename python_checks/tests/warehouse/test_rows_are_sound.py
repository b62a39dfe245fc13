"""The dbt test `rows_are_sound` finds violations of the conditions in the YAML, and names each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

Json = dict[str, Any]


@pytest.fixture(scope="module")
def connection(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(f"attach '{built_warehouse}' as bank (read_only)")
        yield opened


def breaches(connection: duckdb.DuckDBPyConnection, node: Json, relation: str, value: str) -> Any:
    """Return the violations found in one row after one of its columns is changed.

    Args:
        connection: A connection to which the warehouse is attached as `bank`.
        node: The test of the relation.
        relation: The relation's name in SQL.
        value: `<expression> as <column>`.
    """
    connection.execute(
        f"create or replace temp table broken as select * replace ({value}) from {relation} limit 1"
    )
    query = node["compiled_code"].replace(relation, "broken")
    return [row[0] for row in connection.execute(f"select breach from ({query})").fetchall()]


def test_each_violation_in_a_single_column_is_found_and_named(
    connection: duckdb.DuckDBPyConnection, built_manifest: Json
) -> None:
    nodes = built_manifest["nodes"]
    tests = [
        node
        for node in nodes.values()
        if (node.get("test_metadata") or {}).get("name") == "rows_are_sound"
    ]
    found, promised = set(), set()
    for node in tests:
        model = nodes[node["attached_node"]]
        relation = model["relation_name"]
        assert connection.execute(f"select * from ({node['compiled_code']})").fetchall() == []
        if not connection.execute(f"select 1 from {relation} limit 1").fetchall():
            continue
        promises = node["test_metadata"]["kwargs"]
        broken = {
            f"{column} is null": f"null as {column}" for column in promises.get("not_null", ())
        }
        for column, (lowest, highest) in promises.get("ranges", {}).items():
            if lowest is not None:
                broken[f"{column} is below {lowest}"] = f"{lowest} - 1 as {column}"
            if highest is not None:
                broken[f"{column} is above {highest}"] = f"{highest} + 1 as {column}"
        for column, values in promises.get("accepted_values", {}).items():
            broken[f"{column} is not one of {', '.join(values)}"] = f"'no such' as {column}"
        for breach, value in broken.items():
            promised.add((model["name"], breach))
            if breaches(connection, node, relation, value) == [breach]:
                found.add((model["name"], breach))
    assert promised - found == set()
    assert len(found) > 150


def test_violated_expression_is_shown_as_written(
    connection: duckdb.DuckDBPyConnection, built_manifest: Json
) -> None:
    nodes = built_manifest["nodes"]
    (node,) = [
        each
        for each in nodes.values()
        if each["name"].startswith("rows_are_sound_fct_customer_pos")
    ]
    relation = nodes[node["attached_node"]]["relation_name"]
    changed = "net_position + 1 as net_position"
    breach = "does not hold: net_position = total_deposits - total_loans"
    assert breaches(connection, node, relation, changed) == [breach]
    sound = "net_position as net_position"
    assert breaches(connection, node, relation, sound) == []
