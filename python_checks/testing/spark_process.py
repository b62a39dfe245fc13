"""Run several dbt commands in one Spark process, because starting Spark is slow."""

import contextlib
import io
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from python_checks.testing.paths import PROJECT

FILES_OF_ROWS = "--conf spark.sql.files.maxRecordsPerFile=1000"
"""The option that splits three thousand customers into several files, as in larger tables."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a dbt command.

    Attributes:
        statuses: the status (`success`, `pass`, `error`, ...) of each seed, model and test, by
            unique id.
        output: what dbt printed.
    """

    statuses: dict[str, str]
    output: str


class SparkProcess:
    """Runs dbt commands in the same Spark session."""

    def __init__(self, folder: Path, pool: ProcessPoolExecutor) -> None:
        """Use a pool of one process, and write the tables to `folder`."""
        self.folder = folder
        self._pool = pool

    def dbt(self, target_path: Path, *arguments: str, **environment: str) -> Outcome:
        """Run a dbt command on the project, and assert that it succeeds.

        Args:
            target_path: dbt's target folder. Later commands with the same environment reuse its
                manifest.
            arguments: the command with its options.
            environment: variables to set. They stay set for later commands, except BANK_RAW_DIR,
                which is unset unless it is given here.
        """
        variables = {
            "BANK_SPARK_WAREHOUSE": str(self.folder),
            "BANK_SPARK_SHUFFLE_PARTITIONS": "1",
            "PYSPARK_SUBMIT_ARGS": f"{FILES_OF_ROWS} pyspark-shell",
            "DBT_TARGET_PATH": str(target_path),
            "DBT_LOG_PATH": str(target_path),
            "DBT_USE_COLORS": "false",
        }
        command = [*arguments, "--target", "spark", "--project-dir", str(PROJECT)]
        command += ["--profiles-dir", str(PROJECT)]
        has_succeeded, outcome = self._pool.submit(
            _invoke, command, variables | environment
        ).result()
        assert has_succeeded, outcome.output[-6000:]
        return outcome


@contextmanager
def spark_process(folder: Path) -> Iterator[SparkProcess]:
    """Run a Spark process for the duration of the context."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield SparkProcess(folder, pool)


def _invoke(command: list[str], environment: dict[str, str]) -> tuple[bool, Outcome]:
    from dbt.cli.main import dbtRunner

    os.environ.pop("BANK_RAW_DIR", None)
    os.environ.update(environment)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        ended = dbtRunner().invoke(command)
    results = getattr(ended.result, "results", [])
    # The result of a macro has no node; hooks are operations.
    nodes = [one for one in results if hasattr(one, "node")]
    statuses = {
        one.node.unique_id: str(one.status)
        for one in nodes
        if one.node.resource_type != "operation"
    }
    return ended.success, Outcome(statuses, f"{printed.getvalue()}{ended.exception or ''}")
