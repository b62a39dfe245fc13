"""Writes the report (PBIR) from the declared pages.

The format is Microsoft's, published as JSON schemas under https://developer.microsoft.com/
json-schemas/fabric/item/report/definition/. Each version in `report_files.SCHEMAS` is the oldest
that has everything the report uses, so that an older Power BI Desktop can open it too. A newer
Desktop raises the versions when it saves.
"""

import re
from collections.abc import Mapping
from typing import Any

from bank_warehouse.powerbi import checks, model_text, story, theme, tmdl
from bank_warehouse.powerbi.definitions import Model
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.model import MEASURES
from bank_warehouse.powerbi.names import short_identifier
from bank_warehouse.powerbi.page_parts import (
    CHARTS,
    PHONE_WIDTH,
    Bookmark,
    Field,
    Only,
    Page,
    Top,
    Visual,
)
from bank_warehouse.powerbi.report_files import SCHEMAS

Json = dict[str, Any]

_THEME_IMPORTED_AT = "5.61"
"""Version of the report format in which the theme was added."""
_BOOKMARK_VERSION = "1.3"
_MONEY, _MEAN = "#,0.00", "#,0.000"
_OF_MONEY = re.compile("loans|deposits|income|balance")
_CARD_WIDTH = 108
"""Width that a key figure needs, in pixels."""

PHONE_MARGIN = 8
PHONE_HEIGHTS: Mapping[str, int] = {
    "textbox": 92,
    "slicer": 64,
    "actionButton": 44,
    "pageNavigator": 0,
    "tableEx": 300,
    "pivotTable": 180,
    "decompositionTreeVisual": 320,
}
"""Heights on a phone by visual type; 0 leaves the type out. Charts and cards are not listed."""
PHONE_CHART = 264
PHONE_CARD = 64
PHONE_MORE = 120


def write(
    model: Model, pages: tuple[Page, ...], bookmarks: tuple[Bookmark, ...] = ()
) -> dict[str, Json]:
    """Return the content of every JSON file, by its path under `Bank.Report/`.

    Raises:
        PowerBIError: a page names a field, tooltip page or bookmark that does not exist, or has a
            button without a link.
    """
    writer = _Writer(model, pages, bookmarks)
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
        phone = {} if page.kind == "Tooltip" else phone_places(page)
        for order, visual in enumerate(page.visuals):
            name = visual_identifier(page, visual)
            files[f"{folder}/visuals/{name}/visual.json"] = writer.visual(page, visual, order)
            if visual.key in phone:
                files[f"{folder}/visuals/{name}/mobile.json"] = _mobile(
                    visual, phone[visual.key], order
                )
    if bookmarks:
        files["definition/bookmarks/bookmarks.json"] = {
            "$schema": SCHEMAS["bookmarks"],
            "items": [
                {
                    "name": short_identifier("bookmarks", title),
                    "displayName": title,
                    "children": [
                        bookmark_identifier(each.key) for each in bookmarks if each.stays == stays
                    ],
                }
                for title, stays in (("Questions", False), ("Reset", True))
            ],
        }
    for bookmark in bookmarks:
        name = bookmark_identifier(bookmark.key)
        files[f"definition/bookmarks/{name}.bookmark.json"] = writer.bookmark(bookmark)
    return files


def page_identifier(page: Page) -> str:
    """Return the identifier of a page."""
    return short_identifier("page", page.key)


def visual_identifier(page: Page, visual: Visual) -> str:
    """Return the identifier of a visual."""
    return short_identifier("visual", page.key, visual.key)


def bookmark_identifier(key: str) -> str:
    """Return the identifier of a bookmark."""
    return short_identifier("bookmark", key)


