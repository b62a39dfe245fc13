"""Writes the report (PBIR) from the declared pages.

The format is Microsoft's, published as JSON schemas under https://developer.microsoft.com/
json-schemas/fabric/item/report/definition/; the versions below are those that Power BI Desktop
of 2025 and later reads.
"""

from typing import Any

from bank_warehouse.powerbi import checks, model_text, theme, tmdl
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.model import MEASURES
from bank_warehouse.powerbi.names import short_identifier
from bank_warehouse.powerbi.page_parts import Field, Only, Page, Visual

Json = dict[str, Any]

_BASE = "https://developer.microsoft.com/json-schemas/fabric"
_REPORT = f"{_BASE}/item/report/definition"
SCHEMAS = {
    "visual": f"{_REPORT}/visualContainer/2.4.0/schema.json",
    "page": f"{_REPORT}/page/2.0.0/schema.json",
    "report": f"{_REPORT}/report/3.0.0/schema.json",
    "pages": f"{_REPORT}/pagesMetadata/1.0.0/schema.json",
    "version": f"{_REPORT}/versionMetadata/1.0.0/schema.json",
    "pbir": f"{_BASE}/item/report/definitionProperties/2.0.0/schema.json",
    "pbism": f"{_BASE}/item/semanticModel/definitionProperties/1.0.0/schema.json",
    "pbip": f"{_BASE}/pbip/pbipProperties/1.0.0/schema.json",
    "platform": f"{_BASE}/gitIntegration/platformProperties/2.0.0/schema.json",
}
_VERSIONS = {"visual": "2.4.0", "page": "2.0.0", "report": "3.0.0"}


def write(model: Model, pages: tuple[Page, ...]) -> dict[str, Json]:
    """Return the content of every JSON file, by its path under `Bank.Report/`.

    Raises:
        PowerBIError: a page names a field that the model does not have.
    """
    writer = _Writer(model, pages)
    files: dict[str, Json] = {
        "definition/report.json": _report(),
        "definition/version.json": {"$schema": SCHEMAS["version"], "version": "2.0.0"},
        "definition/pages/pages.json": {
            "$schema": SCHEMAS["pages"],
            "pageOrder": [page_identifier(page) for page in pages],
            "activePageName": page_identifier(pages[0]),
        },
        f"StaticResources/RegisteredResources/{theme.FILE}": theme.content(),
    }
    for page in pages:
        folder = f"definition/pages/{page_identifier(page)}"
        files[f"{folder}/page.json"] = writer.page(page)
        for order, visual in enumerate(page.visuals):
            name = visual_identifier(page, visual)
            files[f"{folder}/visuals/{name}/visual.json"] = writer.visual(page, visual, order)
    return files


def page_identifier(page: Page) -> str:
    """Return the identifier of a page."""
    return short_identifier("page", page.key)


def visual_identifier(page: Page, visual: Visual) -> str:
    """Return the identifier of a visual."""
    return short_identifier("visual", page.key, visual.key)


def _report() -> Json:
    themed = {
        "name": theme.FILE,
        "reportVersionAtImport": _VERSIONS,
        "type": "RegisteredResources",
    }
    return {
        "$schema": SCHEMAS["report"],
        "themeCollection": {"baseTheme": themed},
        "resourcePackages": [
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": theme.FILE, "path": theme.FILE, "type": "BaseTheme"}],
            }
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "defaultDrillFilterOtherVisuals": True,
            "allowChangeFilterTypes": True,
            "useEnhancedTooltips": True,
            "exportDataMode": "AllowSummarized",
        },
    }


