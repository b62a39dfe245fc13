"""Drivers of the risk weighting; the logic is in the package."""

from bank_warehouse.inference.drivers import fit_drivers


def model(dbt, session):  # noqa: ARG001, D103
    return fit_drivers(dbt.ref("int_customers_sampled").df())