def _report() -> Json:
    # Without a base theme, Desktop applies this theme on top of its current base theme.
    return {
        "$schema": SCHEMAS["report"],
        "themeCollection": {
            "customTheme": {
                "name": theme.FILE,
                "reportVersionAtImport": _THEME_IMPORTED_AT,
                "type": "RegisteredResources",
            }
        },
        "resourcePackages": [
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": theme.FILE, "path": theme.FILE, "type": "CustomTheme"}],
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


# ---------- the phone


def phone_places(page: Page) -> dict[str, tuple[int, int, int, int]]:
    """Return the left, top, width and height of each visual in the phone layout.

    Visuals are stacked in tab order; slicers and short buttons are side by side in pairs.
    """
    places: dict[str, tuple[int, int, int, int]] = {}
    half = (PHONE_WIDTH - 3 * PHONE_MARGIN) // 2
    top, pair = PHONE_MARGIN, ""
    for visual in page.visuals:
        height = phone_height(visual)
        if not visual.on_phone or not height:
            continue
        is_short = visual.link is None or not visual.link.target.startswith("question_")
        if visual.kind in ("slicer", "actionButton") and is_short:
            if pair == visual.kind:
                places[visual.key] = (
                    2 * PHONE_MARGIN + half,
                    top - height - PHONE_MARGIN,
                    half,
                    height,
                )
                pair = ""
                continue
            places[visual.key] = (PHONE_MARGIN, top, half, height)
            pair = visual.kind
        else:
            places[visual.key] = (PHONE_MARGIN, top, PHONE_WIDTH - 2 * PHONE_MARGIN, height)
            pair = ""
        top += height + PHONE_MARGIN
    return places


def phone_height(visual: Visual) -> int:
    """Return the height of a visual on a phone."""
    if visual.kind == "cardVisual":
        return 36 + PHONE_CARD * -(-len(visual.roles["Data"]) // 2)
    height = PHONE_HEIGHTS.get(visual.kind, PHONE_CHART)
    return height + PHONE_MORE if visual.is_tall else height


def _mobile(visual: Visual, place: tuple[int, int, int, int], order: int) -> Json:
    left, top, width, height = place
    written: Json = {"$schema": SCHEMAS["mobile"]}
    if visual.kind == "cardVisual":
        written["objects"] = {"layout": _properties(columnCount=whole_number(2))}
    written["position"] = {
        "x": left,
        "y": top,
        "z": order * 1000,
        "height": height,
        "width": width,
        "tabOrder": order * 1000,
    }
    return written


# ---------- expressions


def literal(value: str | float | bool) -> Json:
    """Return a PBIR literal: text in quotes, numbers with the suffix D."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = "'" + value.replace("'", "''") + "'"
    else:
        text = f"{value}D"
    return {"expr": {"Literal": {"Value": text}}}


def whole_number(value: int) -> Json:
    """Return an integer as a PBIR literal, with the suffix L."""
    return {"expr": {"Literal": {"Value": f"{value}L"}}}


def _colour(colour: str) -> Json:
    return {"solid": {"color": literal(colour)}}


def _properties(**properties: Any) -> list[Json]:
    return [{"properties": properties}]


def _in_state(state: str, **properties: Any) -> Json:
    """Return the properties of a button in one state: default, hover or selected."""
    return {"properties": properties, "selector": {"id": state}}


class _Writer:
    """Writes pages with the names of one model."""

    def __init__(
        self, model: Model, pages: tuple[Page, ...], bookmarks: tuple[Bookmark, ...]
    ) -> None:
        self.model = model
        self.pages = {page.key: page for page in pages}
        self.bookmarks = {bookmark.key for bookmark in bookmarks}
        self.text = model_text.read(tmdl.write(model))

    def place_of(self, field: Field) -> tuple[str, str]:
        """Return the table and the name of a field in the model.

        Raises:
            PowerBIError: the model does not have the field.
        """
        try:
            if field.is_measure:
                return MEASURES, self.model.measure(field.name).name
            table = self.model.by_origin(field.table)
            find = table.words_of if field.in_words else table.column_of
            return table.name, find(field.name).name
        except KeyError as error:
            raise PowerBIError(
                f"bank_warehouse/powerbi/pages.py: {error.args[0]}; correct the page or the model."
            ) from error

    def expression(self, field: Field, source: str = "") -> Json:
        """Return the expression of a field. In a filter, `source` is the alias of its table."""
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

    # ---------- filters

    def condition(self, only: Only) -> Json:
        """Return a filter that keeps or excludes the values of `only`."""
        table, _ = self.place_of(only.field)
        among: Json = {
            "In": {
                "Expressions": [self.expression(only.field, "t")],
                "Values": [[literal(value)["expr"]] for value in only.values],
            }
        }
        return {
            "Version": 2,
            "From": [{"Name": "t", "Entity": table, "Type": 0}],
            "Where": [{"Condition": {"Not": {"Expression": among}} if only.is_not else among}],
        }

    def highest(self, top: Top) -> Json:
        """Return a filter that keeps the values of a column with the highest measure."""
        table, _ = self.place_of(top.field)
        ranked = {
            "Version": 2,
            "From": [
                {"Name": "t", "Entity": table, "Type": 0},
                {"Name": "m", "Entity": MEASURES, "Type": 0},
            ],
            "Select": [{**self.expression(top.field, "t"), "Name": "field"}],
            "OrderBy": [{"Direction": 2, "Expression": self.expression(top.by, "m")}],
            "Top": top.count,
        }
        return {
            "Version": 2,
            "From": [
                {"Name": "subquery", "Expression": {"Subquery": {"Query": ranked}}, "Type": 2},
                {"Name": "t", "Entity": table, "Type": 0},
            ],
            "Where": [
                {
                    "Condition": {
                        "In": {
                            "Expressions": [self.expression(top.field, "t")],
                            "Table": {"SourceRef": {"Source": "subquery"}},
                        }
                    }
                }
            ],
        }

    def filters(self, page: Page, visual: Visual) -> list[Json]:
        filters = [
            {
                "name": short_identifier("filter", page.key, visual.key, str(number)),
                "field": self.expression(only.field),
                "type": "Categorical",
                "filter": self.condition(only),
                "howCreated": "User",
            }
            for number, only in enumerate(visual.only)
        ]
        if visual.top is not None:
            filters.append(
                {
                    "name": short_identifier("filter", page.key, visual.key, "top"),
                    "field": self.expression(visual.top.field),
                    "type": "TopN",
                    "filter": self.highest(visual.top),
                    "howCreated": "User",
                }
            )
        return filters

    # ---------- bookmarks

    def bookmark(self, bookmark: Bookmark) -> Json:
        """Return a bookmark, which resets the slicers of a page."""
        page = self.pages[bookmark.page]
        states = {
            visual_identifier(page, visual): {
                "singleVisual": {"visualType": visual.kind, "objects": self.opening(visual)}
            }
            for visual in page.visuals
            if resets(visual)
        }
        options: Json = {
            "applyOnlyToTargetVisuals": True,
            "targetVisualNames": list(states),
            "suppressDisplay": True,
        }
        if bookmark.stays:
            options["suppressActiveSection"] = True
        identifier = page_identifier(page)
        return {
            "$schema": SCHEMAS["bookmark"],
            "displayName": bookmark.title,
            "name": bookmark_identifier(bookmark.key),
            "options": options,
            "explorationState": {
                "version": _BOOKMARK_VERSION,
                "activeSection": identifier,
                "sections": {identifier: {"visualContainers": states}},
            },
        }

    def opening(self, visual: Visual) -> Json:
        """Return the state of a slicer in a bookmark: its selection on opening, or none."""
        if visual.chosen == "":
            return {"remove": [{"object": "general", "property": "filter"}]}
        return {"merge": {"general": self.choice(visual)}}

    def choice(self, visual: Visual) -> list[Json]:
        only = Only(visual.roles["Values"][0], (visual.chosen,))
        return _properties(filter={"filter": self.condition(only)})

    # ---------- pages and visuals

    def page(self, page: Page) -> Json:
        written: Json = {
            "$schema": SCHEMAS["page"],
            "name": page_identifier(page),
            "displayName": page.title,
            "displayOption": "ActualSize" if page.kind == "Tooltip" else "FitToPage",
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
        filters = self.filters(page, visual)
        if filters:
            written["filterConfig"] = {"filters": filters}
        return written

    def content(self, visual: Visual) -> Json:
        content: Json = {"visualType": visual.kind}
        if visual.roles:
            content["query"] = {"queryState": self.query(visual)}
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
        if visual.roles:
            content["drillFilterOtherVisuals"] = True
        return content

    def query(self, visual: Visual) -> Json:
        state: Json = {
            role: {"projections": [self.projection(each) for each in fields]}
            for role, fields in visual.roles.items()
        }
        if visual.parameter:
            parameter = _parameter(visual.parameter)
            state[list(state)[-1]]["fieldParameters"] = [
                {
                    "parameterExpr": self.expression(Field(parameter.origin, "[Value1]")),
                    "index": 0,
                    "length": 1,
                }
            ]
        return state

    def objects(self, visual: Visual) -> Json:
        objects: Json = {}
        match visual.kind:
            case "textbox":
                objects["general"] = _properties(
                    paragraphs=[
                        {"textRuns": [{"value": text, "textStyle": _text_style(visual, number)}]}
                        for number, text in enumerate(visual.text)
                    ]
                )
            case "slicer":
                objects["data"] = _properties(mode=literal("Dropdown"))
                objects["header"] = _properties(show=literal(False))
                if visual.chosen != "":
                    objects["general"] = self.choice(visual)
                    objects["selection"] = _properties(singleSelect=literal(True))
            case "pageNavigator":
                objects = _navigator()
            case "actionButton":
                objects = _button(visual)
            case "cardVisual":
                count = len(visual.roles["Data"])
                across = min(count, visual.place.width // _CARD_WIDTH)
                objects["layout"] = _properties(
                    maxTiles=whole_number(count), columnCount=whole_number(across)
                )
                objects["value"] = [_in_state("default", fontSize=literal(theme.CALLOUT_SIZE))]
                objects["label"] = [_in_state("default", fontSize=literal(theme.LABEL_SIZE))]
            case "pivotTable" | "tableEx" if not self.adds_up(visual):
                name, switches = checks.WITHOUT_TOTALS[visual.kind]
                objects[name] = _properties(**{each: literal(False) for each in switches})
            case "scatterChart" if visual.has_trend:
                objects["trend"] = _properties(
                    show=literal(True),
                    displayName=literal("Trend"),
                    lineColor=_colour(theme.INK),
                    style=literal("dashed"),
                )
        if visual.widths:
            objects["columnHeaders"] = _properties(autoSizeColumnWidth=literal(False))
            objects["columnWidth"] = [
                {
                    "properties": {"value": literal(width)},
                    "selector": {"metadata": self.query_name(each)},
                }
                for each, width in zip(visual.roles["Values"], visual.widths, strict=True)
            ]
        if visual.in_thousands:
            money = [each for each in self.measures(visual) if self.is_money(each)]
            objects["columnFormatting"] = [
                {
                    "properties": {
                        "labelDisplayUnits": literal(1000.0),
                        "labelPrecision": whole_number(0),
                    },
                    "selector": {"metadata": self.query_name(each)},
                }
                for each in money
            ]
        if visual.heat:
            objects["values"] = [self.heat(Field("", name)) for name in visual.heat]
        if visual.kind == "clusteredBarChart":
            # Names of products and occupations need more than the default quarter of the width.
            objects["categoryAxis"] = _properties(maxMarginFactor=whole_number(50))
        if visual.kind in CHARTS:
            objects["labels"] = _properties(show=literal(True), color=_colour(theme.INK))
        return objects

    def adds_up(self, visual: Visual) -> bool:
        """Whether a matrix or table has measures, and each has a meaningful total."""
        measures = [] if visual.without_totals else self.measures(visual)
        return bool(measures) and all(self.text.has_total(each.name) for each in measures)

    def measures(self, visual: Visual) -> list[Field]:
        """Return the measures of a table, including those that a reader can choose."""
        shown = [each for each in visual.roles["Values"] if each.is_measure]
        if visual.parameter:
            entries = [Field("", name) for _, name in _parameter(visual.parameter).entries]
            shown += [each for each in entries if each not in shown]
        return shown

    def is_money(self, field: Field) -> bool:
        """Whether a measure is an amount of money, or a mean of amounts."""
        pattern = self.model.measure(field.name).format_string
        return pattern == _MONEY or (pattern == _MEAN and bool(_OF_MONEY.search(field.name)))

    def heat(self, field: Field) -> Json:
        """Return the rule that colours the cells of a measure."""
        return {
            "properties": {"backColor": {"solid": {"color": {"expr": self.gradient(field)}}}},
            "selector": {
                "data": [{"dataViewWildcard": {"matchingOption": 1}}],
                "metadata": self.query_name(field),
            },
        }

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
        shows_title = visual.kind not in ("textbox", "pageNavigator", "actionButton")
        title = literal(visual.title)
        container: Json = {}
        if visual.finding:
            title = {"expr": self.expression(Field("", visual.finding))}
            container["subTitle"] = _properties(show=literal(True), text=literal(visual.title))
        container["title"] = _properties(show=literal(shows_title), text=title)
        container["general"] = _properties(altText=literal(visual.alt))
        if visual.is_whole:
            container["background"] = _properties(
                show=literal(True), color=_colour(theme.WHOLE), transparency=literal(0)
            )
            container["border"] = _properties(show=literal(True), color=_colour(theme.WHOLE_LINE))
        if visual.tooltip:
            if self.pages.get(visual.tooltip) is None:
                raise PowerBIError(f"{visual.key}: no tooltip page {visual.tooltip} exists.")
            container["visualTooltip"] = _properties(
                show=literal(True),
                type=literal("Canvas"),
                section=literal(page_identifier(self.pages[visual.tooltip])),
            )
        if visual.link is not None:
            link = {"show": literal(True), "type": literal(visual.link.kind)}
            if visual.link.target:
                if visual.link.target not in self.bookmarks:
                    raise PowerBIError(f"{visual.key}: no bookmark {visual.link.target} exists.")
                link["bookmark"] = literal(bookmark_identifier(visual.link.target))
            container["visualLink"] = _properties(**link)
        return container


def resets(visual: Visual) -> bool:
    """Whether bookmarks reset a visual: they reset all slicers but those that choose a measure."""
    choices = {each.origin for each in story.PARAMETERS}
    return visual.kind == "slicer" and visual.roles["Values"][0].table not in choices


def _parameter(name: str) -> story.FieldParameter:
    return next(each for each in story.PARAMETERS if each.name == name)


def _navigator() -> Json:
    return {
        "pages": _properties(showHiddenPages=literal(False), showTooltipPages=literal(False)),
        "fill": [
            _in_state("default", show=literal(True), fillColor=_colour(theme.PAPER)),
            _in_state("selected", show=literal(True), fillColor=_colour(theme.ACCENT)),
        ],
        "outline": [_in_state("default", show=literal(True), lineColor=_colour(theme.LINE))],
        "text": [
            _in_state("default", fontColor=_colour(theme.INK), fontSize=literal(9)),
            _in_state("selected", fontColor=_colour(theme.PAPER), fontSize=literal(9)),
        ],
    }


def _button(visual: Visual) -> Json:
    if visual.link is None:
        raise PowerBIError(f"{visual.key} is a button that does nothing: give it a link.")
    return {
        "icon": [
            {"properties": {"show": literal(False)}},
            _in_state("default", shapeType=literal("blank")),
        ],
        "text": [
            {"properties": {"show": literal(True)}},
            _in_state(
                "default",
                text=literal(visual.link.text),
                fontColor=_colour(theme.ACCENT),
                fontSize=literal(10),
                bold=literal(True),
            ),
        ],
        "fill": [
            {"properties": {"show": literal(True)}},
            _in_state("default", fillColor=_colour(theme.PAPER)),
        ],
        "outline": [_in_state("default", show=literal(True), lineColor=_colour(theme.ACCENT))],
    }


def _text_style(visual: Visual, number: int) -> Json:
    if visual.is_heading and number == 0:
        size = "16pt" if len(visual.text) > 1 else "11pt"
        return {"fontSize": size, "fontWeight": "bold", "color": theme.INK}
    return {"fontSize": "10pt", "color": theme.MUTED}
