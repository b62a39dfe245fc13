"""Each best-practice rule detects a violation, and every exemption is still needed."""

import re

import pytest

from bank_warehouse.powerbi import best_practice, model_text, project
from bank_warehouse.powerbi.best_practice import EXEMPTIONS, NEED_STATISTICS, OBJECT_NOT_USED, RULES
from bank_warehouse.powerbi.model_text import ModelText
from python_checks.testing.paths import PROJECT

SOUND = """
/// One row per sale.
table Sales

	/// Sum of amounts.
	measure Total = SUM(Sales[Amount])
		formatString: #,0

	/// Amount of the sale.
	column Amount
		dataType: int64
		isHidden
		isAvailableInMdx: false
		summarizeBy: none
		sourceColumn: amount

	/// Day of the sale.
	column Day
		dataType: dateTime
		isHidden
		isAvailableInMdx: false
		formatString: mm/dd/yyyy
		summarizeBy: none
		sourceColumn: day

	partition Sales = m
		mode: import
		source =
				ReadTable("a", "b")

/// One row per day.
table Dates
	dataCategory: Time

	/// The day.
	column 'The day'
		dataType: dateTime
		isKey
		formatString: mm/dd/yyyy
		summarizeBy: none
		sourceColumn: date_day

	hierarchy Calendar

		level Day
			column: 'The day'

	partition Dates = m
		mode: import
		source =
				ReadTable("a", "c")

relationship one
	fromColumn: Sales.Day
	toColumn: Dates.'The day'

role Readers
	modelPermission: read

	tablePermission Dates = 'Dates'[The day] > 0

	member ada@bank.example
"""
"""A small model that breaks only one rule: its key is not an integer."""

INTEGER_KEYS_RULE = "RELATIONSHIP_COLUMNS_SHOULD_BE_OF_INTEGER_DATA_TYPE"
MEASURE = "measure Total = SUM('Sales'[Amount])"
PERMISSION = "'Dates'[The day] > 0"
COLUMN = "\n\t/// Amount of the sale.\n\tcolumn Amount\n"


def column(name: str, data_type: str, *properties: str) -> tuple[str, str]:
    """Return a replacement that adds a column to the sales table."""
    lines = [f"dataType: {data_type}", *properties, "summarizeBy: none", "sourceColumn: x"]
    written = "".join(f"\t\t{line}\n" for line in lines)
    return COLUMN, f"\n\t/// Something.\n\tcolumn '{name}'\n{written}{COLUMN}"


def measure(text: str) -> tuple[str, str]:
    """Return a replacement that changes the expression of the measure."""
    return MEASURE, f"measure Total = {text}"


def second_measure(text: str) -> tuple[str, str]:
    """Return a replacement that adds a second measure."""
    first = "\t/// Sum of amounts.\n"
    return first, f"\t/// More.\n\tmeasure Other = {text}\n\t\tformatString: #,0\n\n{first}"


TABLE = (
    "\n/// One row per day.\n",
    "\n/// More.\ntable NAME\n\n\t/// A.\n\tcolumn A\n\t\tdataType: string\n\t\tsummarizeBy: none\n"
    "\t\tsourceColumn: a\n\n\tpartition NAME = KIND\n\t\tmode: import\n\t\tsource = NAME\n"
    "\n/// One row per day.\n",
)


def table(name: str, kind: str = "m") -> tuple[str, str]:
    """Return a replacement that adds a table."""
    return TABLE[0], TABLE[1].replace("NAME", name).replace("KIND", kind)


