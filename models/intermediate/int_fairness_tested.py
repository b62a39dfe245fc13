"""Differences between protected groups in who is chosen; the logic is in the package."""

from bank_warehouse.inference.fairness import compare_groups


def model(dbt, session):  # noqa: ARG001, D103
    return compare_groups(dbt.ref("int_recommendations_counted").df())
