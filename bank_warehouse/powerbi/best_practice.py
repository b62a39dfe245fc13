"""The rules of Microsoft's Best Practice Analyzer, evaluated on the files of a semantic model.

Microsoft publishes 71 rules (github.com/microsoft/Analysis-Services,
BestPracticeRules/BPARules.json). `RULES` has the 63 that are evaluated here, under Microsoft's
identifiers. The others need statistics of a loaded model (`NEED_STATISTICS`), or are about objects
that this model does not have (`OBJECT_NOT_USED`). A finding must be fixed, or exempted with a
reason.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bank_warehouse.powerbi.model_text import REFERENCE, ModelText, code_of
from bank_warehouse.powerbi.tmdl_reader import Node, split_column, unquote

NUMBERS = ("int64", "decimal", "double")

NEED_STATISTICS = {
    "AVOID_BI-DIRECTIONAL_RELATIONSHIPS_AGAINST_HIGH-CARDINALITY_COLUMNS": "No relationship "
    "filters in both directions.",
    "REDUCE_USAGE_OF_LONG-LENGTH_COLUMNS_WITH_HIGH_CARDINALITY": "The long text columns hold "
    "reasons. The same reason always has the same words, so there are few distinct values.",
    "SPLIT_DATE_AND_TIME": "The only column with a time of day says when the release was "
    "published. Its table has one row.",
    "LARGE_TABLES_SHOULD_BE_PARTITIONED": "It finds tables of 25 million rows or more. Partitions "
    "allow such a table to be refreshed in parts, but a release is always read as a whole.",
    "FIX_REFERENTIAL_INTEGRITY_VIOLATIONS": "Each relationship has a dbt relationships test, "
    "which the release has passed.",
}
"""Rules that need a loaded model, and why each needs no change here."""

OBJECT_NOT_USED = {
    "REMOVE_DATA_SOURCES_NOT_REFERENCED_BY_ANY_PARTITIONS": "dataSource",
    "PERSPECTIVES_WITH_NO_OBJECTS": "perspective",
    "CALCULATION_GROUPS_WITH_NO_CALCULATION_ITEMS": "calculationGroup",
}
"""Rules about objects that the model does not have: each rule and its kind of object in TMDL."""


@dataclass(frozen=True)
class Exemption:
    """Objects that are exempt from a rule.

    Attributes:
        rule: identifier.
        objects: regular expression that matches the whole name of an object.
        reason: why the finding is accepted.
    """

    rule: str
    objects: str
    reason: str


EXEMPTIONS = (
    Exemption(
        "AVOID_FLOATING_POINT_DATA_TYPES",
        ".*",
        "Shares, ratios, coefficients and p-values need more than the four decimal places of a "
        "fixed decimal; no money is a double.",
    ),
    Exemption(
        "SNOWFLAKE_SCHEMA_ARCHITECTURE",
        "table Customers",
        "The roles filter the short lists of banking relationships and advisors. Slicers "
        "therefore show only what a user may see.",
    ),
    Exemption(
        "MODEL_USING_DIRECT_QUERY_AND_NO_AGGREGATIONS",
        "model",
        "Import is the default. DirectQuery is an option for users who want to query PostgreSQL.",
    ),
    Exemption(
        "UNNECESSARY_MEASURES",
        "measure Finding on .*",
        "They are the titles of visuals, so no other measure uses them.",
    ),
    Exemption(
        "MINIMIZE_POWER_QUERY_TRANSFORMATIONS",
        ".*",
        "The added columns hold sort positions and labels of codes, which only Power BI needs. "
        "The joined columns come from tables with the same grain, one row per customer.",
    ),
    Exemption(
        "CHECK_IF_DYNAMIC_ROW_LEVEL_SECURITY_(RLS)_IS_NECESSARY",
        "role .*",
        "The table Access, which is loaded from a file, says who may see which customers.",
    ),
    Exemption(
        "REMOVE_ROLES_WITH_NO_MEMBERS",
        "role .*",
        "Members are added in the workspace, to the published model.",
    ),
    Exemption(
        "ENSURE_TABLES_HAVE_RELATIONSHIPS",
        "table (Access|Key figures|Release)",
        "The roles look up users in Access. Key figures holds only measures. Release has one row.",
    ),
    Exemption(
        "ENSURE_TABLES_HAVE_RELATIONSHIPS",
        "table (Balance concentration|Cluster centroids|Control totals|Risk drivers|Risk heatmap"
        "|Risk migrations|Segment differences|Segment migrations|Source profile)",
        "They hold results for all customers, which no selection of customers may change.",
    ),
    Exemption(
        "ENSURE_TABLES_HAVE_RELATIONSHIPS",
        "table (Heat map shows|Default multiplier|Loss multiplier|Deposit outflow)",
        "Readers choose a value from them. Measures read the choice, which filters no other table.",
    ),
    Exemption(
        "REDUCE_USAGE_OF_CALCULATED_TABLES",
        "table (Heat map shows|Default multiplier|Loss multiplier|Deposit outflow)",
        "Field parameters and sliders must be calculated tables. These are tiny.",
    ),
    Exemption(
        "UNNECESSARY_COLUMNS",
        r"'Heat map shows'\[Heat map shows fields\]",
        "Power BI uses it to find the measure to show.",
    ),
    Exemption(
        "UNNECESSARY_COLUMNS",
        r"'Key figures'\[Placeholder\]",
        "The table holds only measures, but every table needs a column.",
    ),
    Exemption(
        "DATECOLUMN_FORMATSTRING",
        ".*",
        "Dates are written as year-month-day, which means the same in every country.",
    ),
    Exemption(
        "PROVIDE_FORMAT_STRING_FOR_MEASURES",
        "measure .* \\(text\\)",
        "The measure returns text.",
    ),
    Exemption(
        "PERCENTAGE_FORMATTING",
        ".*",
        "A measure has the format of its metric, the same in every place that shows it.",
    ),
    Exemption(
        "INTEGER_FORMATTING",
        ".*",
        "A measure has the format of its metric, such as two decimal places for money.",
    ),
    Exemption(
        "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE",
        ".*",
        "Customers have a numeric key. Days have dates as keys. The other keys are codes or names, "
        "and each list of them is short.",
    ),
    Exemption(
        "HIDE_FOREIGN_KEYS",
        r"'Customers'\[Joining date\]",
        "It is also an attribute of a customer, which readers want to see.",
    ),
    Exemption(
        "HIDE_FACT_TABLE_COLUMNS",
        r"'Customers'\[.*\]",
        "They are also attributes, by which readers can group customers.",
    ),
    Exemption(
        "MONTH_(AS_A_STRING)_MUST_BE_SORTED",
        r"'Dates'\[Year month\]",
        "As text, 2021-09 already sorts before 2021-10.",
    ),
)


def findings(model: ModelText) -> Iterator[str]:
    """Yield the findings that no exemption covers."""
    for rule, check in RULES.items():
        exempted = [re.compile(each.objects) for each in EXEMPTIONS if each.rule == rule]
        for name in check(model):
            if not any(each.fullmatch(name) for each in exempted):
                yield f"{name}: breaks the best-practice rule {rule}"
    for rule, kind in OBJECT_NOT_USED.items():
        if kind in model.kinds:
            yield (
                f"model: has a {kind}, so {rule} must be evaluated in "
                "bank_warehouse/powerbi/best_practice.py"
            )


# ---------- what the rules look at


def _columns(model: ModelText) -> Iterator[tuple[str, Node, str]]:
    """Yield each column with its table and its name in DAX."""
    for table, columns in model.columns.items():
        for column in columns.values():
            yield table, column, f"'{table}'[{column.name}]"


def _named(model: ModelText) -> Iterator[tuple[str, str, str]]:
    """Yield the name and description of every named object, and its name in findings."""
    for table in model.tables.values():
        yield table.name, table.description, f"table {table.name}"
        for child in table.children:
            if child.kind != "annotation":
                yield child.name, child.description, f"{child.kind} {child.name} of {table.name}"
    for role in model.roles.values():
        yield role.name, role.description, f"role {role.name}"


def _permissions(model: ModelText) -> Iterator[tuple[str, str, str]]:
    """Yield the role, table and DAX of every row-level security filter."""
    for role in model.roles.values():
        for each in role.of("tablePermission"):
            yield role.name, each.name, each.text


def _texts(model: ModelText) -> Iterator[tuple[str, str]]:
    """Yield the name and DAX of every measure and calculated column."""
    for name, (_, measure) in model.measures.items():
        yield f"measure {name}", measure.text
    for _, column, name in _columns(model):
        if column.text:
            yield name, column.text


def _ends(each: Node) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the columns at the two ends of a relationship: from, then to."""
    one, other = (
        split_column(each.properties.get(f"{end}Column", "?.?")) for end in ("from", "to")
    )
    return one, other


