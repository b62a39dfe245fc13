"""The dbt plugin for Spark; with other engines it does nothing."""

import logging
import sys

from dbt.plugins.manager import dbtPlugin

from bank_warehouse.private import keep_private
from bank_warehouse.spark.java import use_installed_java


class SparkPlugin(dbtPlugin):
    """The plugin class, which dbt loads from `dbt_bank_warehouse.py` for every target."""

    def initialize(self) -> None:
        """Keep files private, select the Java for Spark, and use the project's adapter."""
        # By now, dbt has imported the adapter of the target.
        if "dbt.adapters.spark" in sys.modules:
            from dbt.adapters import spark

            from bank_warehouse.spark.adapter import SparkAdapter

            keep_private()
            use_installed_java()
            logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
            spark.Plugin.adapter = SparkAdapter  # type: ignore[assignment]
