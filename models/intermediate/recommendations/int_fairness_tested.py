"""Tests whether protected groups are chosen at equal rates; the logic is in the package."""

from bank_warehouse.inference.fairness import compare_groups
from bank_warehouse.inference.frames import as_pandas


def model(dbt, session):  # noqa: ARG001, D103
    counted = as_pandas(dbt.ref("int_recommendations_counted"), ["action", "dimension", "value"])
    return compare_groups(counted)
