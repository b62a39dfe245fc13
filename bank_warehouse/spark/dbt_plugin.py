"""The project's plugin for dbt on Spark; without the `spark` extra it does nothing."""

import importlib.util
import logging

from dbt.plugins.manager import dbtPlugin

from bank_warehouse.spark.java import use_installed_java


class SparkPlugin(dbtPlugin):
    """Loaded by dbt from `dbt_bank_warehouse.py`, whichever the target is."""

    def initialize(self) -> None:
        """Let Spark find its Java, run Python models here, and leave telling errors to dbt."""
        use_installed_java()
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        if importlib.util.find_spec("dbt.adapters.spark") is not None:
            from bank_warehouse.spark.python_models import use_in_process_jobs
            from bank_warehouse.spark.raw_copies import give_raw_copies

            use_in_process_jobs()
            give_raw_copies()
