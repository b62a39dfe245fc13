"""Checks that every reference in a written project resolves, and that people can use the report."""

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from bank_warehouse.powerbi import best_practice, model_text, report_checks, theme
from bank_warehouse.powerbi.model_text import REFERENCE, ModelText, code_of, references
from bank_warehouse.powerbi.page_parts import CATEGORY_ROLES, MEASURE_ROLES, ROLES
from bank_warehouse.powerbi.report_files import box, load, overlapping, path_ending
from bank_warehouse.powerbi.tmdl_reader import Node, split_column, unquote

Json = dict[str, Any]
Files = Mapping[str, str]

PERSONAL = frozenset({"client_id", "client_name", "banking_contact", "location_id", "raw_text"})
"""Columns that hold personal data: no model may contain them."""

WANTED_PAGES = (
    "Overview",
    "Segmentation",
    "Product holdings",
    "Income and deposits",
    "Credit and risk",
    "Stress",
    "Actions",
    "Migrations",
    "Explore",
    "Data quality",
    "Customer detail",
)
RESERVED = frozenset({"Measures"})
"""Table names that the engine reserves."""

DATA_ACCESS = ("legacyRedirects", "returnErrorValuesAsNull")
"""Data-access options that Power BI Desktop sets in every model."""

WITHOUT_TOTALS = {
    "tableEx": ("total", ("totals",)),
    "pivotTable": ("subTotals", ("rowSubtotals", "columnSubtotals")),
}
"""How tables and matrices turn off their totals: the object and its properties."""

WANTED_ROLES = ("By banking relationship", "By investment advisor", "Everything")
ROLE_WITHOUT_FILTERS = "Everything"
TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0

_PARAMETER_OR_FUNCTION = re.compile(r"\bIsParameterQuery\b|^\s*\([^)]*\)[^=]*=>")
_M_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_M_SOURCE = re.compile(
    r"\b(PostgreSQL\.Database|Folder\.\w+|File\.Contents|Web\.\w+|Odbc\.\w+|Sql\.\w+)\("
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def findings(files: Files) -> list[str]:
    """Return every mistake found, as `place: what is wrong`, sorted.

    Args:
        files: text of each file of the project, by its path in the project folder.
    """
    model = model_text.read(files)
    found = [
        *_texts(files),
        *_model_files(files, model),
        *_tables(model),
        *_measures(model),
        *_relationships(model),
        *_roles(model),
        *_sources(model),
        *_loaded_twice(model),
        *best_practice.findings(model),
        *_project(files),
        *_theme(files),
        *_pages(files, model),
        *report_checks.findings(files, model),
    ]
    return sorted(found)


# ---------- files


def _texts(files: Files) -> Iterator[str]:
    for path, text in files.items():
        if text.startswith("\ufeff"):
            yield f"{path}: begins with a byte-order mark"
        if path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform")):
            try:
                json.loads(text)
            except ValueError as error:
                yield f"{path}: is not valid JSON ({error})"


def _project(files: Files) -> Iterator[str]:
    for path in files:
        if path.endswith(".pbip"):
            for artifact in load(files, path).get("artifacts", []):
                target = artifact.get("report", {}).get("path", "")
                if f"{target}/definition.pbir" not in files:
                    yield f"{path}: the report {target!r} does not exist"
    pbir = path_ending(files, "definition.pbir")
    target = load(files, pbir).get("datasetReference", {}).get("byPath", {}).get("path", "")
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(pbir), target))
    if f"{folder}/definition.pbism" not in files:
        yield f"{pbir}: the semantic model {target!r} does not exist"


# ---------- semantic model


