"""The committed findings page and notebook match the sample, and templates contain no numbers."""

import html
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from click.testing import CliRunner

from bank_warehouse.answers import labels
from bank_warehouse.cli import main
from bank_warehouse.findings import templates
from bank_warehouse.findings.figures import FIGURES, TITLES, draw
from bank_warehouse.findings.page import write_page
from bank_warehouse.findings.tables import Tables
from bank_warehouse.metrics import load_metrics
from python_checks.project.notebook import NOTEBOOK, run_notebook
from python_checks.testing.paths import PROJECT

COMMITTED = PROJECT / "reports"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def written(
    built_warehouse: Path, built_target: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Run the command on the session's build, and return its output folder."""
    folder = tmp_path_factory.mktemp("reports")
    result = CliRunner().invoke(
        main,
        ["findings", "--out", str(folder)],
        env={"BANK_WAREHOUSE": str(built_warehouse), "DBT_TARGET_PATH": str(built_target)},
    )
    assert result.exit_code == 0, result.output
    assert str(folder / "findings.md") in result.output
    return folder


@pytest.fixture
def changed(built_warehouse: Path, tmp_path: Path) -> Path:
    """Return a copy of the warehouse that a test may change."""
    return Path(shutil.copy2(built_warehouse, tmp_path / built_warehouse.name))


def page_of(warehouse: Path, target: Path) -> str:
    """Return the findings page of a warehouse, with its lines joined."""
    layer = load_metrics(target / "semantic_manifest.json")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return " ".join(write_page(Tables(connection, layer)).split())


# ---------- the page


def test_committed_page_matches_the_shipped_sample(written: Path) -> None:
    page = (written / "findings.md").read_text(encoding="utf-8")
    assert page == (COMMITTED / "findings.md").read_text(encoding="utf-8")
    assert labels.INVENTED in " ".join(page.replace("\n> ", " ").split())


def test_figures_are_drawn_committed_and_shown(written: Path) -> None:
    page = (written / "findings.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(figures/(\w+)\.svg\)", page)
    assert sorted(shown) == sorted(FIGURES)
    for folder in (written, COMMITTED):
        files = sorted(file.name for file in (folder / "figures").iterdir())
        assert files == sorted(f"{name}.svg" for name in FIGURES)
    for name in FIGURES:
        drawn, kept = (
            ET.parse(folder / "figures" / f"{name}.svg")  # noqa: S314
            for folder in (written, COMMITTED)
        )
        texts = [
            ["".join(each.itertext()) for each in tree.iter() if each.tag.endswith("}text")]
            for tree in (drawn, kept)
        ]
        assert texts[0] == texts[1] != []
        assert (written / "figures" / f"{name}.svg").stat().st_size < MEGABYTE / 5


def test_page_opens_with_the_answers_and_figure_titles_state_findings(
    written: Path, built_warehouse: Path, built_target: Path
) -> None:
    page = (written / "findings.md").read_text(encoding="utf-8")
    layer = load_metrics(built_target / "semantic_manifest.json")
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        tables = Tables(connection, layer)
        opening = " ".join(page.split("## ")[1].split())
        assert opening.startswith(f"In short - **{tables.said.first[0].sentence}** (")
        places = [opening.index(answer.sentence) for answer in tables.said.first]
        assert places == sorted(places)
        assert opening.count("**") == 2 * len(places) == 10
        for name in FIGURES:
            written_title = TITLES[name](tables)
            assert f"![{written_title}](figures/{name}.svg)" in page
            drawn = (written / "figures" / f"{name}.svg").read_text("utf-8")
            assert written_title in html.unescape(drawn)
            assert "The data are invented" in drawn


def test_figures_of_a_bank_are_not_called_invented(
    changed: Path, built_target: Path, tmp_path: Path
) -> None:
    layer = load_metrics(built_target / "semantic_manifest.json")
    with duckdb.connect(str(changed)) as connection:
        connection.execute(
            "update staging.base_bank__clients set source_file = 'drop/of_a_bank.csv'"
        )
        (path,) = draw(Tables(connection, layer), tmp_path / "figures", ["stress"])
    assert "invented" not in path.read_text("utf-8")


def test_templates_contain_no_numbers() -> None:
    texts = {name: text for name, text in vars(templates).items() if name.isupper()}
    assert len(texts) > 10
    for name, text in texts.items():
        assert not re.search(r"[0-9]", re.sub(r"\{\w+\}", "", text)), name


def test_numbers_follow_the_warehouse(changed: Path, built_target: Path) -> None:
    before = page_of(changed, built_target)
    with duckdb.connect(str(changed)) as connection:
        connection.execute(
            """
            update marts.fct_customer_risk set watch_list_level = 'act';
            update marts.fct_stress_results set stressed_value = 12345678901.23
            where scenario = 'deposit_run';
            update marts.fct_risk_drivers set held_out_accuracy = 0.987;
            """
        )
        assert connection.execute("select count(*) from marts.dim_customers").fetchone() == (3000,)
    after = page_of(changed, built_target)
    assert "| Act now | 63 |" in before
    assert "| Act now | 3,000 |" in after
    assert "| 12,345.7 |" in after
    assert "got the risk weighting of 98.7% right" in after
    assert "98.7%" not in before


def test_sentences_follow_the_results(changed: Path, built_target: Path) -> None:
    before = page_of(changed, built_target)
    with duckdb.connect(str(changed)) as connection:
        connection.execute(
            """
            update marts.fct_segment_differences set verdict = 'more than chance, small'
            where dimension = 'loyalty_classification' and measure = 'total_loans';
            update marts.fct_segment_differences set verdict = 'no more than chance'
            where 'risk_weighting' in (dimension, measure);
            update marts.fct_risk_drivers set direction = 'raises' where driver = 'age';
            update staging.base_bank__clients set source_file = 'drop/of_a_bank.csv';
            """
        )
    after = page_of(changed, built_target)
    assert "All differences by loyalty class could be chance" in before
    assert "Real differences by loyalty class: total" in after
    assert "The risk weighting rises with income:" in before
    assert "isk weighting rises with income" not in after
    assert (
        "there is no sign that nationality, gender or age is linked to the risk weighting."
        in before
    )
    assert "with nationality, gender and age, the risk weighting is linked to age." in after
    assert "The data were delivered as drop/of_a_bank.csv." in after
    assert "invented" not in after


def test_actions_are_sorted_by_priority(written: Path, built_warehouse: Path) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        names = connection.execute(
            "select action_name from marts.fct_customer_recommendations "
            "group by action_name order by min(priority), action_name"
        ).fetchall()
    page = (written / "findings.md").read_text(encoding="utf-8")
    rows = page.partition("## What to do")[2].partition("The most urgent")[0].splitlines()
    shown = [row.split(" | ")[0].removeprefix("| ") for row in rows if row.startswith("| ")]
    assert shown[2:] == [name for (name,) in names] != []


def test_links_that_passed_the_test_are_counted(changed: Path, built_target: Path) -> None:
    before = page_of(changed, built_target)
    assert (
        "one link passed the test: banking relationship with investment advisor. But in the data "
        "that the sample is modelled on, relationships and advisors were filled in by row order, "
        "so this link means nothing." in before
    )
    with duckdb.connect(str(changed)) as connection:
        connection.execute(
            "update marts.fct_segment_differences set verdict = 'more than chance, small' "
            "where dimension = 'loyalty_classification' and measure = 'total_loans'"
        )
    after = page_of(changed, built_target)
    assert (
        "2 links passed the test: banking relationship with investment advisor and loyalty class "
        "with total loans. But in" in after
    )
    assert "so the link of banking relationship with investment advisor means nothing." in after
    with duckdb.connect(str(changed)) as connection:
        connection.execute(
            "update marts.fct_segment_differences set verdict = 'no more than chance' "
            "where family = 'categories'"
        )
    assert "no link passed the test" in page_of(changed, built_target)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"BANK_WAREHOUSE": "absent.duckdb"}, "There is no warehouse at absent.duckdb"),
        ({"DBT_TARGET_PATH": "absent"}, "Run `bank build` or `dbt parse` first"),
    ],
)
def test_command_names_what_is_missing(
    environment: dict[str, str], complaint: str, built_warehouse: Path, built_target: Path
) -> None:
    there = {"BANK_WAREHOUSE": str(built_warehouse), "DBT_TARGET_PATH": str(built_target)}
    result = CliRunner().invoke(main, ["findings", "--out", "nowhere"], env=there | environment)
    assert result.exit_code == 2
    assert complaint in result.output
    assert not Path("nowhere").exists()


