"""Test statistics of dimensions by measures; the logic is in the package."""

from bank_warehouse.inference.differences import compare_dimensions


def model(dbt, session):  # noqa: ARG001, D103
    rank_sums = dbt.ref("int_ranks_summed").df()
    crossed = dbt.ref("int_dimensions_crossed").df()
    by_definition = dbt.ref("differences_by_definition").df()
    dimensions = dbt.ref("dimensions").df()
    by_money = set(dimensions.loc[dimensions["is_by_money"], "dimension"])
    return compare_dimensions(rank_sums, crossed, by_definition, by_money)
