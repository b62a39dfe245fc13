"""Run dbt on the project, everything that it writes elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

from python_checks.testing.paths import PROJECT


def run_dbt(
    folder: Path, *arguments: str, project: Path = PROJECT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run dbt with everything it writes in `folder`, so that the project stays as it is.

    Args:
        folder: gets `bank.duckdb`, `bank_history.duckdb`, `target/` and `logs/`.
        arguments: the command of dbt with its options.
        project: folder of the dbt project.
        environment: variables that differ from those of this process; BANK_RAW_DIR and
            BANK_HISTORY are unset unless they are among them.

    Returns:
        The ended process, its output as text.
    """
    variables = {name: text for name, text in os.environ.items() if name != "BANK_RAW_DIR"}
    variables |= {"BANK_WAREHOUSE": str(folder / "bank.duckdb"), "DBT_PROJECT_DIR": str(project)}
    variables |= {
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_PROFILES_DIR": str(project),
        "DBT_USE_COLORS": "false",
    }
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments],
        cwd=project,
        env=variables | environment,
        capture_output=True,
        text=True,
        check=False,
    )