LINK = "relationship one\n"
AGAINST: dict[str, list[tuple[str, str]]] = {
    "AVOID_FLOATING_POINT_DATA_TYPES": [column("Share", "double")],
    "ISAVAILABLEINMDX_FALSE_NONATTRIBUTE_COLUMNS": [("\t\tisAvailableInMdx: false\n", "")],
    "REDUCE_USAGE_OF_CALCULATED_COLUMNS_THAT_USE_THE_RELATED_FUNCTION": [
        (
            COLUMN,
            f"\n\t/// A.\n\tcolumn A = RELATED('Dates'[The day])\n\t\tsummarizeBy: none\n{COLUMN}",
        )
    ],
    "SNOWFLAKE_SCHEMA_ARCHITECTURE": [
        (LINK, f"relationship two\n\tfromColumn: Dates.'The day'\n\ttoColumn: Sales.Day\n\n{LINK}")
    ],
    "MODEL_SHOULD_HAVE_A_DATE_TABLE": [("\tdataCategory: Time\n", "")],
    "DATE/CALENDAR_TABLES_SHOULD_BE_MARKED_AS_A_DATE_TABLE": [table("Calendar")],
    "REMOVE_AUTO-DATE_TABLE": [table("LocalDateTable_1")],
    "AVOID_EXCESSIVE_BI-DIRECTIONAL_OR_MANY-TO-MANY_RELATIONSHIPS": [
        (LINK, f"{LINK}\tcrossFilteringBehavior: bothDirections\n")
    ],
    "LIMIT_ROW_LEVEL_SECURITY_(RLS)_LOGIC": [(PERMISSION, "LEFT('Dates'[The day], 1) = 1")],
    "MODEL_USING_DIRECT_QUERY_AND_NO_AGGREGATIONS": [("mode: import", "mode: directQuery")],
    "MINIMIZE_POWER_QUERY_TRANSFORMATIONS": [('ReadTable("a", "b")', "Table.Sort(X, {})")],
    "AVOID_USING_MANY-TO-MANY_RELATIONSHIPS_ON_TABLES_USED_FOR_DYNAMIC_ROW_LEVEL_SECURITY": [
        (LINK, f"{LINK}\ttoCardinality: many\n")
    ],
    "UNPIVOT_PIVOTED_(MONTH)_DATA": [
        column(month, "int64") for month in ("Jan", "Feb", "Mar", "Apr", "May", "Jun")
    ],
    "MANY-TO-MANY_RELATIONSHIPS_SHOULD_BE_SINGLE-DIRECTION": [
        (LINK, f"{LINK}\tcrossFilteringBehavior: bothDirections\n\ttoCardinality: many\n")
    ],
    "REDUCE_USAGE_OF_CALCULATED_TABLES": [table("Numbers", "calculated")],
    "REMOVE_REDUNDANT_COLUMNS_IN_RELATED_TABLES": [column("The day", "dateTime")],
    "MEASURES_USING_TIME_INTELLIGENCE_AND_MODEL_IS_USING_DIRECT_QUERY": [
        ("mode: import", "mode: directQuery"),
        measure("TOTALYTD(SUM('Sales'[Amount]), 'Dates'[The day])"),
    ],
    "REDUCE_NUMBER_OF_CALCULATED_COLUMNS": [
        (COLUMN, f"\n\t/// A.\n\tcolumn A{number} = 1\n\t\tsummarizeBy: none\n{COLUMN}")
        for number in range(6)
    ],
    "CHECK_IF_BI-DIRECTIONAL_AND_MANY-TO-MANY_RELATIONSHIPS_ARE_VALID": [
        (LINK, f"{LINK}\ttoCardinality: many\n")
    ],
    "CHECK_IF_DYNAMIC_ROW_LEVEL_SECURITY_(RLS)_IS_NECESSARY": [
        (PERMISSION, 'USERPRINCIPALNAME() = "ada"')
    ],
    "DAX_COLUMNS_FULLY_QUALIFIED": [measure("SUM([Amount])")],
    "DAX_MEASURES_UNQUALIFIED": [second_measure("2 * 'Sales'[Total]")],
    "AVOID_DUPLICATE_MEASURES": [second_measure("SUM( 'Sales'[Amount] )")],
    "USE_THE_TREATAS_FUNCTION_INSTEAD_OF_INTERSECT": [
        measure("CALCULATE([Total], INTERSECT('A', 'B'))")
    ],
    "USE_THE_DIVIDE_FUNCTION_FOR_DIVISION": [measure("SUM('Sales'[Amount]) / 2")],
    "AVOID_USING_THE_IFERROR_FUNCTION": [measure("IFERROR(SUM('Sales'[Amount]), 0)")],
    "MEASURES_SHOULD_NOT_BE_DIRECT_REFERENCES_OF_OTHER_MEASURES": [second_measure("[Total]")],
    "FILTER_COLUMN_VALUES": [measure("CALCULATE([Total], FILTER('Sales', 'Sales'[Amount] = 1))")],
    "FILTER_MEASURE_VALUES_BY_COLUMNS": [
        measure("CALCULATE([Total], FILTER('Sales', [Total] > 1))")
    ],
    "INACTIVE_RELATIONSHIPS_THAT_ARE_NEVER_ACTIVATED": [(LINK, f"{LINK}\tisActive: false\n")],
    "AVOID_USING_'1-(X/Y)'_SYNTAX": [measure("1 - DIVIDE([Total], 2)")],
    "EVALUATEANDLOG_SHOULD_NOT_BE_USED_IN_PRODUCTION_MODELS": [measure("EVALUATEANDLOG([Total])")],
    "DATA_COLUMNS_MUST_HAVE_A_SOURCE_COLUMN": [("\t\tsourceColumn: amount\n", "")],
    "EXPRESSION_RELIANT_OBJECTS_MUST_HAVE_AN_EXPRESSION": [measure("")],
    "AVOID_STRUCTURED_DATA_SOURCES_WITH_PROVIDER_PARTITIONS": [table("Legacy", "query")],
    "AVOID_THE_USERELATIONSHIP_FUNCTION_AND_RLS_AGAINST_THE_SAME_TABLE": [
        measure("CALCULATE(1, USERELATIONSHIP('Sales'[Day], 'Dates'[The day]))")
    ],
    "RELATIONSHIP_COLUMNS_SAME_DATA_TYPE": [
        ("\tcolumn Day\n\t\tdataType: dateTime", "\tcolumn Day\n\t\tdataType: string")
    ],
    "AVOID_INVALID_NAME_CHARACTERS": [column("A\x07", "int64")],
    "AVOID_INVALID_DESCRIPTION_CHARACTERS": [("/// The day.", "/// The\x07day.")],
    "SET_ISAVAILABLEINMDX_TO_TRUE_ON_NECESSARY_COLUMNS": [
        ("\t\tisKey\n", "\t\tisKey\n\t\tisAvailableInMdx: false\n")
    ],
    "UNNECESSARY_COLUMNS": [column("Spare", "int64", "isHidden", "isAvailableInMdx: false")],
    "UNNECESSARY_MEASURES": [("\t\tformatString: #,0\n", "\t\tformatString: #,0\n\t\tisHidden\n")],
    "REMOVE_ROLES_WITH_NO_MEMBERS": [("\tmember ada@bank.example\n", "")],
    "ENSURE_TABLES_HAVE_RELATIONSHIPS": [table("Island")],
    "OBJECTS_WITH_NO_DESCRIPTION": [("\t/// Sum of amounts.\n", "")],
    "PARTITION_NAME_SHOULD_MATCH_TABLE_NAME_FOR_SINGLE_PARTITION_TABLES": [
        ("partition Sales", "partition Part")
    ],
    "SPECIAL_CHARS_IN_OBJECT_NAMES": [column("A\tB", "int64")],
    "TRIM_OBJECT_NAMES": [column("A ", "int64")],
    "FORMAT_FLAG_COLUMNS_AS_YES/NO_VALUE_STRINGS": [column("Is paid", "int64")],
    "OBJECTS_SHOULD_NOT_START_OR_END_WITH_A_SPACE": [column(" A", "int64")],
    "DATECOLUMN_FORMATSTRING": [column("Due date", "dateTime", "formatString: yyyy")],
    "MONTHCOLUMN_FORMATSTRING": [column("Month", "dateTime", "formatString: yyyy")],
    "PROVIDE_FORMAT_STRING_FOR_MEASURES": [("\t\tformatString: #,0\n", "")],
    "NUMERIC_COLUMN_SUMMARIZE_BY": [
        (COLUMN, f"\n\t/// A.\n\tcolumn A\n\t\tdataType: int64\n\t\tsummarizeBy: sum\n{COLUMN}")
    ],
    "PERCENTAGE_FORMATTING": [("\t\tformatString: #,0\n", "\t\tformatString: 0%\n")],
    "INTEGER_FORMATTING": [("\t\tformatString: #,0\n", "\t\tformatString: 0\n")],
    INTEGER_KEYS_RULE: [],
    "ADD_DATA_CATEGORY_FOR_COLUMNS": [column("Country", "string")],
    "HIDE_FOREIGN_KEYS": [
        (
            "\tcolumn Day\n\t\tdataType: dateTime\n\t\tisHidden\n",
            "\tcolumn Day\n\t\tdataType: dateTime\n",
        )
    ],
    "MARK_PRIMARY_KEYS": [("\tdataCategory: Time\n", ""), ("\t\tisKey\n", "")],
    "HIDE_FACT_TABLE_COLUMNS": [
        (
            "\tcolumn Amount\n\t\tdataType: int64\n\t\tisHidden\n",
            "\tcolumn Amount\n\t\tdataType: int64\n",
        )
    ],
    "FIRST_LETTER_OF_OBJECTS_MUST_BE_CAPITALIZED": [("hierarchy Calendar", "hierarchy calendar")],
    "MONTH_(AS_A_STRING)_MUST_BE_SORTED": [column("Month", "string")],
}
"""For each rule, the replacements that make the sound model violate it."""


