"""dbt-spark's adapter with the project's additions."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from dbt.adapters.base.meta import available
from dbt.adapters.spark import impl
from dbt.adapters.spark.connections import SparkConnectionMethod

from bank_warehouse.dbt_plugin import in_project
from bank_warehouse.macro_calls import SHARED, Functions, answer
from bank_warehouse.spark.python_models import InProcessJob
from bank_warehouse.spark.raw_copies import copy_raw_table

LOG_SETTINGS = Path(__file__).parent / "log4j2.properties"
"""The settings that limit Spark's log to errors."""
_METHOD = "in_process"


def spark_warehouse() -> str:
    """Return the folder that BANK_SPARK_WAREHOUSE names, or the project's default."""
    return os.environ.get("BANK_SPARK_WAREHOUSE") or in_project("warehouse/spark")


def session_settings(warehouse: str) -> dict[str, str]:
    """Return the session settings that depend on the location of the project and the package.

    Args:
        warehouse: The folder of the tables and the metastore.
    """
    return {
        "spark.sql.warehouse.dir": warehouse,
        # Derby serves one process, so only one build of a warehouse can run at a time.
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={warehouse}/metastore;create=true"
        ),
        "spark.driver.extraJavaOptions": (
            "-Dderby.stream.error.file=/dev/null "
            f"-Dlog4j2.configurationFile={LOG_SETTINGS.as_uri()}"
        ),
    }


def raw_plan(table: str, raw_dir: str, settings: str) -> dict[str, Any]:
    """Copy a raw table to the folder that BANK_SPARK_RAW_COPIES names, or to the default folder.

    The arguments, result and errors are those of :func:`copy_raw_table`.
    """
    folder = os.environ.get("BANK_SPARK_RAW_COPIES") or f"{spark_warehouse()}/raw_copies"
    return copy_raw_table(table, raw_dir, settings, Path(folder))


ON_SPARK: Functions = {**SHARED, "raw_plan": raw_plan}
"""Functions that macros can call on Spark."""


class SparkAdapter(impl.SparkAdapter):
    """Sets the folders of sessions, runs Python models in this process, and copies raw files.

    dbt finds the version of an adapter by its class name, so this class has the same name as
    dbt-spark's.
    """

    def __init__(self, config: Any, mp_context: Any) -> None:
        """Add the session settings that the profile does not have."""
        super().__init__(config, mp_context)
        credentials = config.credentials
        if credentials.method == SparkConnectionMethod.SESSION:
            credentials.server_side_parameters = (
                session_settings(spark_warehouse()) | credentials.server_side_parameters
            )

    @property
    def python_submission_helpers(self) -> dict[str, Any]:
        """Return the methods to run a Python model, by name."""
        return {**super().python_submission_helpers, _METHOD: partial(InProcessJob, self)}

    @property
    def default_python_submission_method(self) -> str:
        """Return the method that runs Python models unless a model names another."""
        return _METHOD

    @available
    def call_package(self, function: str, arguments: str) -> str:
        """Return the result of a package function for the macro `call_package`, as JSON."""
        return answer(ON_SPARK, function, arguments)
