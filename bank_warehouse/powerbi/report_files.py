"""Reads the files of a report (PBIR) back, for the checks and the drawings."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from bank_warehouse.powerbi.model_text import references

Json = dict[str, Any]
Files = Mapping[str, str]
Box = tuple[float, float, float, float]

_BASE = "https://developer.microsoft.com/json-schemas/fabric"
_REPORT = f"{_BASE}/item/report/definition"
SCHEMAS = {
    "visual": f"{_REPORT}/visualContainer/2.0.0/schema.json",
    "mobile": f"{_REPORT}/visualContainerMobileState/2.0.0/schema.json",
    "page": f"{_REPORT}/page/2.0.0/schema.json",
    "report": f"{_REPORT}/report/2.0.0/schema.json",
    "pages": f"{_REPORT}/pagesMetadata/1.0.0/schema.json",
    "bookmark": f"{_REPORT}/bookmark/2.0.0/schema.json",
    "bookmarks": f"{_REPORT}/bookmarksMetadata/1.0.0/schema.json",
    "version": f"{_REPORT}/versionMetadata/1.0.0/schema.json",
    "pbir": f"{_BASE}/item/report/definitionProperties/2.0.0/schema.json",
    "pbism": f"{_BASE}/item/semanticModel/definitionProperties/1.0.0/schema.json",
    "pbip": f"{_BASE}/pbip/pbipProperties/1.0.0/schema.json",
    "platform": f"{_BASE}/gitIntegration/platformProperties/2.0.0/schema.json",
}
"""The schema of each format: the oldest version that has everything the report uses."""


def box(position: Mapping[str, Any]) -> Box:
    """Return the left, top, right and bottom edges of a position."""
    left, top = position.get("x", 0), position.get("y", 0)
    return left, top, left + position.get("width", 0), top + position.get("height", 0)


def overlapping(boxes: Mapping[str, Box]) -> Iterator[tuple[str, str]]:
    """Yield each pair of names whose boxes overlap."""
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            yield one, other


def load(files: Files, path: str) -> Json:
    """Return the content of a JSON file; empty if the file is missing or invalid."""
    try:
        content = json.loads(files.get(path, "{}").lstrip("\ufeff"))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def path_ending(files: Files, suffix: str) -> str:
    """Return the first path with this suffix; empty if there is none."""
    return next((path for path in sorted(files) if path.endswith(suffix)), "")


def value_of(literal: str) -> Any:
    """Return the value of a literal: text, a number or a Boolean."""
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    if literal in ("true", "false"):
        return literal == "true"
    return float(literal.rstrip("DL"))


def property_of(objects: Json, key: str, name: str) -> Any:
    """Return the value of an object's property; None if it is missing or not a literal."""
    for each in objects.get(key, []):
        expression = each.get("properties", {}).get(name, {})
        if isinstance(expression, Mapping):
            expression = expression.get("solid", {}).get("color", expression)
            literal = expression.get("expr", {}).get("Literal", {}).get("Value")
            if literal is not None:
                return value_of(literal)
    return None


