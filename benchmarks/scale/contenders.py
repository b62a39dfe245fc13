"""The contenders: their commands, and whether they can run."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.scale.comparison import dbt_selection
from benchmarks.scale.project import dbt_command
from python_checks.testing.model_runner import DATABASE, PROJECT

LIMIT, SCRIPT, RUN, BUILD = "limit", "script", "run", "build"
SET_SCRIPT, SET_DBT, PANDAS, POLARS, SPARK = "set-script", "set-dbt", "pandas", "polars", "spark"
BENCH_PYTHON = PROJECT / ".venv-bench" / "bin" / "python"


@dataclass(frozen=True)
class Ground:
    """The folders and interpreters for the contenders' runs on one drop.

    Attributes:
        folder: Has `data/`, which the contender writes and whose size is measured, dbt's `target/`
            and `logs/`, and the compiled project `script.json`. All contenders use the same path,
            because dbt would parse the whole project again for a different one.
        prepared: A copy of the seeded warehouse and of dbt's target, restored before each run.
        drop: The raw files.
        bench_python: The interpreter with pandas and Polars.
        spark_python: The interpreter with dbt and Spark.
    """

    folder: Path
    prepared: Path
    drop: Path
    bench_python: Path = BENCH_PYTHON
    spark_python: Path = Path(sys.executable)

    @property
    def data(self) -> Path:
        """The output of the contender."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.data / f"{DATABASE}.duckdb"

    @property
    def marts(self) -> Path:
        """The Parquet files of the comparison set."""
        return self.data / "marts"

    @property
    def checked(self) -> Path:
        """The comparison set of the first contender, with which the others are compared."""
        return self.folder.parent / "checked"

    @property
    def times(self) -> Path:
        """The file with the seconds that each model of a script took."""
        return self.folder / "times.json"

    @property
    def script(self) -> Path:
        """The compiled project."""
        return self.folder / "script.json"

    def keep_prepared(self) -> None:
        """Save the current folder as the state before each run."""
        shutil.rmtree(self.prepared, ignore_errors=True)
        self.prepared.mkdir(parents=True)
        for name in ("data", "target"):
            shutil.copytree(self.folder / name, self.prepared / name)

    def reset(self, *, is_seeded: bool) -> None:
        """Restore the state of the folder before a run.

        Args:
            is_seeded: Whether the run starts with a warehouse that has the reference seeds;
                otherwise, it starts without a warehouse.
        """
        for name in ("data", "target", "logs"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.times.unlink(missing_ok=True)
        shutil.copytree(self.prepared / "target", self.folder / "target")
        if is_seeded:
            shutil.copytree(self.prepared / "data", self.data)
        else:
            self.data.mkdir()


def _always(_: Ground) -> str | None:
    return None


@dataclass(frozen=True)
class Contender:
    """One of the programs that the benchmark compares.

    Attributes:
        name: Short name, for `--only`.
        title: Description in the report.
        command: Function that returns the contender's command for a `Ground`.
        is_seeded: Whether the contender starts with a warehouse that has the reference seeds.
        needs_dbt: Whether the project must be compiled for the drop first.
        has_model_times: Whether dbt's run_results.json has the time of each model.
        hindrance: Function that returns why the contender cannot run, or None if it can.
    """

    name: str
    title: str
    command: Callable[[Ground], list[str]]
    is_seeded: bool = False
    needs_dbt: bool = True
    has_model_times: bool = False
    hindrance: Callable[[Ground], str | None] = _always


def _module(module: str, *options: str, python: Path | None = None) -> list[str]:
    return [str(python or sys.executable), "-m", f"benchmarks.scale.{module}", *options]


def _chain(*commands: Sequence[str]) -> list[str]:
    """Return one command that runs several commands until one fails."""
    return ["sh", "-c", " && ".join(shlex.join(command) for command in commands)]


def _limit(ground: Ground) -> list[str]:
    return _module(
        "limit", "--script", str(ground.script), "--drop", str(ground.drop),
        "--database", str(ground.database),
    )  # fmt: skip


def _script(ground: Ground, *options: str) -> list[str]:
    return _module(
        "script", "--script", str(ground.script), "--database", str(ground.database),
        "--times", str(ground.times), *options,
    )  # fmt: skip


def _set_script(ground: Ground) -> list[str]:
    return _script(ground, "--marts", str(ground.marts))


def _set_dbt(ground: Ground) -> list[str]:
    return _chain(
        dbt_command("run", *dbt_selection()),
        _script(ground, "--marts", str(ground.marts), "--only-marts"),
    )


def _frames(module: str) -> Callable[[Ground], list[str]]:
    def command(ground: Ground) -> list[str]:
        return _module(
            module, "--drop", str(ground.drop), "--marts", str(ground.marts),
            python=ground.bench_python,
        )  # fmt: skip

    return command


def _no_bench_environment(ground: Ground) -> str | None:
    if ground.bench_python.exists():
        return None
    return "there is no environment with pandas and Polars: run `make install-bench`"


def _spark(ground: Ground) -> list[str]:
    return dbt_command(
        "build", "--target", "spark", "--resource-type", "seed", "--resource-type", "model",
        python=ground.spark_python,
    )  # fmt: skip


def _no_spark(ground: Ground) -> str | None:
    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    if "spark" not in profiles["bank_warehouse"]["outputs"]:
        return "profiles.yml has no target spark"
    found = subprocess.run(
        [str(ground.spark_python), "-c", "import pyspark, dbt.adapters.spark"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        why = found.stderr.strip().splitlines()[-1:]
        return f"pyspark or dbt-spark is not installed: {' '.join(why)}"
    return None


CONTENDERS = (
    Contender(LIMIT, "the limit: the file read into a typed DuckDB table", _limit),
    Contender(SCRIPT, "the models' SQL as a plain script", _script, is_seeded=True),
    Contender(RUN, "dbt run", lambda _: dbt_command("run"), is_seeded=True, has_model_times=True),
    Contender(
        BUILD,
        "dbt build with all tests, unit tests too",
        # The selection replaces the default selector, which excludes unit tests.
        lambda _: dbt_command("build", "--select", "*"),
        has_model_times=True,
    ),
    Contender(SET_SCRIPT, "comparison set: plain script", _set_script, is_seeded=True),
    Contender(SET_DBT, "comparison set: dbt run", _set_dbt, is_seeded=True),
    Contender(
        PANDAS,
        "comparison set: pandas",
        _frames("pandas_marts"),
        needs_dbt=False,
        hindrance=_no_bench_environment,
    ),
    Contender(
        POLARS,
        "comparison set: Polars",
        _frames("polars_marts"),
        needs_dbt=False,
        hindrance=_no_bench_environment,
    ),
    Contender(
        SPARK,
        "dbt on Spark local, seeds included",
        _spark,
        has_model_times=True,
        hindrance=_no_spark,
    ),
)

SETS = (SET_SCRIPT, SET_DBT, PANDAS, POLARS)
"""The contenders that build the comparison set."""
