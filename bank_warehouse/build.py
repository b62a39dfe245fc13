"""The command ``build``: the warehouse from the shipped sample or from a drop, then its summary."""

import os
import subprocess
import sys

import click

from bank_warehouse.project import find_project


@click.command("build")
def command() -> None:
    """Build the warehouse and print its summary."""
    project = find_project()
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "dbt.cli.main", "build",
         "--project-dir", str(project), "--profiles-dir", str(project)],
        check=False,
    )  # fmt: skip
    if run.returncode:
        sys.exit(run.returncode)
    from bank_warehouse.summary import command as summary

    summary.callback(**{}) if summary.callback else None
    _ = os