def literal(value: str | float | bool) -> Json:
    """Return a constant as PBIR writes it: texts in quotes, numbers with D."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = "'" + value.replace("'", "''") + "'"
    else:
        text = f"{value}D"
    return {"expr": {"Literal": {"Value": text}}}


def _colour(colour: str) -> Json:
    return {"solid": {"color": literal(colour)}}


def _properties(**properties: Any) -> list[Json]:
    return [{"properties": properties}]


class _Writer:
    """Writes pages with the names of one model."""

    def __init__(self, model: Model, pages: tuple[Page, ...]) -> None:
        self.model = model
        self.text = model_text.read(tmdl.write(model))
        self.tooltip = next((page for page in pages if page.kind == "Tooltip"), None)

    def place_of(self, field: Field) -> tuple[str, str]:
        """Return table and name of a field in the model.

        Raises:
            PowerBIError: the model does not have it.
        """
        try:
            if field.is_measure:
                return MEASURES, self.model.measure(field.name).name
            table = self.model.by_origin(field.table)
            find = table.words_of if field.in_words else table.column_of
            return table.name, find(field.name).name
        except KeyError as error:
            raise PowerBIError(
                f"bank_warehouse/powerbi/pages.py: {error.args[0]}; mend the page, or the model."
            ) from error

    def expression(self, field: Field, source: str = "") -> Json:
        """Return the expression of a field; `source` is its table's name within a filter."""
        table, name = self.place_of(field)
        reference = {"Source": source} if source else {"Entity": table}
        kind = "Measure" if field.is_measure else "Column"
        return {kind: {"Expression": {"SourceRef": reference}, "Property": name}}

    def query_name(self, field: Field) -> str:
        """Return the name by which other parts of a visual refer to a field."""
        return ".".join(self.place_of(field))

    def projection(self, field: Field) -> Json:
        projection = {
            "field": self.expression(field),
            "queryRef": self.query_name(field),
            "nativeQueryRef": self.place_of(field)[1],
        }
        if field.header:
            projection["displayName"] = field.header
        return projection

    def condition(self, only: Only) -> Json:
        """Return a filter that keeps the values of `only`."""
        table, _ = self.place_of(only.field)
        return {
            "Version": 2,
            "From": [{"Name": "t", "Entity": table, "Type": 0}],
            "Where": [
                {
                    "Condition": {
                        "In": {
                            "Expressions": [self.expression(only.field, "t")],
                            "Values": [[literal(value)["expr"]] for value in only.values],
                        }
                    }
                }
            ],
        }

    def page(self, page: Page) -> Json:
        written: Json = {
            "$schema": SCHEMAS["page"],
            "name": page_identifier(page),
            "displayName": page.title,
            "displayOption": "ActualSize" if page.kind == "Tooltip" else "FitToWidth",
            "height": page.height,
            "width": page.width,
        }
        if page.kind:
            written["type"] = page.kind
            written["visibility"] = "HiddenInViewMode"
            written["pageBinding"] = {
                "name": short_identifier("binding", page.key),
                "type": page.kind,
                "parameters": [],
            }
        if page.drill is not None:
            name = short_identifier("filter", page.key)
            expression = self.expression(page.drill)
            written["filterConfig"] = {
                "filters": [
                    {
                        "name": name,
                        "field": expression,
                        "type": "Categorical",
                        "howCreated": "Drillthrough",
                    }
                ]
            }
            written["pageBinding"]["parameters"] = [
                {
                    "name": f"Param_{name}",
                    "boundFilter": name,
                    "fieldExpr": expression,
                }
            ]
        return written

    def visual(self, page: Page, visual: Visual, order: int) -> Json:
        place = visual.place
        written: Json = {
            "$schema": SCHEMAS["visual"],
            "name": visual_identifier(page, visual),
            "position": {
                "x": place.x,
                "y": place.y,
                "z": order * 1000,
                "height": place.height,
                "width": place.width,
                "tabOrder": order * 1000,
            },
            "visual": self.content(visual),
        }
        if visual.only:
            written["filterConfig"] = {
                "filters": [
                    {
                        "name": short_identifier("filter", page.key, visual.key, str(number)),
                        "field": self.expression(only.field),
                        "type": "Categorical",
                        "filter": self.condition(only),
                        "howCreated": "User",
                    }
                    for number, only in enumerate(visual.only)
                ]
            }
        return written

    def content(self, visual: Visual) -> Json:
        content: Json = {"visualType": visual.kind}
        if visual.roles:
            content["query"] = {
                "queryState": {
                    role: {"projections": [self.projection(each) for each in fields]}
                    for role, fields in visual.roles.items()
                }
            }
            if visual.sort is not None:
                content["query"]["sortDefinition"] = {
                    "sort": [{"field": self.expression(visual.sort), "direction": "Descending"}],
                    "isDefaultSort": False,
                }
        objects = self.objects(visual)
        if objects:
            content["objects"] = objects
        content["visualContainerObjects"] = self.container(visual)
        if visual.sync:
            content["syncGroup"] = {
                "groupName": visual.sync,
                "fieldChanges": True,
                "filterChanges": True,
            }
        if visual.kind != "textbox":
            content["drillFilterOtherVisuals"] = True
        return content

    def objects(self, visual: Visual) -> Json:
        objects: Json = {}
        if visual.kind == "textbox":
            objects["general"] = _properties(
                paragraphs=[
                    {"textRuns": [{"value": text, "textStyle": _text_style(visual, number)}]}
                    for number, text in enumerate(visual.text)
                ]
            )
        if visual.kind == "slicer":
            objects["data"] = _properties(mode=literal("Dropdown"))
            objects["header"] = _properties(show=literal(False))
            if visual.chosen:
                only = Only(visual.roles["Values"][0], (visual.chosen,))
                objects["general"] = _properties(filter={"filter": self.condition(only)})
                objects["selection"] = _properties(singleSelect=literal(True))
        if visual.heat:
            heated = Field("", visual.heat)
            objects["values"] = [
                {
                    "properties": {
                        "backColor": {
                            "solid": {"color": {"expr": self.gradient(heated)}},
                        }
                    },
                    "selector": {
                        "data": [{"dataViewWildcard": {"matchingOption": 1}}],
                        "metadata": self.query_name(heated),
                    },
                }
            ]
        shown = [each for fields in visual.roles.values() for each in fields]
        measures = [each.name for each in shown if each.is_measure]
        if visual.kind in checks.WITHOUT_TOTALS and not all(map(self.text.has_total, measures)):
            name, switches = checks.WITHOUT_TOTALS[visual.kind]
            objects[name] = _properties(**{each: literal(False) for each in switches})
        if (
            visual.kind in ("clusteredBarChart", "clusteredColumnChart")
            and len(visual.roles.get("Y", ())) == 1
        ):
            objects["labels"] = _properties(show=literal(True), color=_colour(theme.INK))
        return objects

    def gradient(self, field: Field) -> Json:
        """Return the rule that colours a cell by a measure, from light to dark."""
        return {
            "FillRule": {
                "Input": self.expression(field),
                "FillRule": {
                    "linearGradient2": {
                        "min": {"color": literal(theme.HEAT_LOW)["expr"]},
                        "max": {"color": literal(theme.HEAT_HIGH)["expr"]},
                        "nullColoringStrategy": {"strategy": literal("noColor")["expr"]},
                    }
                },
            }
        }

    def container(self, visual: Visual) -> Json:
        container: Json = {
            "title": _properties(
                show=literal(visual.kind != "textbox"), text=literal(visual.title)
            ),
            "general": _properties(altText=literal(visual.alt)),
        }
        if visual.has_tooltip:
            if self.tooltip is None:
                raise PowerBIError(f"{visual.key} shows a tooltip page, and there is none.")
            container["visualTooltip"] = _properties(
                show=literal(True),
                type=literal("Canvas"),
                section=literal(page_identifier(self.tooltip)),
            )
        return container


def _text_style(visual: Visual, number: int) -> Json:
    if visual.is_heading and number == 0:
        return {"fontSize": "18pt", "fontWeight": "bold", "color": theme.INK}
    return {"fontSize": "11pt", "color": theme.MUTED}
