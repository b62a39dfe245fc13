"""Build the project on Spark and write its marts as Parquet files, in one process.

`python -m python_checks.testing.spark_build FOLDER [dbt's arguments]` builds seeds and models
unless other arguments are given, and writes the marts below FOLDER. One process, since starting
Spark takes longer than many a model.
"""

import json
import sys

from bank_warehouse.spark.dbt_plugin import SparkPlugin


def main(folder: str, *arguments: str) -> int:
    """Build and write; return 0 where everything went well, else 1."""
    from dbt.cli.main import dbtRunner

    SparkPlugin("bank_warehouse")
    runner = dbtRunner()
    commands = [
        [*(arguments or ("build", "--exclude", "resource_type:test", "resource_type:unit_test"))],
        ["run-operation", "write_marts", "--args", json.dumps({"folder": folder})],
    ]
    return int(not all(runner.invoke([*one, "--target", "spark"]).success for one in commands))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
