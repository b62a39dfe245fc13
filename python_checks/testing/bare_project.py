"""A dbt project with the macros of this one but without its models, to test where dbt writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from python_checks.testing.paths import PROJECT

_INHERITED_PATHS = (
    *("BANK_WAREHOUSE", "BANK_HISTORY", "BANK_RAW_DIR", "BANK_TEMP_DIRECTORY"),
    *("BANK_SPARK_WAREHOUSE", "BANK_SPARK_RAW_COPIES"),
    *("DBT_PROJECT_DIR", "DBT_PROFILES_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH"),
)


def bare_project(folder: Path) -> Path:
    """Create a project with this project's settings, profiles and macros; return its folder."""
    (folder / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy2(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "macros", folder / "macros")
    return folder


def run_elsewhere(
    project: Path, elsewhere: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run dbt on a project from another folder, without inherited variables that name paths.

    Args:
        project: the project's folder, which is passed on the command line.
        elsewhere: the working folder, which must not exist yet.
        arguments: the dbt command with its options.
        environment: variables to add; these may name paths.
    """
    elsewhere.mkdir()
    variables = {name: text for name, text in os.environ.items() if name not in _INHERITED_PATHS}
    folders = ("--project-dir", str(project), "--profiles-dir", str(project))
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, *folders],
        cwd=elsewhere,
        env=variables | environment,
        capture_output=True,
        text=True,
        check=False,
    )