def _model_files(files: Files, model: ModelText) -> Iterator[str]:
    path = path_ending(files, "definition/model.tmdl")
    named = {
        (kind, unquote(name))
        for kind, name in re.findall(r"(?m)^ref (table|role) (.+?)\s*$", files.get(path, ""))
    }
    there = {("table", name) for name in model.tables} | {("role", name) for name in model.roles}
    for kind, name in sorted(named - there):
        yield f"{path}: refers to the {kind} {name}, which has no file"
    for kind, name in sorted(there - named):
        yield f"{path}: does not refer to the {kind} {name}"
    for option in DATA_ACCESS:
        if not re.search(rf"(?m)^\t\t{option}$", files.get(path, "")):
            yield f"{path}: lacks {option}, without which Power Query treats errors differently"
    groups = {
        unquote(name) for name in re.findall(r"(?m)^queryGroup (.+?)\s*$", files.get(path, ""))
    }
    used = {
        unquote(each)
        for text in files.values()
        for each in re.findall(r"(?m)^\t+queryGroup: (.+?)\s*$", text)
    }
    for name in sorted(used ^ groups):
        yield f"{path}: the query group {name} is {'missing' if name in used else 'empty'}"
    tags: list[str] = []
    for name in files:
        if name.endswith(".tmdl"):
            tags += re.findall(r"(?m)^\s*lineageTag: (.*)$", files[name])
            if re.search(r"(?m)^\s*description:", files[name]):
                yield f"{name}: a description must be above its object, after ///"
    for tag, count in Counter(tags).items():
        if count > 1:
            yield f"{path}: the lineage tag {tag} is used {count} times"
        if not _UUID.fullmatch(tag):
            yield f"{path}: the lineage tag {tag} is not a UUID"


def _tables(model: ModelText) -> Iterator[str]:
    dated = [table.name for table in model.tables.values() if table.properties.get("dataCategory")]
    if len(dated) != 1:
        yield f"model: {len(dated)} tables are marked as the date table, but exactly one must be"
    for name in sorted(model.tables.keys() & model.expressions.keys()):
        yield f"model: a table and a parameter or function are both named {name}"
    for table in model.tables.values():
        columns = model.columns[table.name]
        where = f"table {table.name}"
        if table.name in RESERVED:
            yield f"{where}: the engine reserves this name"
        if not table.description:
            yield f"{where}: has no description"
        if table.name in dated:
            keys = [column for column in columns.values() if "isKey" in column.properties]
            if len(keys) != 1 or keys[0].properties.get("dataType") != "dateTime":
                yield f"{where}: a date table needs one date column as its key"
        query = model.query(table.name)
        if not query:
            yield f"{where}: has no partition with a source"
        for name in re.findall(r"\b(Read\w+|Release\w+|Access\w+)\b", query):
            if name not in model.expressions:
                yield f"{where}: calls {name}, which is not an expression of the model"
        for column in columns.values():
            yield from _column(f"{where}, column {column.name}", column, columns, query)
        for hierarchy in table.of("hierarchy"):
            levels = [level.properties.get("column", "") for level in hierarchy.of("level")]
            for level in levels:
                if unquote(level) not in columns:
                    yield f"{where}, hierarchy {hierarchy.name}: the column {level} does not exist"
            if not levels:
                yield f"{where}, hierarchy {hierarchy.name}: has no levels"


def _loaded_twice(model: ModelText) -> Iterator[str]:
    """Yield text columns that a table joins from a mart and that the mart's own table loads too."""
    owners = {
        found[1]: name
        for name in model.tables
        if (found := re.search(r'ReadTable\("\w+", "(\w+)"\)', model.query(name)))
    }
    for name in model.tables:
        for mart, taken in re.findall(
            r'Table\.SelectColumns\(ReadTable\("\w+", "(\w+)"\), \{([^}]*)\}', model.query(name)
        ):
            owner = owners.get(mart, "")
            for column in model.columns.get(owner, {}).values():
                is_text = column.properties.get("dataType") == "string"
                if is_text and f'"{column.properties.get("sourceColumn")}"' in taken:
                    yield f"table {owner}, column {column.name}: {name} already has this text"


