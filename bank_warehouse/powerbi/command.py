"""`bank powerbi`: write the Power BI project from dbt's artifacts."""

import os
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bank_warehouse import options
from bank_warehouse.powerbi import (
    artifacts,
    checks,
    exposures,
    model,
    project,
    settings,
    source,
)
from bank_warehouse.powerbi.errors import PowerBIError, naming_files
from bank_warehouse.powerbi.pages import PAGES
from bank_warehouse.project import quoted, require_project, target_folder
from bank_warehouse.whole_files import draft_of


class Choice(click.Choice[str]):
    """A choice whose error does not repeat the given value, which may contain a password."""

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the message, which lists the valid values."""
        return f"It must be one of {', '.join(self.choices)}."


class Folder(click.Path):
    """A folder option that refuses an empty value, which would mean the working folder."""

    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if not str(value).strip():
            self.fail("It is empty: name a folder, or leave the option out.", param, ctx)
        return super().convert(value, param, ctx)


@click.command(name="powerbi")
@options.project_dir
@click.option(
    "--target",
    type=Folder(path_type=Path, file_okay=False),
    envvar="DBT_TARGET_PATH",
    show_envvar=True,
    show_default="target in the project",
    help="dbt's target folder, after `bank build`.",
)
@click.option(
    "--out",
    type=Folder(path_type=Path, file_okay=False),
    callback=options.outside_releases,
    show_default="powerbi in the project",
    help="Folder of the Power BI project.",
)
@click.option(
    "--source",
    "kind",
    type=Choice(source.KINDS),
    help="Where Power BI reads the tables from: the Parquet files of a release, or PostgreSQL.",
)
@click.option("--folder", help="Folder of the releases, as the machine with Power BI sees it.")
@click.option("--release", help="Number of the release to read, or current.")
@click.option("--host", help="PostgreSQL server, with its port after a colon.")
@click.option("--database", help="PostgreSQL database that releases are published to.")
@click.option(
    "--access-file",
    "access",
    help="CSV file that lists who may see what, by its path on the machine with Power BI; empty "
    "(--access-file=) for none.",
)
@click.option(
    "--mode",
    type=Choice(source.MODES),
    help="How tables are stored; directQuery queries PostgreSQL for every visual.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is not up to date.")
def command(
    project_dir: Path | None,
    target: Path | None,
    out: Path | None,
    check: bool,
    **given: str | None,
) -> None:
    """Write the semantic model, the report and the exposures from dbt's artifacts.

    If an option from --source to --mode is not given, it keeps its value from the Power BI project.
    """
    root = require_project(project_dir)
    own = root / "powerbi"
    out = out or own
    read_from = settings.chosen(
        out, {name: each for name, each in given.items() if each is not None}
    )
    built = model.build(artifacts.read(target or target_folder(root), root), PAGES, read_from)
    written = project.files(built, PAGES)
    found = checks.findings(written)
    if found:
        raise PowerBIError("\n".join(["The project has mistakes:", *found]))
    lineage, lineage_path = exposures.write(built, PAGES), root / exposures.PATH
    # The exposures describe the project's own report, so --out elsewhere keeps them.
    is_own = out.resolve() == own.resolve()
    is_stale = is_own and not project.holds(lineage_path, lineage)
    if check:
        stale = project.differences(out, written) + [exposures.PATH] * is_stale
        if not (out / f"{project.NAME}.pbip").exists():
            raise PowerBIError(f"{out} has no Power BI project: run `{_without_check()}`.")
        if stale:
            message = f"These files are not up to date; run `{_without_check()}`:"
            raise PowerBIError("\n".join([message, *stale]))
        click.echo(f"{out} is up to date.")
        return
    with ExitStack() as opened:
        draft = None
        if is_stale:
            with naming_files(lineage_path, f"{project.RIGHTS}. Nothing has been changed."):
                draft = opened.enter_context(draft_of(lineage_path))
                draft.path.write_text(lineage, encoding="utf-8", newline="\n")
        project.write(out, written, draft)
    measures = sum(len(table.measures) for table in built.tables.values())
    visuals = sum(len(page.visuals) for page in PAGES)
    click.echo(
        f"{out / project.NAME}.pbip: {len(built.tables)} tables, {measures} measures, "
        f"{len(built.relationships)} relationships, {len(PAGES)} pages, {visuals} visuals; reads "
        f"{read_from.place}"
    )


def _without_check() -> str:
    """Return the command line that was run, without --check and --project-dir."""
    context = click.get_current_context()
    quote = shlex.quote if os.name == "posix" else quoted
    words = ["bank powerbi"]
    for option in context.command.params:
        name = str(option.name)
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name not in ("check", "project_dir"):  # `runnable` adds --project-dir
            words.append(f"{option.opts[0]}={quote(str(context.params[name]))}")
    return " ".join(words)