def _type(model: ModelText, end: tuple[str, str]) -> str:
    node = model.columns.get(end[0], {}).get(end[1])
    return node.properties.get("dataType", "") if node else ""


def _related(model: ModelText) -> set[tuple[str, str]]:
    return {end for each in model.relationships for end in _ends(each)}


def _is_hidden(model: ModelText, table: str, node: Node) -> bool:
    return "isHidden" in node.properties or "isHidden" in model.tables[table].properties


def _is_sliced(model: ModelText, table: str, column: Node) -> bool:
    """Whether a column sorts another one, is sorted by one, or is a level of a hierarchy."""
    orders = {
        unquote(each.properties.get("sortByColumn", "")) for each in model.columns[table].values()
    }
    levels = {
        unquote(level.properties.get("column", ""))
        for hierarchy in model.tables[table].of("hierarchy")
        for level in hierarchy.of("level")
    }
    return "sortByColumn" in column.properties or column.name in orders | levels


def _is_both_ways(each: Node) -> bool:
    return each.properties.get("crossFilteringBehavior") == "bothDirections"


def _is_many_to_many(each: Node) -> bool:
    return each.properties.get("toCardinality") == "many"


def _partitions(model: ModelText) -> Iterator[tuple[str, Node]]:
    for table in model.tables.values():
        for partition in table.of("partition"):
            yield table.name, partition


