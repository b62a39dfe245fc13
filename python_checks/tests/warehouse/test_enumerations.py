"""Text columns of customers with values from a seed are enumerations, and text in the marts.

This holds for builds with DuckDB. In dbt's unit tests and on Spark, the columns are always text.
"""

import csv
from pathlib import Path

import duckdb
import pytest

from python_checks.testing.paths import PROJECT

REFERENCE = PROJECT / "seeds" / "reference"
# For each model and column: the seed that lists the values, in a column of the same name.
LISTED = {
    ("base_bank__clients", "fee_structure"): "fee_rates",
    ("base_bank__clients", "loyalty_classification"): "loyalty_tiers",
    ("int_customers_segmented", "age_band"): "age_bands",
    ("int_customers_segmented", "fee_structure"): "fee_rates",
    ("int_customers_segmented", "income_band"): "income_bands",
    ("int_customers_segmented", "loyalty_classification"): "loyalty_tiers",
    ("int_customers_segmented", "occupation_grade"): "occupations",
    ("int_customers_segmented", "segment"): "segment_rules",
    ("int_customers_segmented", "tenure_band"): "tenure_bands",
}


def _listed(seed: str, column: str) -> list[str]:
    with (REFERENCE / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return sorted({row[column] for row in csv.DictReader(file)} - {""})


@pytest.mark.parametrize(("model", "column"), LISTED)
def test_enumeration_has_the_seed_values_in_alphabetical_order(
    built_warehouse: Path, model: str, column: str
) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        found = connection.execute(
            "select schema_name, data_type from duckdb_columns() "
            "where table_name = ? and column_name = ?",
            [model, column],
        ).fetchone()
        assert found is not None
        schema, data_type = found
        assert data_type.startswith("ENUM(")
        listed = connection.execute(f"select enum_range(cast(null as {data_type}))").fetchone()
        assert listed is not None
        assert listed[0] == _listed(LISTED[model, column], column)
        values = connection.execute(
            f"select distinct {column} from {schema}.{model} "
            f"where {column} is not null order by {column}"
        ).fetchall()
    assert len(values) > 1
    assert values == sorted(values)


def test_marts_hold_no_enumeration(built_warehouse: Path) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        schemas = connection.execute(
            "select schema_name, count(*) filter (data_type like 'ENUM%'), "
            "count(*) filter (data_type = 'VARCHAR') from duckdb_columns() "
            "where not internal group by schema_name"
        ).fetchall()
    enumerations = {schema: (listed, texts) for schema, listed, texts in schemas}
    for schema in ("marts", "quality", "restricted"):
        listed, texts = enumerations[schema]
        assert texts
        assert listed == 0, schema
    assert {schema for schema, (listed, _) in enumerations.items() if listed} == {
        "intermediate",
        "staging",
    }