def _column(where: str, column: Node, columns: Mapping[str, Node], query: str) -> Iterator[str]:
    if not column.description:
        yield f"{where}: has no description"
    if column.properties.get("summarizeBy") != "none":
        yield f"{where}: would be summed by default; use a measure"
    order = column.properties.get("sortByColumn")
    if order is not None and unquote(order) not in columns:
        yield f"{where}: is sorted by {order}, which does not exist"
    source = column.properties.get("sourceColumn", "")
    if source in PERSONAL:
        yield f"{where}: {source} is personal data"
    is_computed = source.startswith("[Value")
    if not column.text and not is_computed and not re.search(rf"\b{re.escape(source)}\b", query):
        yield f"{where}: the source has no column {source!r}"
    is_key = source.endswith("_key")
    if is_key and "isHidden" not in column.properties:
        yield f"{where}: is a key, but is not hidden"
    if not column.text and "dataType" not in column.properties:
        yield f"{where}: has no type"


def _sources(model: ModelText) -> Iterator[str]:
    """Yield what Power Query's firewall or a gateway would refuse.

    A query that refers to another query must not read a source itself. Parameters and functions are
    not queries: what a function reads counts as read by the queries that call it.
    """
    texts = {name: node.text for name, node in model.expressions.items()}
    queries = {name for name, text in texts.items() if not _PARAMETER_OR_FUNCTION.search(text)}
    texts |= {name: model.query(name) for name in model.tables}
    queries |= model.tables.keys()
    kinds: set[str] = set()
    for name, text in texts.items():
        called = [
            node.text
            for function, node in model.expressions.items()
            if re.search(rf"\b{re.escape(function)}\(", text)
        ]
        code = _M_COMMENT.sub("", "\n".join([text, *called]))
        read = set(_M_SOURCE.findall(code_of(code)))
        kinds |= read - {"File.Contents"}
        others = {other for other in queries - {name} if _refers(code, other)}
        if read and others:
            yield (
                f"{name}: reads {min(read)} and also the query {min(others)}, which the "
                "firewall of Power Query refuses"
            )
    if len(kinds) > 1:
        yield f"model: reads {' and '.join(sorted(kinds))}, so a gateway would need all of them"


def _refers(code: str, query: str) -> bool:
    """Whether M code refers to a query by name."""
    bare = rf"(?<![\w.\[]){re.escape(query)}(?![\w\]])"
    return f'#"{query}"' in code or bool(re.search(bare, code_of(code)))


def _measures(model: ModelText) -> Iterator[str]:
    for name, (table, measure) in model.measures.items():
        where = f"measure {name}"
        if not measure.description:
            yield f"{where}: has no description"
        if not measure.properties.get("displayFolder"):
            yield f"{where}: has no display folder"
        if name in model.columns[table]:
            yield f"{where}: {table} has a column of the same name"
        yield from dax_findings(where, measure.text, model)
    for table_name, columns in model.columns.items():
        for column in columns.values():
            if column.text:
                where = f"table {table_name}, column {column.name}"
                yield from dax_findings(where, column.text, model)


def dax_findings(where: str, text: str, model: ModelText) -> Iterator[str]:
    """Yield mistakes in a DAX expression: no code, unbalanced parentheses, or missing objects."""
    code = code_of(text)
    if not code.strip():
        yield f"{where}: has no expression"
    if code.count("(") != code.count(")"):
        yield f"{where}: its parentheses do not balance"
    for found in REFERENCE.finditer(code):
        table, column, measure = found["table"], found["column"], found["measure"]
        if measure is not None:
            if measure not in model.measures:
                yield f"{where}: the measure [{measure}] does not exist"
        elif table not in model.tables:
            yield f"{where}: the table '{table}' does not exist"
        elif column is not None and column not in model.columns[table]:
            yield f"{where}: the column '{table}'[{column}] does not exist"


