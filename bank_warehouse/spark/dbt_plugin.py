"""The project's plugin for dbt on Spark; without the `spark` extra it does nothing."""

import logging

from dbt.plugins.manager import dbtPlugin

from bank_warehouse.spark.java import use_installed_java


class SparkPlugin(dbtPlugin):  # type: ignore[misc]
    """Loaded by dbt from `dbt_bank_spark.py`, whichever the target is."""

    def initialize(self) -> None:
        """Let Spark find its Java, and leave the telling of errors to dbt."""
        use_installed_java()
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
