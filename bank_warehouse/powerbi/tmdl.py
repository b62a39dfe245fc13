"""Writes the semantic model as TMDL text.

For the format, see https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview. Lines are
indented with tabs, and a description is in `///` lines above its object.
"""

import re
from collections.abc import Iterable

from bank_warehouse.powerbi.definitions import (
    Measure,
    Model,
    ModelColumn,
    ModelTable,
    Relationship,
    Role,
)
from bank_warehouse.powerbi.names import identifier

CULTURE = "en-US"


def write(model: Model) -> dict[str, str]:
    """Return the text of every file, by its path under `definition/`."""
    files = {
        "database.tmdl": "database\n\tcompatibilityLevel: 1600\n\n",
        "model.tmdl": _model(model),
        "expressions.tmdl": _expressions(model),
        "relationships.tmdl": "".join(_relationship(each) for each in model.relationships),
        f"cultures/{CULTURE}.tmdl": f"cultureInfo {CULTURE}\n\n",
    }
    for table in model.tables.values():
        files[f"tables/{table.name}.tmdl"] = _table(table, _storage(table, model.mode))
    for role in model.roles:
        files[f"roles/{role.name}.tmdl"] = _role(role)
    return files


def quote(name: str) -> str:
    """Return a name in TMDL, quoted if it has spaces or special characters."""
    if re.fullmatch(r"[\w-]+", name):
        return name
    return "'" + name.replace("'", "''") + "'"


def _storage(table: ModelTable, mode: str) -> str:
    """Return the storage mode of a table.

    With directQuery, the customers and their facts stay in the database. The dimensions that filter
    them are dual. Result tables and the model's own lists are imported.
    """
    if mode == "import" or not table.reads:
        return "import"
    if any(column.source == "customer_key" for column in table.columns):
        return "directQuery"
    return "dual" if table.origin.startswith("dim_") else "import"


def _tag(*path: str) -> str:
    return f"lineageTag: {identifier(*path)}"


def _indent(text: str, depth: int) -> str:
    tabs = "\t" * depth
    return "\n".join(tabs + line if line.strip() else "" for line in text.split("\n"))


def _description(text: str, depth: int) -> list[str]:
    return ["\t" * depth + f"/// {text}"] if text else []


def _block(depth: int, head: str, properties: Iterable[str]) -> list[str]:
    tabs = "\t" * depth
    return [tabs + head, *(f"{tabs}\t{each}" for each in properties if each)]


def _expression(depth: int, head: str, text: str) -> list[str]:
    """Return the lines of `head = text`; text of several lines goes below the head."""
    tabs = "\t" * depth
    if "\n" not in text:
        return [f"{tabs}{head} = {text}"]
    return [f"{tabs}{head} =", _indent(text, depth + 2)]


def _model(model: Model) -> str:
    order = ", ".join(f'"{name}"' for name in model.expressions)
    lines = _block(
        0,
        "model Model",
        [
            f"culture: {CULTURE}",
            "defaultPowerBIDataSourceVersion: powerBI_V3",
            "discourageImplicitMeasures",
            f"sourceQueryCulture: {CULTURE}",
            "dataAccessOptions",
            "\tlegacyRedirects",
            "\treturnErrorValuesAsNull",
        ],
    )
    groups = [each.group for each in model.expressions.values()]
    groups += [table.group for table in model.tables.values() if table.group]
    for number, group in enumerate(dict.fromkeys(groups)):
        lines += ["", f"queryGroup {quote(group)}", ""]
        lines += [f"\tannotation PBI_QueryGroupOrder = {number}"]
    lines += [
        "",
        "annotation __PBI_TimeIntelligenceEnabled = 0",
        "",
        f"annotation PBI_QueryOrder = [{order}]",
        "",
    ]
    lines += [f"ref table {quote(name)}" for name in model.tables]
    lines += [""]
    lines += [f"ref role {quote(role.name)}" for role in model.roles]
    lines += ["", f"ref cultureInfo {CULTURE}", ""]
    return "\n".join(lines) + "\n"


def _expressions(model: Model) -> str:
    lines: list[str] = []
    for name, each in model.expressions.items():
        lines += _description(each.description, 0)
        lines += _expression(0, f"expression {quote(name)}", each.text)
        lines += [f"\t{_tag('expression', name)}", f"\tqueryGroup: {quote(each.group)}", ""]
        lines += [f"\tannotation PBI_ResultType = {each.result}", ""]
    return "\n".join(lines) + "\n"