def _relationships(model: ModelText) -> Iterator[str]:
    paths: dict[str, list[str]] = {}
    seen: set[tuple[str, ...]] = set()
    for each in model.relationships:
        where = f"relationship {each.name}"
        ends = []
        for key in ("fromColumn", "toColumn"):
            table, column = split_column(each.properties.get(key, "?.?"))
            node = model.columns.get(table, {}).get(column)
            if node is None:
                yield f"{where}: the column '{table}'[{column}] does not exist"
            ends.append((table, column, node))
        if each.properties.get("crossFilteringBehavior", "oneDirection") != "oneDirection":
            yield f"{where}: filters in both directions"
        types = {node.properties.get("dataType") for _, _, node in ends if node is not None}
        if len(types) > 1:
            yield f"{where}: joins different types: {' and '.join(sorted(map(str, types)))}"
        pair = (*ends[0][:2], *ends[1][:2])
        if pair in seen:
            yield f"{where}: is defined twice"
        seen.add(pair)
        if each.properties.get("isActive") != "false":
            paths.setdefault(ends[0][0], []).append(ends[1][0])
    for table in paths:
        for reached, count in Counter(_walk(table, paths, ())).items():
            if count > 1:
                yield f"model: {count} filter paths lead from {reached} to {table}"


def _walk(table: str, paths: Mapping[str, list[str]], way: tuple[str, ...]) -> Iterator[str]:
    for parent in paths.get(table, []):
        if parent not in way:
            yield parent
            yield from _walk(parent, paths, (*way, table))


def _roles(model: ModelText) -> Iterator[str]:
    for wanted in WANTED_ROLES:
        if wanted not in model.roles:
            yield f"model: the role {wanted} is missing"
    for role in model.roles.values():
        where = f"role {role.name}"
        if role.properties.get("modelPermission") != "read":
            yield f"{where}: must have read permission only"
        permissions = list(role.of("tablePermission"))
        if role.name == ROLE_WITHOUT_FILTERS:
            yield from (f"{where}: hides rows of {each.name}" for each in permissions)
            continue
        if not any("USERPRINCIPALNAME()" in each.text for each in permissions):
            yield f"{where}: does not depend on the signed-in user"
        for permission in permissions:
            if permission.name not in model.tables:
                yield f"{where}: the table {permission.name} does not exist"
            yield from dax_findings(f"{where}, {permission.name}", permission.text, model)
        yield from _leaks(role, model)


def _leaks(role: Node, model: ModelText) -> Iterator[str]:
    """Yield the tables with a customer key that a role's filter does not reach."""
    filtered = {each.name for each in role.of("tablePermission")}
    for table, columns in model.columns.items():
        sources = {column.properties.get("sourceColumn") for column in columns.values()}
        if "customer_key" in sources and not filtered & model.filtered_by(table):
            yield f"role {role.name}: can see every row of {table}"


# ---------- report


def _theme(files: Files) -> Iterator[str]:
    path = path_ending(files, "definition/report.json")
    report = load(files, path)
    folder = path.removesuffix("definition/report.json") + "StaticResources/RegisteredResources"
    packaged = {
        item.get("name"): f"{folder}/{item.get('path')}"
        for package in report.get("resourcePackages", [])
        for item in package.get("items", [])
    }
    themes = report.get("themeCollection", {})
    if themes.get("baseTheme", {}).get("type") == "RegisteredResources":
        yield f"{path}: the theme replaces Desktop's base theme"
    chosen = themes.get("customTheme", {}).get("name")
    if chosen not in packaged:
        yield f"{path}: no resource package has the theme {chosen!r}"
        return
    if packaged[chosen] not in files:
        yield f"{path}: the theme's file {packaged[chosen]} is missing"
        return
    content = load(files, packaged[chosen])
    paper, ink = content.get("background", "#FFFFFF"), content.get("foreground", "#FFFFFF")
    texts = [ink, content.get("foregroundNeutralSecondary", "#FFFFFF"), content.get("hyperlink")]
    grounds = [paper, content.get("secondaryBackground", ink)]
    pairs = [(text, ground, TEXT_CONTRAST) for text in texts if text for ground in grounds]
    pairs += [(colour, paper, MARK_CONTRAST) for colour in content.get("dataColors", [])]
    pairs += [(ink, content.get(end, ink), TEXT_CONTRAST) for end in ("minimum", "maximum")]
    for one, other, wanted in pairs:
        if theme.contrast(one, other) < wanted:
            ratio = f"{theme.contrast(one, other):.1f}"
            yield f"{packaged[chosen]}: {one} on {other} has a contrast of {ratio}, below {wanted}"