def small(*swaps: tuple[str, str]) -> ModelText:
    """Return the sound model with changes."""
    text = SOUND.replace("Sales[Amount]", "'Sales'[Amount]")
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return model_text.read({"model.tmdl": text})


@pytest.mark.parametrize("rule", list(RULES))
def test_rule_finds_its_violation(rule: str) -> None:
    assert list(RULES[rule](small(*AGAINST[rule])))
    if rule != INTEGER_KEYS_RULE:
        assert list(RULES[rule](small())) == []


def test_all_rules_of_the_analyzer_are_listed() -> None:
    assert len(RULES.keys() | NEED_STATISTICS.keys() | OBJECT_NOT_USED.keys()) == 71
    assert RULES.keys() == AGAINST.keys()


@pytest.mark.parametrize(("rule", "kind"), OBJECT_NOT_USED.items())
def test_object_covered_only_by_an_unevaluated_rule_is_reported(rule: str, kind: str) -> None:
    model = small((LINK, f"{kind} New\n\n{LINK}"))
    assert any(rule in each for each in best_practice.findings(model))


def test_every_exemption_is_needed() -> None:
    files = project.read(PROJECT / "powerbi")
    path = "Bank.SemanticModel/definition/tables/Dates.tmdl"
    direct = {**files, path: files[path].replace("mode: import", "mode: directQuery")}
    for each in EXEMPTIONS:
        found = [
            name
            for variant in (files, direct)
            for name in RULES[each.rule](model_text.read(variant))
            if re.fullmatch(each.objects, name)
        ]
        assert found, (each.rule, each.objects)
        assert each.reason.endswith(".")
