"""Clusters of customers by balances; the logic is in the package."""

from bank_warehouse.inference.clusters import fit_clusters


def model(dbt, session):  # noqa: ARG001, D103
    return fit_clusters(dbt.ref("int_customers_sampled").df())
