"""Fits clusters of customers by their balances; the logic is in the package."""

from bank_warehouse.inference.clusters import fit_clusters
from bank_warehouse.inference.frames import as_pandas


def model(dbt, session):  # noqa: ARG001, D103
    return fit_clusters(as_pandas(dbt.ref("int_customers_sampled"), ["customer_key"]))
