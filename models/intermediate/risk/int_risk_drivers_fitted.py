"""Fits the drivers of the risk weighting; the logic is in the package."""

from bank_warehouse.inference.drivers import fit_drivers
from bank_warehouse.inference.frames import as_pandas


def model(dbt, session):  # noqa: ARG001, D103
    return fit_drivers(as_pandas(dbt.ref("int_customers_sampled"), ["customer_key"]))