@dataclass
class Visual:
    """A visual, as read from its files."""

    path: str
    name: str
    content: Json
    mobile: Json = field(default_factory=dict)

    @property
    def visual(self) -> Json:
        """The part of `visual.json` that defines what the visual shows."""
        found: Json = self.content.get("visual", {})
        return found

    @property
    def kind(self) -> str:
        """The type of the visual."""
        return str(self.visual.get("visualType", ""))

    @property
    def dress(self) -> Json:
        """Title, border, background and the like."""
        found: Json = self.visual.get("visualContainerObjects", {})
        return found

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height."""
        place = self.content.get("position", {})
        left, top, width, height = (place.get(key, 0) for key in ("x", "y", "width", "height"))
        return left, top, width, height

    @property
    def title(self) -> str:
        """The fixed text that says what the visual shows."""
        words = property_of(self.dress, "subTitle", "text") or self.fixed_title
        return str(words or "")

    @property
    def fixed_title(self) -> str:
        """The title, or an empty string if the title is a measure."""
        return str(property_of(self.dress, "title", "text") or "")

    @property
    def finding(self) -> str:
        """Name of the measure that is the title; empty if the title is fixed."""
        for each in self.dress.get("title", []):
            text = each.get("properties", {}).get("text", {})
            for kind, _, name in references(text):
                if kind == "Measure":
                    return name
        return ""

    @property
    def alt(self) -> str:
        """The alt text."""
        return str(property_of(self.dress, "general", "altText") or "")

    def projections(self, *roles: str) -> list[Json]:
        """Return the fields in these roles, or in all roles if none is given."""
        states = self.visual.get("query", {}).get("queryState", {})
        return [
            projection
            for role, state in states.items()
            if not roles or role in roles
            for projection in state.get("projections", [])
        ]

    def fields(self, kind: str, *roles: str) -> list[tuple[str, str]]:
        """Return the table and name of each column or measure that the visual shows."""
        return [
            (table, name)
            for projection in self.projections(*roles)
            for found, table, name in references(projection.get("field", {}))
            if found == kind
        ]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Table and column of the field parameters that select the visual's measures."""
        states = self.visual.get("query", {}).get("queryState", {})
        return [
            (table, name)
            for state in states.values()
            for parameter in state.get("fieldParameters", [])
            for _, table, name in references(parameter)
        ]

    @property
    def filters(self) -> list[Json]:
        """The visual's own filters."""
        found: list[Json] = self.content.get("filterConfig", {}).get("filters", [])
        return found


@dataclass
class Page:
    """A page, as read from its files."""

    name: str
    content: Json
    visuals: dict[str, Visual]

    @property
    def title(self) -> str:
        """The title on the page's tab."""
        return str(self.content.get("displayName") or self.name)

    @property
    def kind(self) -> str:
        """Drillthrough, Tooltip, or empty for a normal page."""
        return str(self.content.get("type", ""))

    def of(self, kind: str) -> list[Visual]:
        """Return the visuals of a type."""
        return [visual for visual in self.visuals.values() if visual.kind == kind]


def pages(files: Files) -> dict[str, Page]:
    """Return the pages of a report by their identifiers, in the order of the tabs."""
    index = path_ending(files, "definition/pages/pages.json")
    root = posixpath.dirname(index)
    found: dict[str, Page] = {}
    for path in sorted(files):
        parts = path.removeprefix(f"{root}/").split("/")
        if not index or not path.startswith(f"{root}/") or len(parts) < 2:
            continue
        page = found.setdefault(parts[0], Page(parts[0], {}, {}))
        if parts[1:] == ["page.json"]:
            page.content = load(files, path)
        elif len(parts) == 4 and parts[3] == "visual.json":
            page.visuals[parts[2]] = Visual(
                path,
                parts[2],
                load(files, path),
                load(files, path.replace("visual.json", "mobile.json")),
            )
    order = load(files, index).get("pageOrder", [])
    return {
        name: found[name]
        for name in sorted(found, key=lambda each: order.index(each) if each in order else 999)
    }


def bookmarks(files: Files) -> dict[str, Json]:
    """Return the bookmarks of a report by their identifiers."""
    found = [load(files, path) for path in sorted(files) if path.endswith(".bookmark.json")]
    return {str(each.get("name")): each for each in found}


def filter_values(chosen: Json) -> list[tuple[str, str, bool, list[Any]]]:
    """Return the table and column of each condition, whether it excludes values, and the values."""
    tables = {each.get("Name"): each.get("Entity") for each in chosen.get("From", [])}
    found = []
    for each in chosen.get("Where", []):
        condition = each.get("Condition", {})
        is_not = "Not" in condition
        inner = condition["Not"].get("Expression", {}) if is_not else condition
        among = inner.get("In", {})
        for expression in among.get("Expressions", []):
            column = expression.get("Column", {})
            source = column.get("Expression", {}).get("SourceRef", {}).get("Source")
            values = [
                value_of(value.get("Literal", {}).get("Value", "''"))
                for row in among.get("Values", [])
                for value in row
            ]
            found.append((str(tables.get(source)), str(column.get("Property")), is_not, values))
    return found