def _pages(files: Files, model: ModelText) -> Iterator[str]:
    path = path_ending(files, "definition/pages/pages.json")
    listed = load(files, path)
    root = posixpath.dirname(path)
    folders = {
        name.removeprefix(f"{root}/").split("/")[0]
        for name in files
        if name.startswith(f"{root}/") and name != path
    }
    order = listed.get("pageOrder", [])
    for name in order:
        if name not in folders:
            yield f"{path}: the page {name} does not exist"
    for name in sorted(folders - set(order)):
        yield f"{path}: the page order does not list {name}"
    if listed.get("activePageName") not in order:
        yield f"{path}: the opening page {listed.get('activePageName')} does not exist"
    pages = {name: load(files, f"{root}/{name}/page.json") for name in sorted(folders)}
    titles = [page.get("displayName") for page in pages.values()]
    for wanted in WANTED_PAGES:
        if wanted not in titles:
            yield f"{path}: the page {wanted!r} is missing"
    for name, page in pages.items():
        where = f"page {page.get('displayName') or name}"
        if page.get("name") != name:
            yield f"{where}: is called {page.get('name')} in the folder {name}"
        if not re.fullmatch(r"[\w-]+", name):
            yield f"{where}: the identifier {name!r} has characters that Power BI does not allow"
        visuals = {
            file.split("/")[-2]: load(files, file)
            for file in sorted(files)
            if file.startswith(f"{root}/{name}/visuals/") and file.endswith("/visual.json")
        }
        if not visuals:
            yield f"{where}: has no visuals"
        yield from _drill_through(where, name, page, files, root, model)
        yield from _layout(where, page, visuals)
        for identifier, visual in visuals.items():
            yield from _visual(where, identifier, visual, model, pages)


def _drill_through(
    where: str,
    name: str,
    page: Json,
    files: Files,
    root: str,
    model: ModelText,
) -> Iterator[str]:
    filters = {each.get("name"): each for each in page.get("filterConfig", {}).get("filters", [])}
    for each in filters.values():
        yield from _fields(f"{where}, filter {each.get('name')}", each.get("field", {}), model)
    binding = page.get("pageBinding", {})
    if page.get("type") != binding.get("type"):
        types = page.get("type"), binding.get("type")
        yield f"{where}: its type is {types[0]}, but its binding has the type {types[1]}"
    if page.get("type") != "Drillthrough":
        return
    if not binding.get("parameters"):
        yield f"{where}: no visual can drill through to it"
    for parameter in binding.get("parameters", []):
        bound = filters.get(parameter.get("boundFilter"), {})
        if bound.get("field") != parameter.get("fieldExpr"):
            yield f"{where}: its parameter and its filter have different fields"
        wanted = json.dumps(parameter.get("fieldExpr"))
        sources = [
            file
            for file in files
            if file.endswith("/visual.json")
            and not file.startswith(f"{root}/{name}/")
            and wanted in json.dumps(load(files, file).get("visual", {}).get("query", {}))
        ]
        if not sources:
            yield f"{where}: no visual on another page shows its drill-through field"


