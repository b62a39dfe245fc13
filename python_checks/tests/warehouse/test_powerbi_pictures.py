"""Every page of the report can be drawn from its files, and its content fits."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.powerbi import report_files
from bank_warehouse.powerbi.report_files import Page
from python_checks.project import powerbi_pictures
from python_checks.project.powerbi_pictures import Data
from python_checks.testing.paths import PROJECT

IMAGES = PROJECT / "docs" / "images"
LARGEST = 150_000
"""Maximum size of a picture in bytes. It is limited because the repository keeps every version."""


def as_release(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Give a connection the tables that the first release of a warehouse would have."""
    connection.execute(f"attach '{warehouse}' as built (read_only)")
    for schema in ("marts", "quality"):
        connection.execute(f"create schema {schema}")
        for (name,) in connection.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = 'built' and table_schema = ?",
            [schema],
        ).fetchall():
            connection.execute(
                f"create view {schema}.{name} as select * from built.{schema}.{name}"
            )
    connection.execute("create table marts.release as select 1 as release, 'sample' as source")


@pytest.fixture(scope="module")
def drawn(built_warehouse: Path) -> Iterator[tuple[Data, dict[str, Page]]]:
    with duckdb.connect() as connection:
        as_release(connection, built_warehouse)
        yield powerbi_pictures.load(PROJECT / "powerbi", connection)


def test_every_page_fits(drawn: tuple[Data, dict[str, Page]], tmp_path: Path) -> None:
    problems = []
    names = []
    for name, axes, found in powerbi_pictures.pictures(*drawn):
        powerbi_pictures.save(axes, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size < LARGEST, name
        names.append(name)
        problems += found
    assert problems == []
    assert {path.stem for path in IMAGES.glob("power-bi-*.png")} == set(names)


def test_pictures_are_in_the_guide_and_marked_as_drawings() -> None:
    guide = (PROJECT / "docs" / "power-bi.md").read_text("utf-8")
    shown = set(re.findall(r"\]\(images/(power-bi-[\w-]+)\.png\)", guide))
    assert shown == {path.stem for path in IMAGES.glob("power-bi-*.png")}
    assert "drawings" in guide
    for path in IMAGES.glob("power-bi-*.png"):
        assert path.stat().st_size < LARGEST, path.name


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"height": 30.0}, "the title leaves no room"),
        ({"width": 100.0}, "is cut off"),
    ],
)
def test_overflow_is_reported(
    change: dict[str, float], problem: str, drawn: tuple[Data, dict[str, Page]]
) -> None:
    data, pages = drawn
    page = next(page for page in pages.values() if page.title == "Overview")
    visual = next(each for each in page.visuals.values() if "occupation" in each.title)
    place = dict(visual.content["position"])
    smaller = report_files.Visual(
        visual.path, visual.name, {**visual.content, "position": {**place, **change}}
    )
    alone = Page(page.name, page.content, {visual.name: smaller})
    ((_, _, found),) = powerbi_pictures.pages_drawn(data, {page.name: alone}, pages)
    assert any(problem in each.problem for each in found), found
