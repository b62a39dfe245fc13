"""`bank powerbi`: write the Power BI project from dbt's artifacts."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.powerbi import artifacts, checks, exposures, model, project, source
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.pages import PAGES
from bank_warehouse.project import require_project, target_folder


@click.command(name="powerbi")
@options.project_dir
@click.option(
    "--target",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DBT_TARGET_PATH",
    show_envvar=True,
    show_default="target in the project",
    help="dbt's target folder, after `bank build`.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    callback=options.outside_releases,
    show_default="powerbi in the project",
    help="Folder of the Power BI project.",
)
@click.option(
    "--source",
    "kind",
    type=click.Choice(source.KINDS),
    help="Where Power BI reads the tables: the Parquet files of a release, or PostgreSQL.",
)
@click.option("--folder", help="Folder of the releases, as the machine with Power BI sees it.")
@click.option("--release", help="Number of the release to read, or current.")
@click.option("--host", help="Server of PostgreSQL, and its port after a colon.")
@click.option("--database", help="Database of PostgreSQL that releases are published to.")
@click.option(
    "--access-file",
    "access",
    help="CSV file of who sees what, as Power BI sees it; empty (--access-file=) for none.",
)
@click.option(
    "--mode",
    type=click.Choice(source.MODES),
    help="How tables are stored; directQuery asks PostgreSQL for every visual.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is not up to date.")
def command(
    project_dir: Path | None,
    target: Path | None,
    out: Path | None,
    check: bool,
    **given: str | None,
) -> None:
    """Write semantic model, report and exposures from dbt's artifacts.

    Where the tables are read from stays as it is in the project folder unless an option says
    otherwise.
    """
    root = require_project(project_dir)
    out = out or root / "powerbi"
    try:
        read_from = chosen_source(out, given)
        built = model.build(artifacts.read(target or target_folder(root), root), PAGES, read_from)
        written = project.files(built, PAGES)
        lineage = exposures.write(built, PAGES)
    except PowerBIError as error:
        raise click.ClickException(str(error)) from error
    found = checks.findings(written)
    if found:
        raise click.ClickException("\n".join(["The project has mistakes:", *found]))
    exposures_path = root / exposures.PATH
    if check:
        stale = differences(out, written)
        if not exposures_path.is_file() or exposures_path.read_text("utf-8") != lineage:
            stale.append(exposures.PATH)
        if stale:
            raise click.ClickException(
                "\n".join(["Not what the artifacts give; run `bank powerbi`:", *stale])
            )
        click.echo(f"{out} is what the artifacts give.")
        return
    project.write(out, written)
    exposures_path.write_text(lineage, encoding="utf-8", newline="\n")
    measures = sum(len(table.measures) for table in built.tables.values())
    visuals = sum(len(page.visuals) for page in PAGES)
    click.echo(
        f"{out / project.NAME}.pbip: {len(built.tables)} tables, {measures} measures, "
        f"{len(built.relationships)} relationships, {len(PAGES)} pages, {visuals} visuals; reads "
        f"{read_from.place}"
    )


def chosen_source(folder: Path, given: Mapping[str, str | None]) -> source.Source:
    """Return where Power BI is to read: what is given, else what the folder's project has.

    Raises:
        PowerBIError: an option is for the other kind of source, or its value cannot be read.
    """
    there = source.read(project.read(folder) if folder.is_dir() else {})
    chosen = {name: value for name, value in given.items() if value is not None}
    if "folder" in chosen:
        chosen["folder"] = chosen["folder"].rstrip("\\/") or chosen["folder"]
    base = there or source.Source()
    kind = chosen.get("kind", base.kind)
    for name in sorted(chosen.keys() & source.ONLY_FOR.keys()):
        if source.ONLY_FOR[name] != kind:
            raise PowerBIError(
                f"--{name} is for --source {source.ONLY_FOR[name]}; the project reads {kind}."
            )
    if kind == "parquet" != base.kind:
        chosen.setdefault("mode", "import")
    return replace(base, **chosen)


def differences(folder: Path, written: dict[str, str]) -> list[str]:
    """Return the paths that differ between a project folder and what would be written."""
    there = project.read(folder) if folder.is_dir() else {}
    return sorted(
        path for path in there.keys() | written.keys() if there.get(path) != written.get(path)
    )