def _relationship(each: Relationship) -> str:
    name = identifier(
        "relationship", each.from_table, each.from_column, each.to_table, each.to_column
    )
    lines = _block(
        0,
        f"relationship {name}",
        [
            f"fromColumn: {quote(each.from_table)}.{quote(each.from_column)}",
            f"toColumn: {quote(each.to_table)}.{quote(each.to_column)}",
        ],
    )
    return "\n".join([*lines, "", ""])


def _role(role: Role) -> str:
    lines = [*_description(role.description, 0), f"role {quote(role.name)}"]
    lines += ["\tmodelPermission: read", ""]
    for table, text in role.filters.items():
        lines += [*_expression(1, f"tablePermission {quote(table)}", text), ""]
    return "\n".join(lines) + "\n"


def _table(table: ModelTable, mode: str) -> str:
    lines = _description(table.description, 0)
    lines += _block(
        0,
        f"table {quote(table.name)}",
        [
            "isHidden" if table.is_hidden else "",
            _tag("table", table.name),
            "dataCategory: Time" if table.is_date_table else "",
        ],
    )
    lines += [""]
    for measure in table.measures:
        lines += _measure(measure)
    for column in table.columns:
        lines += _column(table, column)
    for hierarchy in table.hierarchies:
        tag = ("hierarchy", table.name, hierarchy.name)
        lines += _block(1, f"hierarchy {quote(hierarchy.name)}", [_tag(*tag)])
        lines += [""]
        for level in hierarchy.levels:
            properties = [_tag(*tag, level), f"column: {quote(level)}"]
            lines += [*_block(2, f"level {quote(level)}", properties), ""]
    kind = "calculated" if table.is_calculated else "m"
    stored = [f"mode: {mode}", f"queryGroup: {quote(table.group)}" if table.group else ""]
    lines += _block(1, f"partition {quote(table.name)} = {kind}", stored)
    lines += [*_expression(2, "source", table.query), ""]
    if not table.is_calculated:
        lines += ["\tannotation PBI_ResultType = Table", ""]
    return "\n".join(lines) + "\n"


def _measure(measure: Measure) -> list[str]:
    return [
        *_description(measure.description, 1),
        *_expression(1, f"measure {quote(measure.name)}", measure.expression),
        *([f"\t\tformatString: {measure.format_string}"] if measure.format_string else []),
        *(["\t\tisHidden"] if measure.is_hidden else []),
        f"\t\tdisplayFolder: {measure.folder}",
        f"\t\t{_tag('measure', measure.name)}",
        "",
    ]


def _column(table: ModelTable, column: ModelColumn) -> list[str]:
    levels = {level for hierarchy in table.hierarchies for level in hierarchy.levels}
    orders = {each.sort_by for each in table.columns}
    is_hidden = column.is_hidden or table.is_hidden
    is_sliced = bool(column.sort_by) or column.name in orders | levels
    properties = [
        f"dataType: {column.data_type}",
        "isHidden" if column.is_hidden else "",
        "isKey" if column.is_key else "",
        f"formatString: {column.format_string}" if column.format_string else "",
        # Excel's pivot tables use MDX, and do not show hidden columns.
        "isAvailableInMdx: false" if is_hidden and not is_sliced else "",
        f"displayFolder: {column.folder}" if column.folder else "",
        _tag("column", table.name, column.name),
        "summarizeBy: none",
        f"sourceColumn: {column.source}",
        f"sortByColumn: {quote(column.sort_by)}" if column.sort_by else "",
    ]
    lines = [*_description(column.description, 1), f"\tcolumn {quote(column.name)}"]
    lines += [f"\t\t{each}" for each in properties if each]
    if column.group_by:
        lines += ["", "\t\trelatedColumnDetails", f"\t\t\tgroupByColumn: {quote(column.group_by)}"]
    if column.parameter:
        lines += ["", f"\t\textendedProperty ParameterMetadata = {column.parameter}"]
    lines += ["", "\t\tannotation SummarizationSetBy = User", ""]
    if column.format_string == "yyyy-mm-dd":
        lines += ["\t\tannotation UnderlyingDateTimeDataType = Date", ""]
    return lines
