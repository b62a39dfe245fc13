"""Tests each dimension against measures and other dimensions; the logic is in the package."""

from bank_warehouse.inference.differences import compare_dimensions
from bank_warehouse.inference.frames import as_pandas


def model(dbt, session):  # noqa: ARG001, D103
    rank_sums = as_pandas(dbt.ref("int_rank_sums"), ["dimension", "value", "measure"])
    crossed = as_pandas(
        dbt.ref("int_dimension_crossings"),
        ["dimension", "other_dimension", "value", "other_value"],
    )
    by_definition = as_pandas(dbt.ref("differences_by_definition"), ["dimension", "measure"])
    dimensions = as_pandas(dbt.ref("dimensions"), ["dimension"])
    by_money = set(dimensions.loc[dimensions["is_by_money"], "dimension"])
    return compare_dimensions(rank_sums, crossed, by_definition, by_money)
