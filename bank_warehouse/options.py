"""Options that several commands share."""

from pathlib import Path

import click

from bank_warehouse.hints import PATHS
from bank_warehouse.project import publish_folder, warehouse_path


def _noted(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Remember a path so that commands printed in messages contain it."""
    context.meta.setdefault(PATHS, {})[option.name] = path
    return path


def _noted_mapping(
    context: click.Context, option: click.Parameter, path: Path | None
) -> Path | None:
    """Remember the mapping file. Blanks around the name are ignored, as they are in dbt."""
    name = str(path or "").strip()
    return _noted(context, option, Path(name) if name else None)


def outside_releases(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse to write into a release, because its files never change.

    Raises:
        click.BadParameter: The path is in a release.
    """
    from bank_warehouse.publish.releases import release_around

    release = path and release_around(path)
    if release:
        message = (
            f"{path} is in the release {release}, whose files never change. Name a place outside "
            "the releases."
        )
        raise click.BadParameter(message)
    return path


warehouse = click.option(
    "--warehouse",
    envvar="BANK_WAREHOUSE",
    show_envvar=True,
    callback=_noted,
    type=click.Path(dir_okay=False, path_type=Path),
    default=warehouse_path,
    show_default="warehouse/bank.duckdb in the project",
    help="DuckDB file of the warehouse.",
)

publish_dir = click.option(
    "--publish-dir",
    envvar="BANK_PUBLISH_DIR",
    show_envvar=True,
    callback=_noted,
    type=click.Path(file_okay=False, path_type=Path),
    default=publish_folder,
    show_default="published in the project",
    help="Folder of the releases.",
)

raw_dir = click.option(
    "--raw-dir",
    envvar="BANK_RAW_DIR",
    show_envvar=True,
    callback=_noted,
    type=click.Path(path_type=Path),
    show_default="the shipped sample",
    help="Folder with the raw files, or one file.",
)

mapping = click.option(
    "--mapping",
    envvar="BANK_RAW_MAPPING",
    show_envvar=True,
    callback=_noted_mapping,
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="mapping.yml beside the tables",
    help="File that maps the headers and values of another bank to those of the project.",
)

as_of = click.option(
    "--as-of",
    metavar="DATE",
    help="Date at which ages and tenures are measured, such as 2022-01-31.  [default: as_of_date "
    "in dbt_project.yml]",
)

project_dir = click.option(
    "--project-dir",
    envvar="DBT_PROJECT_DIR",
    show_envvar=True,
    callback=_noted,
    type=click.Path(file_okay=False, path_type=Path),
    show_default="the clone around the working folder, or the one `bank` is installed from",
    help="Folder of the dbt project.",
)