def _is_direct(model: ModelText) -> bool:
    return any(each.properties.get("mode") == "directQuery" for _, each in _partitions(model))


def _is_time_table(model: ModelText, table: str) -> bool:
    return model.tables[table].properties.get("dataCategory") == "Time" and any(
        "isKey" in each.properties and each.properties.get("dataType") == "dateTime"
        for each in model.columns[table].values()
    )


def _is_text(model: ModelText, measure: str) -> bool:
    """Whether a measure returns text: from strings, a text column or another text measure."""
    text = model.measures[measure][1].text
    reads = [
        _type(model, (found["table"].replace("''", "'"), found["column"]))
        for found in REFERENCE.finditer(code_of(text))
        if found["column"]
    ]
    result = text.rsplit("RETURN", 1)[-1]
    return (
        '"' in result
        or "UNICHAR(" in result
        or ("SELECTEDVALUE(" in result and reads[-1:] == ["string"])
        or any(_is_text(model, name) for name in model.measures_in(measure) - {measure})
    )


# ---------- the rules


Check = Callable[[ModelText], Iterator[str]]


def _columns_that(is_wrong: Callable[[ModelText, str, Node], bool]) -> Check:
    return lambda model: (
        name for table, column, name in _columns(model) if is_wrong(model, table, column)
    )


def _tables_that(is_wrong: Callable[[ModelText, str], bool]) -> Check:
    return lambda model: (f"table {name}" for name in model.tables if is_wrong(model, name))


def _relationships_that(is_wrong: Callable[[ModelText, Node], bool]) -> Check:
    return lambda model: (
        f"relationship {each.name}" for each in model.relationships if is_wrong(model, each)
    )


def _dax_with(pattern: str) -> Check:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda model: (name for name, text in _texts(model) if compiled.search(code_of(text)))


def _filters_with(pattern: str) -> Check:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda model: (
        f"role {role}, table {table}"
        for role, table, text in _permissions(model)
        if compiled.search(code_of(text))
    )


def _model_that(is_wrong: Callable[[ModelText], bool]) -> Check:
    return lambda model: iter(["model"] if is_wrong(model) else [])


def _names_that(is_wrong: Callable[[str], bool]) -> Check:
    return lambda model: (where for name, _, where in _named(model) if is_wrong(name))


def _has_control(text: str) -> bool:
    return any(ord(sign) < 32 and not sign.isspace() for sign in text)


def _measures_that(is_wrong: Callable[[str, Node], bool]) -> Check:
    return lambda model: (
        f"measure {name}"
        for name, (_, measure) in model.measures.items()
        if is_wrong(measure.properties.get("formatString", ""), measure)
    )