def _layout(where: str, page: Json, visuals: Mapping[str, Json]) -> Iterator[str]:
    places = {name: visual.get("position", {}) for name, visual in visuals.items()}
    boxes = {name: box(places[name]) for name in sorted(places)}
    for name, (left, top, right, bottom) in boxes.items():
        if left < 0 or top < 0 or right > page.get("width", 0) or bottom > page.get("height", 0):
            yield f"{where}, visual {name}: is outside the page"
    for one, other in overlapping(boxes):
        yield f"{where}: the visuals {one} and {other} overlap"
    tabs = [place.get("tabOrder") for place in places.values()]
    if None in tabs or len(set(tabs)) != len(tabs):
        yield f"{where}: two visuals have the same place in the tab order, or one has none"
        return
    visited = sorted(places, key=lambda name: places[name]["tabOrder"])
    for before, after in pairwise(visited):
        if boxes[after][3] <= boxes[before][1]:
            yield f"{where}: the tab order goes back up from {before} to {after}"


def _visual(
    page: str, identifier: str, container: Json, model: ModelText, pages: Mapping[str, Json]
) -> Iterator[str]:
    visual = container.get("visual", {})
    kind = visual.get("visualType", "")
    where = f"{page}, {kind} {identifier}"
    if container.get("name") != identifier:
        yield f"{where}: is called {container.get('name')}"
    if not re.fullmatch(r"[\w-]+", identifier):
        yield f"{where}: the identifier has characters that Power BI does not allow"
    if kind not in ROLES:
        yield f"{where}: this visual type does not exist"
        return
    dressed = visual.get("visualContainerObjects", {})
    for key, name, what in (("title", "text", "title"), ("general", "altText", "alt text")):
        if not _text_of(dressed, key, name).strip() and not any(references(dressed.get(key))):
            yield f"{where}: has no {what}"
    section = _text_of(dressed, "visualTooltip", "section")
    if section and pages.get(section, {}).get("type") != "Tooltip":
        yield f"{where}: its tooltip {section} is not a tooltip page"
    states = visual.get("query", {}).get("queryState", {})
    if ROLES[kind] and not states:
        yield f"{where}: shows nothing"
    shown: dict[str, Json] = {}
    for role, state in states.items():
        if role not in ROLES[kind]:
            yield f"{where}: a visual of this type has no role {role}"
        for projection in state.get("projections", []):
            yield from _projection(where, role, projection, model)
            shown[projection.get("queryRef", "")] = projection.get("field", {})
    for each in visual.get("query", {}).get("sortDefinition", {}).get("sort", []):
        yield from _fields(f"{where}, sorting", each.get("field", {}), model)
        if each.get("field") not in shown.values():
            yield f"{where}: is sorted by a field that it does not show"
    for each in container.get("filterConfig", {}).get("filters", []):
        yield from _fields(f"{where}, filter", each.get("field", {}), model)
        yield from _filter(where, each.get("filter"), each.get("field", {}))
    for properties in visual.get("objects", {}).get("general", []):
        chosen = properties["properties"].get("filter", {}).get("filter")
        for projected in shown.values() if chosen else ():
            yield from _filter(where, chosen, projected)
    for state in states.values():
        for _, table, _ in references(state.get("fieldParameters", [])):
            for entry in report_checks.entries_of(table, model):
                home = model.measures[entry][0] if entry in model.measures else ""
                shown[f"{home}.{entry}"] = {
                    "Measure": {"Expression": {"SourceRef": {"Entity": home}}, "Property": entry}
                }
    yield from _gradients(where, visual.get("objects", {}).get("values", []), shown)
    yield from _totals(where, visual, model)


def _totals(where: str, visual: Json, model: ModelText) -> Iterator[str]:
    """Yield a finding if a table or matrix shows a total that has no meaning."""
    name, switches = WITHOUT_TOTALS.get(visual.get("visualType", ""), ("", ()))
    states = visual.get("query", {}).get("queryState", {})
    shown = [name for kind, _, name in references(list(states.values())) if kind == "Measure"]
    for _, table, _ in references([state.get("fieldParameters", []) for state in states.values()]):
        shown += report_checks.entries_of(table, model)
    for measure in shown:
        if switches and not model.has_total(measure):
            set_to = _literals(visual.get("objects", {}).get(name, []))
            if set_to.count("false") < len(switches):
                yield f"{where}: {measure} has no meaningful total; turn the totals off"
                return


