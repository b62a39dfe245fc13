"""Python models on Spark: run in the process of dbt, as dbt-duckdb does.

dbt-spark sends Python models to Databricks and knows no other way. The models of this project work
on samples and small counts, so they need no cluster: they get pandas and give an Arrow table. They
read and write in the Spark session of this process, or where there is none over dbt's connection.
"""

from functools import partial
from typing import Any

from dbt.adapters.base import PythonJobHelper
from dbt.adapters.spark.connections import SparkConnectionMethod
from dbt.adapters.spark.impl import SparkAdapter

from bank_warehouse.spark.sql_session import SqlSession

METHOD = "in_process"


class InProcessJob(PythonJobHelper):  # type: ignore[misc]
    """Runs the compiled code of a model: its functions, and `write` of the macro py_write_table."""

    def __init__(self, adapter: SparkAdapter, parsed_model: dict[str, Any], credentials: Any) -> None:
        """Remember dbt's adapter, the model, a node of dbt's manifest, and how to connect."""
        self.adapter = adapter
        self.model = parsed_model
        self.credentials = credentials

    def submit(self, compiled_code: str) -> None:
        """Run the code; it finds the session as `spark`."""
        code = compile(compiled_code, self.model["original_file_path"], "exec")
        exec(code, {"spark": self.session()})  # noqa: S102

    def session(self) -> Any:
        """Return the Spark session of this process, or what stands for one over a connection."""
        if self.credentials.method == SparkConnectionMethod.SESSION:
            from pyspark.sql import SparkSession

            return SparkSession.builder.getOrCreate()
        return SqlSession(self.adapter.connections.get_thread_connection().handle.cursor())


def use_in_process_jobs() -> None:
    """Let dbt-spark run Python models in this process unless a model names another method."""
    helpers = SparkAdapter.python_submission_helpers.fget
    SparkAdapter.python_submission_helpers = property(
        lambda adapter: {**helpers(adapter), METHOD: partial(InProcessJob, adapter)}
    )
    SparkAdapter.default_python_submission_method = property(lambda _adapter: METHOD)