def _without_format(model: ModelText) -> Iterator[str]:
    for name, (table, measure) in model.measures.items():
        is_formatted = "formatString" in measure.properties or any(
            measure.of("formatStringDefinition")
        )
        if not is_formatted and not _is_hidden(model, table, measure):
            yield f"measure {name}" + (" (text)" if _is_text(model, name) else "")


def _redundant(model: ModelText, table: str, column: Node) -> bool:
    parents = {_ends(each)[1][0] for each in model.relationships if _ends(each)[0][0] == table}
    return (table, column.name) not in _related(model) and any(
        column.name in model.columns.get(parent, {}) for parent in parents - {table}
    )


def _unqualified(model: ModelText) -> Iterator[str]:
    texts = [*_texts(model)]
    texts += [(f"role {role}, table {table}", text) for role, table, text in _permissions(model)]
    for name, text in texts:
        if any(
            found["measure"] and found["measure"] not in model.measures
            for found in REFERENCE.finditer(code_of(text))
        ):
            yield name


def _qualified_measures(model: ModelText) -> Iterator[str]:
    for name, text in _texts(model):
        if any(
            found["column"]
            and model.measures.get(found["column"], ("",))[0] == found["table"].replace("''", "'")
            for found in REFERENCE.finditer(code_of(text))
        ):
            yield name


def _duplicates(model: ModelText) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, (_, measure) in model.measures.items():
        text = re.sub(r"\s", "", measure.text)
        if text in seen:
            yield f"measure {name}"
        seen[text] = name


def _unnecessary(model: ModelText, table: str, column: Node) -> bool:
    used = model.columns_in_dax | _related(model) | model.shown
    return (
        _is_hidden(model, table, column)
        and (table, column.name) not in used
        and not (_is_sliced(model, table, column) and "sortByColumn" not in column.properties)
    )


def _is_never_activated(model: ModelText, each: Node) -> bool:
    (from_table, from_column), _ = _ends(each)
    pattern = re.compile(
        rf"USERELATIONSHIP\s*\(\s*'?{re.escape(from_table)}'?\[{re.escape(from_column)}\]", re.I
    )
    return each.properties.get("isActive") == "false" and not any(
        pattern.search(text) for _, text in _texts(model)
    )


def _is_activated_and_secured(model: ModelText, table: str) -> bool:
    pattern = re.compile(rf"USERELATIONSHIP\s*\([^)]*,\s*'?{re.escape(table)}'?\[", re.IGNORECASE)
    return any(name == table for _, name, _ in _permissions(model)) and any(
        pattern.search(text) for _, text in _texts(model)
    )


def _is_summed(model: ModelText, table: str, column: Node) -> bool:
    functions = "COUNT(?:A|BLANK)?|SUM|AVERAGEA?|VALUES|DISTINCT(?:COUNT)?|MINA?|MAXA?"
    place = re.escape(f"'{table}'[{column.name}]")
    pattern = re.compile(rf"\b(?:{functions})\s*\(\s*{place}\s*\)", re.IGNORECASE)
    return (
        "isHidden" not in column.properties
        and column.properties.get("dataType") in NUMBERS
        and any(pattern.search(measure.text) for _, measure in model.measures.values())
    )


def _is_months(model: ModelText, table: str) -> bool:
    names = [
        column.name.upper()
        for column in model.columns[table].values()
        if column.properties.get("dataType") in NUMBERS
    ]
    return all(
        any(month in name for name in names) for month in ("JAN", "FEB", "MAR", "APR", "MAY", "JUN")
    )


def _wants_category(_: ModelText, __: str, column: Node) -> bool:
    name, data_type = column.name.lower(), column.properties.get("dataType")
    is_place = data_type == "string" and any(
        re.search(rf"\b{word}\b", name) for word in ("country", "continent", "city")
    )
    is_point = data_type in ("decimal", "double") and name in ("latitude", "longitude")
    return "dataCategory" not in column.properties and (is_place or is_point)


_TIME_INTELLIGENCE = (
    r"\b(?:CLOSINGBALANCE(?:MONTH|QUARTER|YEAR)|OPENINGBALANCE(?:MONTH|QUARTER|YEAR)|DATEADD"
    r"|DATESBETWEEN|DATESINPERIOD|DATES[MQY]TD|TOTAL[MQY]TD|(?:END|START)OF(?:MONTH|QUARTER|YEAR)"
    r"|(?:FIRST|LAST)(?:DATE|NONBLANK|NONBLANKVALUE)|(?:NEXT|PREVIOUS)(?:DAY|MONTH|QUARTER|YEAR)"
    r"|PARALLELPERIOD|SAMEPERIODLASTYEAR)\s*\("
)
_TABLE_FILTER = r"\bCALCULATE(?:TABLE)?\s*\(\s*[^,]+,\s*FILTER\s*\(\s*'?[\w ]+'?\s*,\s*"