def _literals(tree: Any) -> list[str]:
    """Return the constants in a part of a visual, as written in the file."""
    if isinstance(tree, Mapping):
        literal = tree.get("Literal")
        found = [literal["Value"]] if isinstance(literal, Mapping) else []
        return found + [text for value in tree.values() for text in _literals(value)]
    if isinstance(tree, list):
        return [text for value in tree for text in _literals(value)]
    return []


def _text_of(objects: Json, key: str, name: str) -> str:
    for each in objects.get(key, []):
        value = each.get("properties", {}).get(name, {})
        text: str = value.get("expr", {}).get("Literal", {}).get("Value", "''")
        return text[1:-1].replace("''", "'")
    return ""


def _projection(where: str, role: str, projection: Json, model: ModelText) -> Iterator[str]:
    shown = projection.get("field", {})
    yield from _fields(f"{where}, {role}", shown, model)
    kinds = set(shown)
    if role in MEASURE_ROLES and kinds != {"Measure"}:
        yield f"{where}: {role} takes only measures"
    if role in CATEGORY_ROLES and kinds != {"Column"}:
        yield f"{where}: {role} takes only columns"
    for _, entity, name in references(shown):
        if projection.get("queryRef") != f"{entity}.{name}":
            yield f"{where}: {projection.get('queryRef')} does not match {entity}.{name}"


def _fields(where: str, expression: Json, model: ModelText) -> Iterator[str]:
    found = list(references(expression))
    if not found:
        yield f"{where}: refers to no field"
    if "Aggregation" in expression:
        yield f"{where}: sums a column implicitly; use a measure"
    for kind, entity, name in found:
        if kind == "Measure":
            if name not in model.measures or model.measures[name][0] != entity:
                yield f"{where}: the measure {entity}.{name} does not exist"
        elif name not in model.columns.get(entity, {}):
            yield f"{where}: the column {entity}.{name} does not exist"
        elif model.is_wide(entity, name):
            yield f"{where}: shows {entity}.{name}, which has more digits than a visual can show"


def _filter(where: str, chosen: Json | None, wanted: Json) -> Iterator[str]:
    """Yield a finding if a filter's condition is on a field other than the filter's own."""
    if chosen is None:
        return
    tables = {each.get("Name"): each.get("Entity") for each in chosen.get("From", [])}
    expected = {(entity, name) for _, entity, name in references(wanted)}
    for each in chosen.get("Where", []):
        condition = each.get("Condition", {})
        condition = condition.get("Not", {}).get("Expression", condition)
        for inner in condition.get("In", {}).get("Expressions", []):
            column = inner.get("Column", {})
            source = column.get("Expression", {}).get("SourceRef", {}).get("Source")
            if (tables.get(source), column.get("Property")) not in expected:
                yield f"{where}: a filter's condition is on a different field"


def _gradients(where: str, values: Iterable[Json], shown: Mapping[str, Json]) -> Iterator[str]:
    for each in values:
        metadata = each.get("selector", {}).get("metadata")
        rule = _find(each.get("properties", {}), "FillRule")
        if rule is None:
            continue
        if metadata not in shown or rule.get("Input") != shown[metadata]:
            yield f"{where}: colours its cells by a field that it does not show"
        ends = rule.get("FillRule", {}).get("linearGradient2", {})
        for end in ("min", "max"):
            value = ends.get(end, {}).get("color", {}).get("Literal", {}).get("Value", "''")
            if not re.fullmatch(r"'#[0-9A-Fa-f]{6}'", value):
                yield f"{where}: {value} is not a valid colour"
            elif theme.contrast(value[1:-1], theme.INK) < TEXT_CONTRAST:
                yield f"{where}: numbers are illegible on {value}"


def _find(tree: Any, key: str) -> Json | None:
    if isinstance(tree, Mapping):
        if key in tree and isinstance(tree[key], dict):
            found: Json = tree[key]
            return found
        for value in tree.values():
            inner = _find(value, key)
            if inner is not None:
                return inner
    return None
