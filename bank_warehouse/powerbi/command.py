"""`bank powerbi`: write the Power BI project from dbt's artifacts."""

from pathlib import Path

import click

from bank_warehouse import options
from bank_warehouse.powerbi import artifacts, checks, exposures, model, project
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
    help="dbt's target folder, after `bank build` and `dbt docs generate`.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="powerbi in the project",
    help="Folder of the Power BI project.",
)
@click.option(
    "--mode",
    type=click.Choice(["import", "directQuery"]),
    default="import",
    show_default=True,
    help="How tables are stored; directQuery asks PostgreSQL for every visual.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is not up to date.")
def command(
    project_dir: Path | None, target: Path | None, out: Path | None, mode: str, check: bool
) -> None:
    """Write semantic model, report and exposures from dbt's artifacts."""
    root = require_project(project_dir)
    out = out or root / "powerbi"
    try:
        built = model.build(artifacts.read(target or target_folder(root), root))
        written = project.files(built, PAGES, mode)
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
    if mode == "import":
        exposures_path.write_text(lineage, encoding="utf-8", newline="\n")
    measures = sum(len(table.measures) for table in built.tables.values())
    visuals = sum(len(page.visuals) for page in PAGES)
    click.echo(
        f"{out / project.NAME}.pbip: {len(built.tables)} tables, {measures} measures, "
        f"{len(built.relationships)} relationships, {len(PAGES)} pages, {visuals} visuals"
    )


def differences(folder: Path, written: dict[str, str]) -> list[str]:
    """Return the paths that differ between a project folder and what would be written."""
    there = project.read(folder) if folder.is_dir() else {}
    return sorted(
        path for path in there.keys() | written.keys() if there.get(path) != written.get(path)
    )