def test_folder_that_cannot_be_written_is_refused_with_the_remedy(
    built_warehouse: Path, built_target: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    there = {"BANK_WAREHOUSE": str(built_warehouse), "DBT_TARGET_PATH": str(built_target)}
    out = str(tmp_path / "file" / "reports")
    result = CliRunner().invoke(main, ["findings", "--out", out], env=there)
    assert result.exit_code == 1
    assert "Name another folder with --out" in result.output


# ---------- the notebook


def outputs(notebook: Any) -> list[list[dict[str, str]]]:
    """Return the output of each cell as text."""
    return [
        [
            {"text": each.get("text", "")}
            | {
                kind: text
                for kind, text in each.get("data", {}).items()
                if kind in ("text/plain", "text/html")
            }
            for each in cell.get("outputs", [])
        ]
        for cell in notebook.cells
    ]


def test_notebook_runs_and_shows_what_is_committed(
    built_warehouse: Path, built_target: Path
) -> None:
    committed: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    before = built_warehouse.read_bytes()
    environment = {"BANK_WAREHOUSE": str(built_warehouse), "DBT_TARGET_PATH": str(built_target)}
    run = run_notebook(NOTEBOOK, environment)
    assert outputs(run) == outputs(committed)
    assert built_warehouse.read_bytes() == before


def test_notebook_is_small_and_has_png_pictures_but_no_warnings() -> None:
    assert NOTEBOOK.stat().st_size < MEGABYTE
    committed: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    shown = [data for cell in committed.cells for each in cell.get("outputs", [])
             if (data := each.get("data", {}))]  # fmt: skip
    assert sum("image/png" in data for data in shown) >= 8
    assert all(each.get("name") != "stderr" for cell in committed.cells
               for each in cell.get("outputs", []))  # fmt: skip
    assert "invented customers" in committed.cells[0].source
