"""Each mistake planted in the Power BI report is detected."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bank_warehouse.powerbi import checks, project
from python_checks.testing.paths import PROJECT
from python_checks.tests.unit.test_powerbi_mistakes import (
    PAGES,
    TABLES,
    Files,
    Mistake,
    edits,
    page,
    page_of,
    projections,
    swaps,
    visual,
    visuals_of,
    without_object,
)

REPORT = "Bank.Report/definition/report.json"
BOOKMARKS = "Bank.Report/definition/bookmarks"


@pytest.fixture(scope="module")
def committed() -> Files:
    files = project.read(PROJECT / "powerbi")
    assert checks.findings(files) == []
    return files


def titled(title: str, phrase: str, change: Callable[[Any], Any]) -> Mistake:
    """On the page with this title, change the first visual whose file contains a phrase."""

    def find(files: Files) -> str:
        folder = page_of(files, title).removesuffix("page.json")
        return next(
            path
            for path, text in sorted(files.items())
            if path.startswith(folder) and path.endswith("/visual.json") and phrase in text
        )

    return edits(find, change)


def set_literal(*keys: str | int, value: str) -> Callable[[Any], Any]:
    """Return a function that sets one literal of a visual."""

    def change(content: Any) -> None:
        for key in keys:
            content = content[key]
        content["expr"]["Literal"]["Value"] = value

    return change


def filter_of(number: int, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda content: change(content["filterConfig"]["filters"][number]["filter"]["Where"][0])


def answers_for(dimension: str) -> Callable[[Any], Any]:
    """Return a function that makes a tooltip show the tests of this dimension."""

    def change(where: Any) -> None:
        where["Condition"]["In"]["Values"] = [[{"Literal": {"Value": f"'{dimension}'"}}]]

    return filter_of(0, change)


def relate_tests_to_dimensions(files: Files) -> None:
    """Relate the table of tests to Dimensions, so that slicers on Dimensions filter the tooltip."""
    files["Bank.SemanticModel/definition/relationships.tmdl"] += (
        "relationship 11111111-1111-4111-8111-111111111112\n"
        "\tfromColumn: 'Segment differences'.Dimension\n"
        "\ttoColumn: Dimensions.Dimension\n\n"
    )


def without_link(kind: str) -> Callable[[Files], None]:
    """Remove every button of a kind from the page "Credit and risk"."""

    def plant(files: Files) -> None:
        for path in visuals_of(files, "Credit and risk", "actionButton"):
            if f"'{kind}'" in files[path]:
                del files[path]
                files.pop(path.replace("visual.json", "mobile.json"), None)

    return plant


def bookmark(title: str, change: Callable[[Any], Any]) -> Mistake:
    return edits(
        lambda files: next(
            path
            for path, text in files.items()
            if path.endswith(".bookmark.json") and json.loads(text)["displayName"] == title
        ),
        change,
    )


def without_phones(files: Files) -> None:
    folder = page_of(files, "Stress").removesuffix("page.json")
    for path in [each for each in files if each.startswith(folder) and "mobile.json" in each]:
        del files[path]


def phone(change: Callable[[Any], Any]) -> Mistake:
    """Change the phone layout of the scatter chart."""
    return edits(
        lambda files: visuals_of(files, "Income and deposits", "scatterChart")[0].replace(
            "visual.json", "mobile.json"
        ),
        change,
    )


def base_theme(content: Any) -> None:
    themes = content["themeCollection"]
    themes["baseTheme"] = themes.pop("customTheme")


def newer(kind: str, version: str) -> Mistake:
    """Give one visual or page a schema version that needs a newer Desktop."""

    def plant(files: Files) -> None:
        path = visuals_of(files, "Overview", "textbox")[0]
        if kind == "page":
            path = page_of(files, "Overview")
        files[path] = re.sub(rf"/{kind}\w*/[\d.]+/", f"/{_NAMES[kind]}/{version}/", files[path])

    return plant


_NAMES = {"page": "page", "visual": "visualContainer"}


def in_every(kind: str, change: Callable[[Any], Any]) -> Mistake:
    """Change every visual of a type on all pages."""

    def plant(files: Files) -> None:
        for path, text in list(files.items()):
            if path.endswith("/visual.json"):
                content = json.loads(text)
                if content["visual"]["visualType"] == kind:
                    change(content)
                    files[path] = json.dumps(content)

    return plant


def without_field(role: str, name: str) -> Callable[[Any], Any]:
    def change(content: Any) -> None:
        shown = projections(content, role)
        shown[:] = [each for each in shown if each["nativeQueryRef"] != name]

    return change


def all_of(*mistakes: Mistake) -> Mistake:
    def plant(files: Files) -> None:
        for mistake in mistakes:
            mistake(files)

    return plant


CONTAINER = ("visual", "visualContainerObjects")

MISTAKES: dict[str, tuple[Mistake, str]] = {
    # ---------- tooltips
    "a tooltip tests a dimension other than the axis": (
        titled("Tooltip: segment", "Is the difference real", answers_for("gender")),
        "its tooltip tests ['gender'], but its axis is ['segment']",
    ),
    "a heat map's tooltip compares groups by a measure other than its second axis": (
        titled(
            "Tooltip: income band and risk weighting",
            "Is the difference real",
            filter_of(
                1,
                lambda where: where["Condition"]["In"].update(
                    Values=[[{"Literal": {"Value": "'total_loans'"}}]]
                ),
            ),
        ),
        "its tooltip compares ['total_loans'], not ['risk_weighting']",
    ),
    "a tooltip answers for groups that were not tested": (
        titled(
            "Tooltip: tenure",
            "Is the difference real",
            lambda content: content["filterConfig"]["filters"].pop(),
        ),
        "its tooltip gives an answer for groups that were not tested",
    ),
    "slicers change the answer in a tooltip": (
        relate_tests_to_dimensions,
        "slicers change the answer in its tooltip",
    ),
    "a tooltip page lacks a number that the default tooltip shows": (
        visual("Tooltip: age band", "cardVisual", without_field("Data", "Mean deposits")),
        "its tooltip page does not show Mean deposits",
    ),
    "a heat map's tooltip lacks one of the measures to choose from": (
        visual(
            "Tooltip: number of credit cards and risk weighting",
            "cardVisual",
            without_field("Data", "Exposure"),
        ),
        "its tooltip page does not show Exposure",
    ),
    "a bar chart with a tooltip page has no data labels": (
        visual("Segmentation", "clusteredBarChart", without_object("labels")),
        "it has a tooltip page but no data labels",
    ),
    # ---------- what slicers reach
    "a visual of all customers has the normal style": (
        titled(
            "Income and deposits",
            "held by the lowest x%",
            lambda content: content["visual"]["visualContainerObjects"].pop("background"),
        ),
        "no slicer reaches it, but it is not styled as showing all customers",
    ),
    "a filtered visual is styled as showing all customers": (
        titled(
            "Income and deposits",
            "Mean deposits by tenure",
            lambda content: content["visual"]["visualContainerObjects"].update(
                background=[
                    {
                        "properties": {
                            "color": {
                                "solid": {"color": {"expr": {"Literal": {"Value": "'#FFF7E3'"}}}}
                            }
                        }
                    }
                ]
            ),
        ),
        "is styled as showing all customers, but does not say so",
    ),
    "a page without slicers does not say whom it shows": (
        titled(
            "Stress",
            "Assumed losses by scenario",
            set_literal(*CONTAINER, "title", 0, "properties", "text", value="'Assumed loss'"),
        ),
        "no slicer reaches it, but its text does not say 'all customers'",
    ),
    # ---------- credit and risk
    "no visual shows the card balance": (
        all_of(
            in_every("cardVisual", without_field("Data", "Credit card balance")),
            swaps(
                f"{TABLES}/Heat map shows.tmdl", "[Credit card balance]", "[Estimated fee income]"
            ),
        ),
        "no visual shows Credit card balance",
    ),
    "a heat map is not coloured when another measure is chosen": (
        visual(
            "Credit and risk",
            "pivotTable",
            lambda content: content["visual"]["objects"]["values"].pop(),
        ),
        "its cells have no colour when Credit card balance is chosen",
    ),
    "a field parameter is an ordinary table": (
        swaps(
            f"{TABLES}/Heat map shows.tmdl",
            '\t\textendedProperty ParameterMetadata = {"version": 3, "kind": 2}\n',
            "",
        ),
        "table Heat map shows: Power BI does not recognize it as a parameter",
    ),
    "a field parameter refers to a missing measure": (
        swaps(
            f"{TABLES}/Heat map shows.tmdl",
            "[Share of customers in row]",
            "[Share of customers in rows]",
        ),
        "the measure Share of customers in rows does not exist",
    ),
    "a heat map has no measure slicer": (
        titled(
            "Segmentation",
            "Heat map shows",
            lambda content: content["visual"].update(
                visualType="cardVisual",
                query={"queryState": {"Data": {"projections": []}}},
            ),
        ),
        "its page has no slicer that chooses its measure",
    ),
    "the scatter chart has no trend line": (
        visual("Income and deposits", "scatterChart", without_object("trend")),
        "the scatter chart has no trend line",
    ),
    "a heat map with a measure slicer has totals of shares": (
        visual("Segmentation", "pivotTable", without_object("subTotals")),
        "Share of customers in row has no meaningful total",
    ),
    # ---------- the story
    "a page has no navigation": (
        visual(
            "Stress",
            "pageNavigator",
            lambda content: content["visual"].update(visualType="textbox"),
        ),
        "page Stress: has no navigation to the other pages",
    ),
    "a page has no back button": (without_link("Back"), "page Credit and risk: has no back button"),
    "a page has no reset button": (
        without_link("Bookmark"),
        "page Credit and risk: no button resets its slicers",
    ),
    "a reset forgets a slicer": (
        bookmark(
            "Reset: Segmentation",
            lambda content: content["options"]["targetVisualNames"].pop(0),
        ),
        "page Segmentation: no button resets its slicers",
    ),
    "a question's bookmark is missing": (
        titled(
            "Overview",
            "'What do they hold?'",
            set_literal(*CONTAINER, "visualLink", 0, "properties", "bookmark", value="'nowhere'"),
        ),
        "a button's bookmark does not exist",
    ),
    "a question opens a missing page": (
        bookmark(
            "What to do next?",
            lambda content: content["explorationState"].update(activeSection="nowhere"),
        ),
        "bookmark What to do next?: opens a page that does not exist",
    ),
    "only three questions have a bookmark": (
        bookmark(
            "Who are the customers?",
            lambda content: content["options"].update(suppressActiveSection=True),
        ),
        "only 3 of the 4 questions have a bookmark that a button opens",
    ),
    "a bookmark is not in the list": (
        edits(
            lambda _: f"{BOOKMARKS}/bookmarks.json",
            lambda content: content["items"][0]["children"].pop(),
        ),
        "is listed without a file, or has a file but is not listed",
    ),
    "no decomposition tree analyses loans": (
        visual(
            "Explore",
            "decompositionTreeVisual",
            lambda content: projections(content, "Analyze")[0]["field"]["Measure"].update(
                Property="Estimated fee income"
            ),
        ),
        "no decomposition tree analyses Total loans",
    ),
    "a slider is unused": (
        swaps(
            f"{TABLES}/Key figures.tmdl",
            "SELECTEDVALUE('Loss multiplier'[Loss multiplier], 1.0)",
            "1.0",
        ),
        "table Loss multiplier: no visual depends on it",
    ),
    "a page has too few key figures": (
        visual(
            "Explore",
            "cardVisual",
            lambda content: projections(content, "Data").__delitem__(slice(3, None)),
        ),
        "page Explore: has fewer than 5 key figures",
    ),
    "a title is a number": (
        titled(
            "Credit and risk",
            "Finding on income band and risk",
            lambda content: content["visual"]["visualContainerObjects"]["title"][0]["properties"][
                "text"
            ]["expr"]["Measure"].update(Property="Mean risk weighting"),
        ),
        "its title is the number Mean risk weighting, not a sentence",
    ),
    "a title refers to a missing measure": (
        titled(
            "Credit and risk",
            "Finding on income band and risk",
            lambda content: content["visual"]["visualContainerObjects"]["title"][0]["properties"][
                "text"
            ]["expr"]["Measure"].update(Property="Finding on luck"),
        ),
        "its title measure Finding on luck does not exist",
    ),
    "a visual states a finding but not what it shows": (
        titled(
            "Overview",
            "Finding on loyalty",
            lambda content: content["visual"]["visualContainerObjects"].pop("subTitle"),
        ),
        "nothing says what the visual shows",
    ),
    "migrations do not report that there is only one date": (
        swaps(
            f"{TABLES}/Key figures.tmdl",
            "ISEMPTY('Segment migrations'),\n\t\t\t    IF(\n",
            "FALSE(),\n\t\t\t    IF(\n",
        ),
        "its title does not say that there is only one date",
    ),
    # ---------- theme, schemas and layout
    "the theme replaces Desktop's base theme": (
        edits(lambda _: REPORT, base_theme),
        "the theme replaces Desktop's base theme",
    ),
    "a visual requires a newer Desktop than it needs": (
        newer("visual", "2.4.0"),
        "uses the schema",
    ),
    "a page is longer than a screen": (
        page("Stress", lambda content: content.update(height=1200)),
        "is 1280 by 1200, which is not 16:9",
    ),
    "a page does not fit without scrolling": (
        page("Stress", lambda content: content.update(displayOption="FitToWidth")),
        "page Stress: does not fit the window, so readers must scroll",
    ),
    "two visuals have the same title": (
        titled(
            "Income and deposits",
            "Mean deposits by tenure",
            set_literal(
                *CONTAINER, "title", 0, "properties", "text", value="'Mean deposits by age band'"
            ),
        ),
        "has the title 'Mean deposits by age band' twice",
    ),
    "a page has no layout for a phone": (without_phones, "page Stress: has no layout for a phone"),
    "a visual is wider than a phone": (
        phone(lambda content: content["position"].update(width=600)),
        "is wider than a phone",
    ),
    "two visuals overlap on a phone": (
        phone(lambda content: content["position"].update(y=0)),
        "overlap on a phone",
    ),
}


@pytest.mark.parametrize("name", list(MISTAKES))
def test_planted_mistake_is_caught(name: str, committed: Files) -> None:
    plant, complaint = MISTAKES[name]
    files = dict(committed)
    plant(files)
    assert files != committed
    found = checks.findings(files)
    assert any(complaint in each for each in found), found


def test_pages_are_found_and_enough_mistakes_are_planted(committed: Files) -> None:
    assert any(path.startswith(PAGES) for path in committed)
    assert len(MISTAKES) >= 30
