"""dbt on Spark in one process for several commands: starting Spark takes longer than a model."""

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
"""Three thousand customers span several files of a table, as many more do by themselves."""


@dataclass(frozen=True)
class Outcome:
    """What a command of dbt came to.

    Attributes:
        statuses: `success`, `pass`, `error`, ... of each seed, model and test by its unique id.
        output: what it printed.
    """

    statuses: dict[str, str]
    output: str


class SparkProcess:
    """Runs commands of dbt, all on the same session of Spark."""

    def __init__(self, folder: Path, pool: ProcessPoolExecutor) -> None:
        """Use a pool of one process; `folder` gets the tables."""
        self.folder = folder
        self._pool = pool

    def dbt(self, target_path: Path, *arguments: str, **environment: str) -> Outcome:
        """Run a command of dbt on the project, all of which has to succeed.

        Args:
            target_path: gets the manifest, which later commands of the same environment start from.
            arguments: the command with its options.
            environment: variables of this command; BANK_RAW_DIR is unset unless it is among them.
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
    """Run a process with Spark for as long as the context lasts."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield SparkProcess(folder, pool)


def _invoke(command: list[str], environment: dict[str, str]) -> tuple[bool, Outcome]:
    from dbt.cli.main import dbtRunner

    os.environ.pop("BANK_RAW_DIR", None)
    os.environ.update(environment)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        ended = dbtRunner().invoke(command)
    results = getattr(ended.result, "results", [])
    # A macro that was run has a result without a node; hooks are operations.
    nodes = [one for one in results if hasattr(one, "node")]
    statuses = {
        one.node.unique_id: str(one.status)
        for one in nodes
        if one.node.resource_type != "operation"
    }
    return ended.success, Outcome(statuses, f"{printed.getvalue()}{ended.exception or ''}")