RULES: dict[str, Check] = {
    "AVOID_FLOATING_POINT_DATA_TYPES": _columns_that(
        lambda _, __, column: column.properties.get("dataType") == "double"
    ),
    "ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS": _columns_that(
        lambda model, table, column: (
            column.properties.get("isAvailableInMdx") != "false"
            and _is_hidden(model, table, column)
            and not _is_sliced(model, table, column)
        )
    ),
    "REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION": _columns_that(
        lambda _, __, column: bool(re.search(r"\bRELATED\s*\(", column.text, re.IGNORECASE))
    ),
    "SNOWFLAKE_SCHEMA_ARCHITECTURE": _tables_that(
        lambda model, table: all(
            table in {_ends(each)[side][0] for each in model.relationships} for side in (0, 1)
        )
    ),
    "MODEL_SHOULD_HAVE_A_DATE_TABLE": _model_that(
        lambda model: not any(_is_time_table(model, table) for table in model.tables)
    ),
    "DATE/CALENDAR_TABLES_SHOULD_BE_MARKED_AS_A_DATE_TABLE": _tables_that(
        lambda model, table: (
            bool(re.search("DATE|CALENDAR", table.upper())) and not _is_time_table(model, table)
        )
    ),
    "REMOVE_AUTO-DATE_TABLE": _tables_that(
        lambda _, table: table.startswith(("DateTableTemplate_", "LocalDateTable_"))
    ),
    "AVOID_EXCESSIVE_BI-DIRECTIONAL_OR_MANY-TO-MANY_RELATIONSHIPS": _model_that(
        lambda model: (
            sum(_is_both_ways(each) + _is_many_to_many(each) for each in model.relationships)
            > 0.3 * max(len(model.relationships), 1)
        )
    ),
    "LIMIT_ROW_LEVEL_SECURITY_(RLS)_LOGIC": _filters_with(
        r"\b(?:RIGHT|LEFT|UPPER|LOWER|FIND)\s*\("
    ),
    "MODEL_USING_DIRECT_QUERY_AND_NO_AGGREGATIONS": _model_that(
        lambda model: _is_direct(model) and "alternateOf" not in model.kinds
    ),
    "MINIMIZE_POWER_QUERY_TRANSFORMATIONS": lambda model: (
        f"table {table}"
        for table, partition in _partitions(model)
        if re.search(
            r"Table\.(?:Combine|Join|NestedJoin|AddColumn|Group|Sort|Pivot|Unpivot"
            r"|UnpivotOtherColumns|Distinct)\(|\[Query=|Value\.NativeQuery|OleDb\.Query|Odbc\.Query",
            partition.properties.get("source", ""),
        )
    ),
    "AVOID_USING_MANY-TO-MANY_RELATIONSHIPS_ON_TABLES_USED_FOR_DYNAMIC_ROW_LEVEL_SECURITY": (
        _relationships_that(
            lambda model, each: (
                _is_many_to_many(each)
                and bool(
                    {table for table, _ in _ends(each)}
                    & {table for _, table, _ in _permissions(model)}
                )
            )
        )
    ),
    "UNPIVOT_PIVOTED_(MONTH)_DATA": _tables_that(_is_months),
    "MANY-TO-MANY_RELATIONSHIPS_SHOULD_BE_SINGLE-DIRECTION": _relationships_that(
        lambda _, each: _is_many_to_many(each) and _is_both_ways(each)
    ),
    "REDUCE_USAGE_OF_CALCULATED_TABLES": lambda model: (
        f"table {table}" for table, each in _partitions(model) if each.text == "calculated"
    ),
    "REMOVE_REDUNDANT_COLUMNS_IN_RELATED_TABLES": _columns_that(_redundant),
    "MEASURES_USING_TIME_INTELLIGENCE_AND_MODEL_IS_USING_DIRECT_QUERY": lambda model: (
        _dax_with(_TIME_INTELLIGENCE)(model) if _is_direct(model) else iter(())
    ),
    "REDUCE_NUMBER_OF_CALCULATED_COLUMNS": _model_that(
        lambda model: sum(bool(column.text) for _, column, _ in _columns(model)) > 5
    ),
    "CHECK_IF_BI-DIRECTIONAL_AND_MANY-TO-MANY_RELATIONSHIPS_ARE_VALID": _relationships_that(
        lambda _, each: _is_many_to_many(each) or _is_both_ways(each)
    ),
    "CHECK_IF_DYNAMIC_ROW_LEVEL_SECURITY_(RLS)_IS_NECESSARY": _filters_with(
        r"\b(?:USERNAME|USERPRINCIPALNAME)\s*\("
    ),
    "DAX_COLUMNS_FULLY_QUALIFIED": _unqualified,
    "DAX_MEASURES_UNQUALIFIED": _qualified_measures,
    "AVOID_DUPLICATE_MEASURES": _duplicates,
    "USE_THE_TREATAS_FUNCTION_INSTEAD_OF_INTERSECT": _dax_with(r"\bINTERSECT\s*\("),
    "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": _dax_with(r"[\])]\s*/(?![/*])"),
    "AVOID_USING_THE_IFERROR_FUNCTION": _dax_with(r"\bIFERROR\s*\("),
    "MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES": lambda model: (
        f"measure {name}"
        for name, (_, measure) in model.measures.items()
        if re.fullmatch(r"\s*\[([^\]]|\]\])+\]\s*", measure.text)
    ),
    "FILTER_COLUMN_VALUES": _dax_with(_TABLE_FILTER + r"'?[\w ]+'?\["),
    "FILTER_MEASURE_VALUES_BY_COLUMNS": _dax_with(_TABLE_FILTER + r"\["),
    "INACTIVE_RELATIONSHIPS_THAT_ARE_NEVER_ACTIVATED": _relationships_that(_is_never_activated),
    "AVOID_USING_'1-(X/Y)'_SYNTAX": _dax_with(
        r"\d\s*[-+]\s*\(*\s*SUM\s*\([^)]*\)\s*/|\d\s*[-+]\s*DIVIDE\s*\("
    ),
    "EVALUATEANDLOG_SHOULD_NOT_BE_USED_IN_PRODUCTION_MODELS": _dax_with(r"\bEVALUATEANDLOG\s*\("),
    "DATA_COLUMNS_MUST_HAVE_A_SOURCE_COLUMN": _columns_that(
        lambda _, __, column: not column.text and not column.properties.get("sourceColumn")
    ),
    "EXPRESSION_RELIANT_OBJECTS_MUST_HAVE_AN_EXPRESSION": _measures_that(
        lambda _, measure: not measure.text.strip()
    ),
    "AVOID_STRUCTURED_DATA_SOURCES_WITH_PROVIDER_PARTITIONS": lambda model: (
        f"table {table}" for table, each in _partitions(model) if each.text == "query"
    ),
    "AVOID_THE_USERELATIONSHIP_FUNCTION_AND_RLS_AGAINST_THE_SAME_TABLE": _tables_that(
        _is_activated_and_secured
    ),
    "RELATIONSHIP_COLUMNS_SAME_DATA_TYPE": _relationships_that(
        lambda model, each: len({_type(model, end) for end in _ends(each)}) > 1
    ),
    "AVOID_INVALID_NAME_CHARACTERS": _names_that(_has_control),
    "AVOID_INVALID_DESCRIPTION_CHARACTERS": lambda model: (
        where for _, description, where in _named(model) if _has_control(description)
    ),
    "SET_ISAVAILABLEINMDX_TO_TRUE_ON_NECESSARY_COLUMNS": _columns_that(
        lambda model, table, column: (
            column.properties.get("isAvailableInMdx") == "false"
            and _is_sliced(model, table, column)
        )
    ),
    "UNNECESSARY_COLUMNS": _columns_that(_unnecessary),
    "UNNECESSARY_MEASURES": lambda model: (
        f"measure {name}"
        for name, (table, measure) in model.measures.items()
        if _is_hidden(model, table, measure)
        and not any(name in model.measures_in(other) for other in model.measures if other != name)
    ),
    "REMOVE_ROLES_WITH_NO_MEMBERS": lambda model: (
        f"role {role.name}" for role in model.roles.values() if not any(role.of("member"))
    ),
    "ENSURE_TABLES_HAVE_RELATIONSHIPS": _tables_that(
        lambda model, table: table not in {end[0] for end in _related(model)}
    ),
    "OBJECTS_WITH_NO_DESCRIPTION": lambda model: (
        where
        for node, table, where in [
            *((each, each.name, f"table {each.name}") for each in model.tables.values()),
            *((each, table, f"measure {name}") for name, (table, each) in model.measures.items()),
            *((each, table, name) for table, each, name in _columns(model)),
        ]
        if not node.description.strip() and "isHidden" not in node.properties
    ),
    "PARTITION_NAME_SHOULD_MATCH_TABLE_NAME_FOR_SINGLE_PARTITION_TABLES": _tables_that(
        lambda model, table: (
            [each.name for each in model.tables[table].of("partition")][1:] == []
            and any(each.name != table for each in model.tables[table].of("partition"))
        )
    ),
    "SPECIAL_CHARS_IN_OBJECT_NAMES": _names_that(lambda name: bool(re.search(r"[\t\n\r]", name))),
    "TRIM_OBJECT_NAMES": _names_that(lambda name: name != name.strip(" ")),
    "FORMAT_FLAG_COLUMNS_AS_YES/NO_VALUE_STRINGS": _columns_that(
        lambda model, table, column: (
            not _is_hidden(model, table, column)
            and (
                (column.name.startswith("Is") and column.properties.get("dataType") == "int64")
                or (column.name.endswith(" Flag") and column.properties.get("dataType") != "string")
            )
        )
    ),
    "OBJECTS_SHOULD_NOT_START_OR_END_WITH_A_SPACE": _names_that(
        lambda name: name != name.strip(" ")
    ),
    "DATECOLUMN_FORMATSTRING": _columns_that(
        lambda _, __, column: (
            "date" in column.name.lower()
            and column.properties.get("dataType") == "dateTime"
            and column.properties.get("formatString") != "mm/dd/yyyy"
        )
    ),
    "MONTHCOLUMN_FORMATSTRING": _columns_that(
        lambda _, __, column: (
            "month" in column.name.lower()
            and column.properties.get("dataType") == "dateTime"
            and column.properties.get("formatString") != "MMMM yyyy"
        )
    ),
    "PROVIDE_FORMAT_STRING_FOR_MEASURES": _without_format,
    "NUMERIC_COLUMN_SUMMARIZE_BY": _columns_that(
        lambda model, table, column: (
            column.properties.get("dataType") in NUMBERS
            and column.properties.get("summarizeBy") != "none"
            and not _is_hidden(model, table, column)
        )
    ),
    "PERCENTAGE_FORMATTING": _measures_that(
        lambda text, _: "%" in text and text != "#,0.0%;-#,0.0%;#,0.0%"
    ),
    "INTEGER_FORMATTING": _measures_that(
        lambda text, _: bool(text) and not re.search(r"[$%]", text) and text not in ("#,0", "#,0.0")
    ),
    "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE": _columns_that(
        lambda model, table, column: (
            (table, column.name) in _related(model) and column.properties.get("dataType") != "int64"
        )
    ),
    "ADD_DATA_CATEGORY_FOR_COLUMNS": _columns_that(_wants_category),
    "HIDE_FOREIGN_KEYS": _columns_that(
        lambda model, table, column: (
            (table, column.name) in {_ends(each)[0] for each in model.relationships}
            and "isHidden" not in column.properties
        )
    ),
    "MARK_PRIMARY_KEYS": _columns_that(
        lambda model, table, column: (
            (table, column.name) in {_ends(each)[1] for each in model.relationships}
            and "isKey" not in column.properties
            and model.tables[table].properties.get("dataCategory") != "Time"
        )
    ),
    "HIDE_FACT_TABLE_COLUMNS": _columns_that(_is_summed),
    "FIRST_LETTER_OF_OBJECTS_MUST_BE_CAPITALIZED": lambda model: (
        where
        for name, _, where in _named(model)
        if not where.startswith(("column ", "partition ", "role ")) and name[:1] != name[:1].upper()
    ),
    "MONTH_(AS_A_STRING)_MUST_BE_SORTED": _columns_that(
        lambda _, __, column: (
            bool(re.search(r"MONTH(?!S)", column.name.upper()))
            and column.properties.get("dataType") == "string"
            and "sortByColumn" not in column.properties
        )
    ),
}
"""Every evaluated rule, with the function that yields the objects that break it."""
