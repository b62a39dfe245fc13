"""Python models on Spark: run in the process of dbt, as dbt-duckdb does.

dbt-spark sends Python models to Databricks and knows no other way. The models of this project work
on samples and small counts, so they need no cluster: they get pandas and give an Arrow table.
"""

from typing import Any

from dbt.adapters.base import PythonJobHelper
from dbt.adapters.spark.impl import SparkAdapter
from dbt_common.exceptions import DbtRuntimeError

METHOD = "in_process"


class InProcessJob(PythonJobHelper):  # type: ignore[misc]
    """Runs the compiled code of a model: its functions, and `write` of the macro py_write_table."""

    def __init__(self, parsed_model: dict[str, Any], credentials: Any) -> None:
        """Remember the model, a node of dbt's manifest, and how to connect.

        Raises:
            DbtRuntimeError: The connection is not a session of this process.
        """
        if credentials.method != "session":
            raise DbtRuntimeError(
                f"{parsed_model['name']}: Python models run in a Spark session of this process "
                f"(method: session), not over {credentials.method}."
            )
        self.model = parsed_model

    def submit(self, compiled_code: str) -> None:
        """Run the code; it finds the session as `spark`."""
        from pyspark.sql import SparkSession

        code = compile(compiled_code, self.model["original_file_path"], "exec")
        exec(code, {"spark": SparkSession.builder.getOrCreate()})  # noqa: S102


def use_in_process_jobs() -> None:
    """Let dbt-spark run Python models in this process unless a model names another method."""
    helpers = SparkAdapter.python_submission_helpers.fget
    SparkAdapter.python_submission_helpers = property(
        lambda adapter: {**helpers(adapter), METHOD: InProcessJob}
    )
    SparkAdapter.default_python_submission_method = property(lambda _adapter: METHOD)
