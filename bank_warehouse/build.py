"""The command ``build``: build the warehouse from the sample or a drop, and print a summary.

dbt runs in its own process. Unless --verbose is given, its log is read as JSON and shown as one
line of progress; after a failure, the first error is shown with its remedy.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bank_warehouse import options
from bank_warehouse.build_log import BuildLog
from bank_warehouse.hints import PATHS as NAMED_PATHS
from bank_warehouse.hints import command_line, runnable
from bank_warehouse.interrupts import exit_code, undisturbed
from bank_warehouse.project import CannotStartError, require_project, warehouse_path
from bank_warehouse.settings import (
    PATHS,
    SettingError,
    declared_variables,
    read_variables,
    require_settings,
    unknown_settings,
)

OWN_OPTIONS = {
    "--vars": "put it before the --",
    "--project-dir": "put it before the --",
    "--target": "for another engine run `dbt build --target ...`",
    "-t": "for another engine run `dbt build --target ...`",
}
"""Options that are refused after ``--``, and what to do instead."""


class PassingOn(click.Command):
    """A command that keeps the arguments after ``--`` in `ctx.obj`, for another program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments before the first ``--``; keep the others."""
        place = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])


@click.command("build", cls=PassingOn, options_metavar="[OPTIONS]", epilog=(
    "Arguments after -- are passed to `dbt build`, as in `bank build -- --full-refresh`."
))  # fmt: skip
@click.argument("path", required=False, type=click.Path(path_type=Path))
@options.raw_dir
@options.warehouse
@options.project_dir
@options.mapping
@options.as_of
@click.option(
    "--date-format",
    "date_formats",
    metavar="FORMAT",
    multiple=True,
    help="How joining dates are written, such as %d/%m/%Y. May be given several times; they are "
    "tried in this order.  [default: raw_date_format in dbt_project.yml]",
)
@click.option(
    "--vars",
    "variables",
    metavar="YAML",
    default="",
    help="Other variables, such as '{max_quarantine_rate: 0.05}'.",
)
@click.option(
    "--select",
    "selected",
    metavar="MODELS",
    help="Build only these models: `+fct_customer_risk` is the model and everything it needs. A "
    "partly built warehouse cannot be published.",
)
@click.option("--verbose", is_flag=True, help="Show dbt's own log.")
@click.pass_context
def command(
    context: click.Context,
    path: Path | None,
    raw_dir: Path | None,
    warehouse: Path,
    project_dir: Path | None,
    mapping: Path | None,
    as_of: str | None,
    date_formats: tuple[str, ...],
    variables: str,
    selected: str | None,
    verbose: bool,
) -> None:
    """Build the warehouse and print its summary.

    PATH is a folder with the raw files, or one file. Without PATH, the command builds the drop that
    BANK_RAW_DIR names. If that is not set, it builds the shipped sample, an invented bank.

    Settings and files are checked before anything is written. The exit code is 0 if everything was
    built and all tests passed, 1 if something failed, and 2 if the build could not start or nothing
    matches --select.
    """
    for argument in context.obj:
        remedy = OWN_OPTIONS.get(argument.partition("=")[0])
        if remedy:
            message = f"{argument} cannot come after --: {remedy}."
            raise click.UsageError(message)
    given = context.get_parameter_source("raw_dir") is ParameterSource.COMMANDLINE
    if path is not None and given:
        message = "PATH and --raw-dir mean the same: name the drop once."
        raise click.UsageError(message)
    project = require_project(project_dir)
    named: dict[str, Path | None] = context.meta[NAMED_PATHS]
    named["raw_dir"] = path or raw_dir
    if context.get_parameter_source("warehouse") is ParameterSource.DEFAULT:
        warehouse = named["warehouse"] = warehouse_path(project)
    environment = _environment(project, warehouse, path or raw_dir, mapping)
    is_named = context.get_parameter_source("mapping") is ParameterSource.COMMANDLINE
    if is_named and not environment.get("BANK_RAW_DIR", "").strip():
        message = "--mapping needs a drop: name the drop's folder or file."
        raise click.UsageError(message)
    for warning in unknown_settings():
        click.echo(f"Warning: {warning}", err=True)
    try:
        chosen = read_variables(variables)
        if as_of is not None:
            chosen["as_of_date"] = as_of
        if date_formats:
            chosen["raw_date_format"] = list(date_formats)
        require_settings(project, chosen, environment)
        if str(warehouse) == ":memory:":
            message = (
                "BANK_WAREHOUSE: `bank build` needs a file; `dbt build` also accepts :memory:."
            )
            raise SettingError(message)
        environment |= _plan(environment, declared_variables(project) | chosen)
    except SettingError as refused:
        raise CannotStartError(str(refused)) from None
    code = _run_dbt(
        [
            *("build", "--project-dir", str(project)),
            *(() if "DBT_PROFILES_DIR" in environment else ("--profiles-dir", str(project))),
            *(("--vars", json.dumps(chosen, default=str)) if chosen else ()),
            *(selection(selected) if selected else ()),
            *context.obj,
        ],
        environment,
        project,
        is_verbose=verbose,
    )
    if code:
        sys.exit(code)
    _sum_up(project, warehouse, environment.get("BANK_RAW_DIR", ""), is_part=bool(selected))


def _plan(environment: Mapping[str, str], variables: Mapping[str, Any]) -> dict[str, str]:
    """Plan how the drop is read, if there is one.

    An unreadable drop is refused here, because dbt starts slowly and would create a warehouse
    first.

    Returns:
        Environment variables that pass the plan to dbt; empty without a drop.

    Raises:
        SettingError: the drop is refused; the message lists all problems.
    """
    drop = environment.get("BANK_RAW_DIR", "")
    mapping = environment.get("BANK_RAW_MAPPING", "").strip()
    if not drop.strip():
        return {}
    from bank_warehouse.raw_drop import DropError, Settings, hand_on_plan
    from bank_warehouse.raw_drop.drop import PLAN_VARIABLE

    formats = variables["raw_date_format"]
    declared = {**variables, "raw_date_format": [formats] if isinstance(formats, str) else formats}
    settings = Settings.from_json(json.dumps(declared, default=str))
    try:
        plan = hand_on_plan(Path(drop), settings, Path(mapping) if mapping else None)
    except DropError as refused:
        raise SettingError(str(refused)) from None
    return {PLAN_VARIABLE: str(plan)}


def selection(models: str) -> tuple[str, ...]:
    """Return the dbt arguments that build only part of the project."""
    return (
        *("--select", models),
        # Otherwise, in a new warehouse, tests that need unselected models would fail.
        *("--indirect-selection", "buildable"),
        # Otherwise dbt reports success if nothing matches the selection.
        *("--warn-error-options", json.dumps({"error": ["NoNodesForSelectionCriteria"]})),
    )


def _environment(
    project: Path, warehouse: Path, drop: Path | None, mapping: Path | None
) -> dict[str, str]:
    """Return the environment for dbt.

    Paths are absolute, because dbt changes to the project folder.
    """
    environment = dict(os.environ)
    environment["BANK_WAREHOUSE"] = str(warehouse)
    environment["DBT_PROJECT_DIR"] = str(project)
    if drop is not None:
        environment["BANK_RAW_DIR"] = str(drop)
    if mapping is not None:
        environment["BANK_RAW_MAPPING"] = str(mapping)
    for name in PATHS:
        text = environment.get(name, "").strip()
        if text and text != ":memory:":
            environment[name] = str(Path(text).absolute())
    return environment


def _run_dbt(
    arguments: Sequence[str], environment: Mapping[str, str], project: Path, *, is_verbose: bool
) -> int:
    """Run dbt and return its exit code."""
    # dbt imports its own main module early, and runpy warns about it.
    started = [sys.executable, "-W", "ignore::RuntimeWarning:runpy", "-m", "dbt.cli.main"]
    if not is_verbose:
        started += ["--log-format", "json", "--log-format-file", "debug", "--no-use-colors"]
    log = BuildLog(project, environment)
    try:
        with _running([*started, *arguments], environment, is_read=not is_verbose) as process:
            for line in process.stdout or ():
                log.read(line)
            code = process.wait()
    except KeyboardInterrupt as cause:
        log.end()
        click.echo(
            "Interrupted: the warehouse may hold models from this build and from the previous one. "
            "Build again.",
            err=True,
        )
        return exit_code(cause)
    log.end()
    if code and not is_verbose:
        paths = click.get_current_context().meta[NAMED_PATHS]
        click.echo(runnable(log.failure(), paths), err=True)
    return code


@contextmanager
def _running(
    command_line: Sequence[str], environment: Mapping[str, str], *, is_read: bool
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for the duration of the block; an exception in the block ends the program.

    Args:
        command_line: the program and its arguments.
        environment: its environment variables.
        is_read: whether the block reads the output; if not, the output is shown.
    """
    process: subprocess.Popen[str] | None = None
    try:
        with undisturbed():
            process = subprocess.Popen(  # noqa: S603
                command_line,
                env={**environment, "PYTHONIOENCODING": "utf-8"},
                stdout=subprocess.PIPE if is_read else None,
                stderr=subprocess.STDOUT if is_read else None,
                encoding="utf-8",
                errors="replace",
            )
        yield process
    except BaseException as cause:
        if process:
            # On Windows, Ctrl+C has already reached the program. Terminating it would interrupt its
            # clean-up.
            if sys.platform != "win32" or not isinstance(cause, KeyboardInterrupt):
                process.terminate()
            process.communicate()
        raise


def _sum_up(project: Path, warehouse: Path, raw_dir: str, *, is_part: bool) -> None:
    """Print the summary or, after a partial build, what was built."""
    from bank_warehouse.summary import SummaryError, summary_text

    try:
        click.echo(summary_text(warehouse, raw_dir, project=project))
    except SummaryError:
        if not is_part:
            raise
        whole = command_line("build", click.get_current_context().meta[NAMED_PATHS])
        click.echo(f"The models that you selected are in {warehouse}. `{whole}` builds the others.")
