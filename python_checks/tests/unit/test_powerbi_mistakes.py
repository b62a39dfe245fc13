"""Each mistake planted in the committed Power BI project is detected."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bank_warehouse.powerbi import checks, project
from python_checks.testing.paths import PROJECT

COMMITTED = PROJECT / "powerbi"
TABLES = "Bank.SemanticModel/definition/tables"
DEFINITION = "Bank.SemanticModel/definition"
PAGES = "Bank.Report/definition/pages"

Files = dict[str, str]
Mistake = Callable[[Files], None]


@pytest.fixture(scope="module")
def committed() -> Files:
    files = project.read(COMMITTED)
    assert checks.findings(files) == []
    return files


def swaps(path: str, old: str, new: str) -> Mistake:
    """Replace the first `old` in a file with `new`."""

    def plant(files: Files) -> None:
        assert old in files[path], (path, old)
        files[path] = files[path].replace(old, new, 1)

    return plant


def removes(path: str) -> Mistake:
    def plant(files: Files) -> None:
        del files[path]

    return plant


def page_of(files: Files, title: str) -> str:
    """Return the path of the page.json for the page that has this title."""
    return next(
        path
        for path, text in files.items()
        if path.endswith("/page.json") and json.loads(text)["displayName"] == title
    )


def visuals_of(files: Files, title: str, kind: str) -> list[str]:
    """Return the paths of a page's visuals of one type, in tab order."""
    folder = page_of(files, title).removesuffix("page.json")
    found = [
        path
        for path, text in files.items()
        if path.startswith(folder)
        and path.endswith("/visual.json")
        and json.loads(text)["visual"]["visualType"] == kind
    ]
    assert found, (title, kind)
    return sorted(found, key=lambda path: json.loads(files[path])["position"]["tabOrder"])


def edits(find: Callable[[Files], str], change: Callable[[Any], Any]) -> Mistake:
    """Change a JSON file."""

    def plant(files: Files) -> None:
        path = find(files)
        content = json.loads(files[path])
        before = json.dumps(content)
        change(content)
        assert json.dumps(content) != before
        files[path] = json.dumps(content)

    return plant


def visual(title: str, kind: str, change: Callable[[Any], Any], number: int = 0) -> Mistake:
    return edits(lambda files: visuals_of(files, title, kind)[number], change)


def page(title: str, change: Callable[[Any], Any]) -> Mistake:
    return edits(lambda files: page_of(files, title), change)


def projections(content: Any, role: str) -> Any:
    return content["visual"]["query"]["queryState"][role]["projections"]


def tooltip_goes_elsewhere(content: Any) -> None:
    properties = content["visual"]["visualContainerObjects"]["visualTooltip"][0]["properties"]
    properties["section"]["expr"]["Literal"]["Value"] = "'nowhere'"


def gradient_is_of_another_measure(content: Any) -> None:
    rule = content["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]
    rule["expr"]["FillRule"]["Input"]["Measure"]["Property"] = "Total loans"


def gradient_is_dark(content: Any) -> None:
    rule = content["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]
    ends = rule["expr"]["FillRule"]["FillRule"]["linearGradient2"]
    ends["max"]["color"]["Literal"]["Value"] = "'#123456'"


def put_a_blank_in_a_page_folder(files: Files) -> None:
    folder = page_of(files, "Overview").removesuffix("/page.json")
    for path in [path for path in files if path.startswith(f"{folder}/")]:
        files[path.replace(folder, f"{PAGES}/first page")] = files.pop(path)


def same_tag_twice(files: Files) -> None:
    path = f"{TABLES}/Customers.tmdl"
    tags = re.findall(r"lineageTag: (\S+)", files[path])
    files[path] = files[path].replace(tags[1], tags[2])


def relationship_runs_both_ways(files: Files) -> None:
    path = f"{DEFINITION}/relationships.tmdl"
    files[path] = files[path].replace(
        "\tfromColumn:", "\tcrossFilteringBehavior: bothDirections\n\tfromColumn:", 1
    )


def second_path(files: Files) -> None:
    files[f"{DEFINITION}/relationships.tmdl"] += (
        "relationship 11111111-1111-4111-8111-111111111111\n"
        "\tfromColumn: 'Customer positions'.'As-of date of the position'\n"
        "\ttoColumn: Dates.'Date day'\n\n"
    )


def relationship_is_inactive(files: Files) -> None:
    path = f"{DEFINITION}/relationships.tmdl"
    files[path] = files[path].replace("\tfromColumn:", "\tisActive: false\n\tfromColumn:", 1)


def without_object(name: str) -> Callable[[Any], Any]:
    """Remove the format settings of one part of a visual."""
    return lambda content: content["visual"]["objects"].pop(name)


def says(name: str, key: str, text: str) -> Callable[[Any], Any]:
    """Set the title or the alt text of a visual to `text`."""

    def change(content: Any) -> None:
        properties = content["visual"]["visualContainerObjects"][name][0]["properties"]
        properties[key] = {"expr": {"Literal": {"Value": f"'{text}'"}}}

    return change


def adds(path: str, text: str) -> Mistake:
    """Insert `text`, which defines a column, after the first empty line of a table's file."""
    return swaps(f"{TABLES}/{path}.tmdl", "\n\n", f"\n\n{text}\n")


UNUSED = """\t/// Rules that a customer meets.
\tcolumn 'Spare code'
\t\tdataType: string
\t\tisHidden
\t\tisAvailableInMdx: false
\t\tlineageTag: 22222222-2222-4222-8222-222222222222
\t\tsummarizeBy: none
\t\tsourceColumn: customer_code
"""

TWICE = UNUSED.replace("customer_code", "watch_list_reasons")


def role_forgets_its_filter(files: Files) -> None:
    path = f"{DEFINITION}/roles/By investment advisor.tmdl"
    files[path] = re.sub(
        r"\ttablePermission 'Investment advisors' = .*\n", "", files[path], count=1
    )


def role_is_of_one_user(files: Files) -> None:
    path = f"{DEFINITION}/roles/By investment advisor.tmdl"
    files[path] = files[path].replace("USERPRINCIPALNAME()", '"ada@bank"')


def role_of_everything_hides(files: Files) -> None:
    files[f"{DEFINITION}/roles/Everything.tmdl"] += "\ttablePermission Customers = FALSE()\n"


MISTAKES: dict[str, tuple[Mistake, str]] = {
    # ---------- semantic model
    "a measure refers to a missing column": (
        swaps(f"{TABLES}/Key figures.tmdl", "[Total loans])", "[Total lones])"),
        "the column 'Customer positions'[Total lones] does not exist",
    ),
    "a measure refers to a missing measure": (
        swaps(f"{TABLES}/Key figures.tmdl", "DIVIDE([Core deposits]", "DIVIDE([Cash]"),
        "the measure [Cash] does not exist",
    ),
    "a measure counts a missing table": (
        swaps(f"{TABLES}/Key figures.tmdl", "COUNTROWS('Customers')", "COUNTROWS('Clients')"),
        "the table 'Clients' does not exist",
    ),
    "a measure lacks a parenthesis": (
        swaps(f"{TABLES}/Key figures.tmdl", "COUNTROWS('Customers')", "COUNTROWS('Customers'"),
        "parentheses do not balance",
    ),
    "a measure is not described": (
        swaps(f"{TABLES}/Key figures.tmdl", "/// Number of customers: one", "// one"),
        "measure Customers: has no description",
    ),
    "a band is sorted by a missing column": (
        swaps(f"{TABLES}/Customers.tmdl", "sortByColumn: 'Age band order'", "sortByColumn: Age_"),
        "is sorted by Age_",
    ),
    "a hierarchy level has no column": (
        swaps(f"{TABLES}/Customers.tmdl", "column: 'Occupation title'", "column: 'Job'"),
        "hierarchy Occupation levels: the column 'Job' does not exist",
    ),
    "a relationship refers to a missing column": (
        swaps(f"{DEFINITION}/relationships.tmdl", "Dates.'Date day'", "Dates.Day"),
        "the column 'Dates'[Day] does not exist",
    ),
    "a relationship filters in both directions": (
        relationship_runs_both_ways,
        "filters in both directions",
    ),
    "two filter paths lead to one table": (second_path, "filter paths lead"),
    "the date table is not marked": (
        swaps(f"{TABLES}/Dates.tmdl", "\tdataCategory: Time\n", ""),
        "0 tables are marked",
    ),
    "the date is not a key": (
        swaps(f"{TABLES}/Dates.tmdl", "\t\tisKey\n", ""),
        "needs one date column as its key",
    ),
    "a key is shown": (
        swaps(f"{TABLES}/Customer positions.tmdl", "\t\tisHidden\n", ""),
        "is a key, but is not hidden",
    ),
    "a visual shows a key": (
        visual(
            "Customer detail",
            "tableEx",
            lambda content: projections(content, "Values")[0]["field"]["Column"].update(
                Property="Customer key"
            ),
        ),
        "more digits than a visual can show",
    ),
    "a code is summed by default": (
        swaps(f"{TABLES}/Customers.tmdl", "summarizeBy: none", "summarizeBy: sum"),
        "would be summed by default",
    ),
    "a client id is loaded": (
        swaps(f"{TABLES}/Customers.tmdl", "sourceColumn: client_key", "sourceColumn: client_id"),
        "client_id is personal data",
    ),
    "a loaded column is not in the mart": (
        swaps(f"{TABLES}/Products.tmdl", "sourceColumn: product_name", "sourceColumn: label"),
        "the source has no column 'label'",
    ),
    "two objects share a lineage tag": (same_tag_twice, "is used 2 times"),
    "the model names a table without a file": (
        removes(f"{TABLES}/Products.tmdl"),
        "refers to the table Products, which has no file",
    ),
    "a table has a reserved name": (
        swaps(f"{TABLES}/Key figures.tmdl", "table 'Key figures'", "table Measures"),
        "the engine reserves this name",
    ),
    "a function is missing": (
        swaps(f"{DEFINITION}/expressions.tmdl", "expression ReadTable", "expression Read"),
        "calls ReadTable",
    ),
    "a small number has the type of a key": (
        swaps(
            f"{TABLES}/Balance concentration.tmdl",
            '{"percentile", Int32.Type}',
            '{"percentile", Int64.Type}',
        ),
        "more digits than a visual can show",
    ),
    "a function reads a source and a query": (
        swaps(
            f"{DEFINITION}/expressions.tmdl",
            "Folder.Contents(PublishFolder)",
            "Folder.Contents(Text.From(Table.RowCount(Dates)))",
        ),
        "the firewall of Power Query refuses",
    ),
    "a table reads a source and a query": (
        swaps(f"{TABLES}/Dates.tmdl", "ReadTable(", 'Table.Combine({#"Access"}) & ReadTable('),
        "Dates: reads Folder.Contents and also the query Access,",
    ),
    "the model reads two sources": (
        swaps(
            f"{DEFINITION}/expressions.tmdl",
            "Parquet.Document(",
            'if name = "" then PostgreSQL.Database("a", "b") else Parquet.Document(',
        ),
        "a gateway would need all of them",
    ),
    "a hidden column is unused": (
        adds("Customers", UNUSED),
        "'Customers'[Spare code]: breaks the best-practice rule UNNECESSARY_COLUMNS",
    ),
    "a column of long text is loaded twice": (
        adds("Customer risk", TWICE),
        "Customers already has this text",
    ),
    "a relationship is never activated": (
        relationship_is_inactive,
        "INACTIVE_RELATIONSHIPS_THAT_ARE_NEVER_ACTIVATED",
    ),
    "a measure may divide by 0": (
        swaps(
            f"{TABLES}/Key figures.tmdl",
            "DIVIDE([Total loans], [Customers])",
            "([Total loans]) / [Customers]",
        ),
        "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION",
    ),
    "a table's key is not marked": (
        swaps(f"{TABLES}/Products.tmdl", "\t\tisKey\n", ""),
        "MARK_PRIMARY_KEYS",
    ),
    "a foreign key is shown": (
        swaps(
            f"{TABLES}/Expected losses.tmdl",
            "column Product\n\t\tdataType: string\n\t\tisHidden\n",
            "column Product\n\t\tdataType: string\n",
        ),
        "'Expected losses'[Product]: breaks the best-practice rule HIDE_FOREIGN_KEYS",
    ),
    "a table is in a group that does not exist": (
        swaps(f"{TABLES}/Dates.tmdl", "queryGroup: Dimensions", "queryGroup: Days"),
        "the query group Days is missing",
    ),
    "an option for source errors is missing": (
        swaps(f"{DEFINITION}/model.tmdl", "\t\treturnErrorValuesAsNull\n", ""),
        "lacks returnErrorValuesAsNull",
    ),
    # ---------- roles
    "a role is missing": (
        removes(f"{DEFINITION}/roles/By banking relationship.tmdl"),
        "the role By banking relationship is missing",
    ),
    "the role without filters is missing": (
        removes(f"{DEFINITION}/roles/Everything.tmdl"),
        "the role Everything is missing",
    ),
    "the role without filters hides a table": (
        role_of_everything_hides,
        "role Everything: hides rows of Customers",
    ),
    "a role has no filter": (role_forgets_its_filter, "can see every row of"),
    "a role ignores the signed-in user": (
        role_is_of_one_user,
        "does not depend on the signed-in user",
    ),
    # ---------- report
    "a card shows a missing measure": (
        visual(
            "Overview",
            "cardVisual",
            lambda content: projections(content, "Data")[0]["field"]["Measure"].update(
                Property="Profit"
            ),
        ),
        "the measure Key figures.Profit does not exist",
    ),
    "an axis shows a missing column": (
        visual(
            "Overview",
            "clusteredColumnChart",
            lambda content: projections(content, "Category")[0]["field"]["Column"].update(
                Property="Shoe size"
            ),
        ),
        "the column Customers.Shoe size does not exist",
    ),
    "a bar sums a column implicitly": (
        visual(
            "Overview",
            "clusteredBarChart",
            lambda content: projections(content, "Y")[0].update(
                field={
                    "Aggregation": {
                        "Expression": {
                            "Column": {
                                "Expression": {"SourceRef": {"Entity": "Customers"}},
                                "Property": "Age",
                            }
                        },
                        "Function": 0,
                    }
                }
            ),
        ),
        "sums a column implicitly",
    ),
    "a visual has a type that does not exist": (
        visual(
            "Overview",
            "clusteredBarChart",
            lambda content: content["visual"].update(visualType="horizontalBars"),
        ),
        "this visual type does not exist",
    ),
    "a visual has a role that its type lacks": (
        visual(
            "Income and deposits",
            "scatterChart",
            lambda content: content["visual"]["query"]["queryState"].update(
                Values=content["visual"]["query"]["queryState"].pop("X")
            ),
        ),
        "has no role Values",
    ),
    "the name of a reference differs from its field": (
        visual(
            "Overview",
            "slicer",
            lambda content: projections(content, "Values")[0].update(queryRef="Customers.Sex"),
        ),
        "Customers.Sex does not match",
    ),
    "two visuals overlap": (
        visual("Overview", "clusteredBarChart", lambda content: content["position"].update(x=30)),
        "overlap",
    ),
    "a visual is outside its page": (
        visual("Overview", "clusteredBarChart", lambda content: content["position"].update(y=9000)),
        "is outside the page",
    ),
    "a visual has no alt text": (
        visual(
            "Segmentation",
            "pivotTable",
            lambda content: content["visual"]["visualContainerObjects"].pop("general"),
        ),
        "has no alt text",
    ),
    "a visual has no title": (
        visual(
            "Segmentation",
            "pivotTable",
            lambda content: content["visual"]["visualContainerObjects"].pop("title"),
        ),
        "has no title",
    ),
    "the tab order jumps up the page": (
        visual("Overview", "textbox", lambda content: content["position"].update(tabOrder=99999)),
        "the tab order goes back up",
    ),
    "two visuals have the same place in the tab order": (
        visual("Overview", "textbox", lambda content: content["position"].update(tabOrder=1000)),
        "two visuals have the same place in the tab order, or one has none",
    ),
    "a tooltip is a page that does not exist": (
        visual("Segmentation", "pivotTable", tooltip_goes_elsewhere),
        "is not a tooltip page",
    ),
    "a heat map is coloured by a field that it does not show": (
        visual("Credit and risk", "pivotTable", gradient_is_of_another_measure),
        "colours its cells by a field that it does not show",
    ),
    "numbers cannot be read on a heat map": (
        visual("Credit and risk", "pivotTable", gradient_is_dark),
        "numbers are illegible",
    ),
    "a filter's condition is on a different column": (
        visual(
            "Credit and risk",
            "tableEx",
            lambda content: content["filterConfig"]["filters"][0]["filter"]["Where"][0][
                "Condition"
            ]["In"]["Expressions"][0]["Column"].update(Property="Gender"),
        ),
        "a filter's condition is on a different field",
    ),
    "a slicer opens with a value of a different column": (
        visual(
            "Segmentation",
            "slicer",
            lambda content: content["visual"]["objects"]["general"][0]["properties"]["filter"][
                "filter"
            ]["Where"][0]["Condition"]["In"]["Expressions"][0]["Column"].update(Property="X"),
            number=4,
        ),
        "a filter's condition is on a different field",
    ),
    "a table is sorted by a field that it does not show": (
        visual(
            "Credit and risk",
            "tableEx",
            lambda content: content["visual"]["query"]["sortDefinition"]["sort"][0]["field"][
                "Measure"
            ].update(Property="Estimated fee income"),
        ),
        "is sorted by a field that it does not show",
    ),
    "a matrix adds up the results of different scenarios": (
        visual("Stress", "pivotTable", without_object("subTotals"), 1),
        "has no meaningful total; turn the totals off",
    ),
    "a table adds up means": (
        visual("Segmentation", "tableEx", without_object("total")),
        "has no meaningful total; turn the totals off",
    ),
    "a title hides that all customers are shown": (
        visual("Credit and risk", "tableEx", says("title", "text", "Drivers"), 1),
        "its text does not say 'all customers'",
    ),
    "the alt text hides that all customers are shown": (
        visual("Credit and risk", "tableEx", says("general", "altText", "Drivers"), 1),
        "its text does not say 'all customers'",
    ),
    "a title says all customers although slicers filter the visual": (
        visual("Overview", "clusteredBarChart", says("title", "text", "All customers")),
        "says 'all customers', but the page's slicers filter it",
    ),
    "the page order lacks a page": (
        edits(
            lambda _: f"{PAGES}/pages.json",
            lambda content: content["pageOrder"].pop(),
        ),
        "the page order does not list",
    ),
    "the page order lists a missing page": (
        edits(
            lambda _: f"{PAGES}/pages.json",
            lambda content: content["pageOrder"].append("absent"),
        ),
        "the page absent does not exist",
    ),
    "the report opens with a missing page": (
        edits(
            lambda _: f"{PAGES}/pages.json",
            lambda content: content.update(activePageName="absent"),
        ),
        "the opening page",
    ),
    "a page is missing": (
        page("Data quality", lambda content: content.update(displayName="Quality")),
        "the page 'Data quality' is missing",
    ),
    "a page's folder has a blank in its name": (
        put_a_blank_in_a_page_folder,
        "has characters that Power BI does not allow",
    ),
    "the drill-through parameter has no filter": (
        page(
            "Customer detail",
            lambda content: content["pageBinding"]["parameters"][0].pop("boundFilter"),
        ),
        "its parameter and its filter have different fields",
    ),
    "the drill-through page is an ordinary page": (
        page("Customer detail", lambda content: content.pop("type")),
        "its type is None, but its binding has the type Drillthrough",
    ),
    # ---------- files
    "the report refers to a missing model": (
        edits(
            lambda _: "Bank.Report/definition.pbir",
            lambda content: content["datasetReference"]["byPath"].update(path="../Model"),
        ),
        "the semantic model '../Model' does not exist",
    ),
    "the project refers to a missing report": (
        swaps("Bank.pbip", "Bank.Report", "Report"),
        "the report 'Report' does not exist",
    ),
    "the theme's file is missing": (
        removes("Bank.Report/StaticResources/RegisteredResources/BankWarehouse.json"),
        "the theme's file",
    ),
    "a colour of the theme is too pale": (
        swaps(
            "Bank.Report/StaticResources/RegisteredResources/BankWarehouse.json",
            '"#0F766E"',
            '"#BFE3DF"',
        ),
        "has a contrast of",
    ),
    "a file begins with a byte-order mark": (
        lambda files: files.update({"Bank.pbip": "\ufeff" + files["Bank.pbip"]}),
        "begins with a byte-order mark",
    ),
    "a file lacks a brace": (
        swaps("Bank.Report/definition/report.json", "{", ""),
        "is not valid JSON",
    ),
    "a description is written as a property": (
        swaps(f"{TABLES}/Products.tmdl", "\tlineageTag:", "\tdescription: Products\n\tlineageTag:"),
        "a description must be above its object",
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


def test_enough_mistakes_are_planted() -> None:
    assert len(MISTAKES) >= 70
