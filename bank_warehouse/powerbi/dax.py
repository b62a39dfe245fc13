"""Writes the DAX of a measure from the definition of a metric.

The metrics are MetricFlow's (https://docs.getdbt.com/docs/build/metrics-overview): `simple` is an
aggregate of one column, `ratio` divides two metrics, `derived` is arithmetic on metrics. A ratio
divides the totals of a group: it is a ratio of sums, never a sum or mean of ratios.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bank_warehouse.powerbi.errors import PowerBIError

Json = Mapping[str, Any]

_FUNCTIONS = {
    "sum": "SUM",
    "min": "MIN",
    "max": "MAX",
    "average": "AVERAGE",
    "median": "MEDIAN",
    "count": "COUNTA",
    "count_distinct": "DISTINCTCOUNTNOBLANK",
}
_DIMENSION = r"\{\{\s*Dimension\(\s*['\"](?P<entity>\w+)__(?P<name>\w+)['\"]\s*\)\s*\}\}"
_CONDITION = re.compile(
    rf"{_DIMENSION}\s*(?P<operator>=|==|<>|!=|<=|>=|<|>|in)\s*"
    r"(?P<literal>'(?:[^']|'')*'|-?[0-9.]+|true|false|\((?:[^()]*)\))",
    re.IGNORECASE,
)
_COMPARISONS = {"==": "=", "!=": "<>"}


@dataclass(frozen=True)
class Source:
    """Where a metric's column is: mart, column; `is_key` where one row has one value of it."""

    mart: str
    column: str
    is_key: bool = False


@dataclass(frozen=True)
class Semantics:
    """What the semantic manifest says, made ready for looking up.

    Attributes:
        measures: by name: (mart, aggregation, column expression).
        dimensions: by (mart, entity, name): the column of that mart.
        keys: by mart the columns of its primary entity.
        metrics: by name, as MetricFlow writes them.
    """

    measures: dict[str, tuple[str, str, str]]
    dimensions: dict[tuple[str, str, str], str]
    keys: dict[str, frozenset[str]]
    metrics: Mapping[str, Json]


ColumnName = Callable[[str, str, str], str]
"""Gives the DAX name of a column: by the mart of the measure, the column's mart, the column."""

TableName = Callable[[str], str]
"""Gives the DAX name of the table of a mart."""


def semantics(semantic_models: list[dict[str, Any]], metrics: Mapping[str, Json]) -> Semantics:
    """Return the look-ups of a semantic manifest."""
    measures, dimensions, keys = {}, {}, {}
    for model in semantic_models:
        mart = model["node_relation"]["alias"]
        entities = {each["name"] for each in model["entities"] if each["type"] == "primary"}
        if model.get("primary_entity"):
            entities.add(model["primary_entity"])
        keys[mart] = frozenset(
            str(each["expr"] or each["name"])
            for each in model["entities"]
            if each["type"] in ("primary", "unique")
        )
        for measure in model["measures"]:
            column = str(measure["expr"] or measure["name"])
            measures[measure["name"]] = (mart, measure["agg"], column)
        for dimension in model["dimensions"]:
            for entity in entities:
                place = (mart, entity, dimension["name"])
                dimensions[place] = dimension["expr"] or dimension["name"]
    return Semantics(measures, dimensions, keys, metrics)


def quote_text(text: str) -> str:
    """Return `text` as a DAX string."""
    return '"' + text.replace('"', '""') + '"'


def measure_reference(label: str) -> str:
    """Return a measure's name as DAX refers to it."""
    return "[" + label.replace("]", "]]") + "]"


def base_mart(metric: Json, known: Semantics) -> frozenset[str]:
    """Return the marts that a metric is computed from, those of its parts included."""
    parameters = metric["type_params"]
    if metric["type"] == "simple":
        return frozenset({known.measures[parameters["measure"]["name"]][0]})
    inputs = [parameters["numerator"], parameters["denominator"], *(parameters["metrics"] or [])]
    return frozenset().union(
        *(base_mart(known.metrics[each["name"]], known) for each in inputs if each)
    )


def expression(
    metric: Json, known: Semantics, column_name: ColumnName, table_name: TableName
) -> str:
    """Return the DAX of a metric.

    Args:
        metric: as MetricFlow writes it.
        known: look-ups of the semantic manifest.
        column_name: gives the DAX name of a column.
        table_name: gives the DAX name of a table.

    Raises:
        PowerBIError: the metric uses what has no translation here; the message names it.
    """
    writer = _Writer(metric, known, column_name, table_name)
    kinds = {"simple": writer.simple, "ratio": writer.ratio, "derived": writer.derived}
    if metric["type"] not in kinds:
        raise writer.refuse(f"its type is {metric['type']}")
    return kinds[metric["type"]]()


@dataclass(frozen=True)
class _Writer:
    metric: Json
    known: Semantics
    column_name: ColumnName
    table_name: TableName

    def refuse(self, why: str) -> PowerBIError:
        return PowerBIError(
            f"Metric {self.metric['name']} cannot be written as DAX: {why}. Teach "
            "bank_warehouse/powerbi/dax.py, or state the metric by simpler ones."
        )

    def simple(self) -> str:
        given = self.metric["type_params"]["measure"]
        mart, aggregation, column = self.known.measures[given["name"]]
        if not re.fullmatch(r"\w+", column):
            raise self.refuse(f"its column is an expression, `{column}`")
        name, table = self.column_name(mart, mart, column), self.table_name(mart)
        if aggregation == "sum_boolean":
            text = f"SUMX({table}, INT({name}))"
        elif aggregation == "count" and column in self.keys_of(mart, column):
            text = f"COUNTROWS({table})"
        elif aggregation in _FUNCTIONS:
            text = f"{_FUNCTIONS[aggregation]}({name})"
        else:
            raise self.refuse(f"its aggregation is {aggregation}")
        conditions = [
            *self.conditions(given.get("filter"), mart),
            *self.conditions(self.metric.get("filter"), mart),
        ]
        text = _calculate(text, conditions)
        filled = given.get("fill_nulls_with")
        if filled is not None:
            text = f"IF(NOT ISEMPTY({table}), COALESCE({text}, {filled}))"
        return text

    def keys_of(self, mart: str, column: str) -> frozenset[str]:
        """Return the columns that every row of the mart has: those that count its rows."""
        return self.known.keys[mart] | ({column} if column.endswith("_key") else frozenset())

    def ratio(self) -> str:
        parameters = self.metric["type_params"]
        numerator, denominator = (
            self.input(parameters[each]) for each in ("numerator", "denominator")
        )
        return f"DIVIDE({numerator}, {denominator})"

    def derived(self) -> str:
        parameters = self.metric["type_params"]
        inputs = {
            str(each.get("alias") or each["name"]): self.input(each)
            for each in parameters["metrics"]
        }
        try:
            tree = ast.parse(parameters["expr"], mode="eval").body
        except SyntaxError as error:
            raise self.refuse(f"`{parameters['expr']}` is no arithmetic") from error
        return self.arithmetic(tree, inputs)

    def input(self, given: Json) -> str:
        if given.get("offset_window") or given.get("offset_to_grain"):
            raise self.refuse("it looks back in time")
        part = self.known.metrics[given["name"]]
        marts = base_mart(part, self.known)
        conditions = [
            *self.conditions(given.get("filter"), min(marts)),
            *self.conditions(self.metric.get("filter"), min(marts)),
        ]
        return _calculate(measure_reference(part["label"] or part["name"]), conditions)

    def arithmetic(self, tree: ast.expr, inputs: Mapping[str, str]) -> str:
        match tree:
            case ast.Name(id=name) if name in inputs:
                return inputs[name]
            case ast.Constant(value=int() | float() as number):
                return repr(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self.arithmetic(operand, inputs)}"
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                top, bottom = self.arithmetic(left, inputs), self.arithmetic(right, inputs)
                return f"DIVIDE({top}, {bottom})"
            case ast.BinOp(left=left, op=(ast.Add() | ast.Sub() | ast.Mult()) as sign, right=right):
                symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(sign)]
                one, other = self.arithmetic(left, inputs), self.arithmetic(right, inputs)
                return f"({one} {symbol} {other})"
        raise self.refuse(f"`{ast.unparse(tree)}` is neither a metric nor arithmetic")

    def conditions(self, given: Json | None, mart: str) -> list[str]:
        """Return the DAX conditions of a MetricFlow filter."""
        written = []
        for template in (given or {}).get("where_filters", []):
            text = template["where_sql_template"]
            rest = re.sub(r"\band\b", "", _CONDITION.sub("", text), flags=re.IGNORECASE)
            if rest.strip():
                raise self.refuse(f"its filter is `{' '.join(text.split())}`")
            for found in _CONDITION.finditer(text):
                column = self.dimension(mart, found["entity"], found["name"])
                operator = found["operator"].upper()
                operator = _COMPARISONS.get(operator, operator)
                written.append(f"{column} {operator} {_literal(found['literal'])}")
        return written

    def dimension(self, mart: str, entity: str, name: str) -> str:
        """Return the DAX name of a dimension, in the measure's own mart where it has it."""
        places = [
            place for place in sorted(self.known.dimensions) if place[1:] == (entity, name)
        ]
        if not places:
            raise self.refuse(f"no semantic model has the dimension {entity}__{name}")
        own = [place for place in places if place[0] == mart]
        place = (own or places)[0]
        return self.column_name(mart, place[0], self.known.dimensions[place])


def _calculate(text: str, conditions: list[str]) -> str:
    if not conditions:
        return text
    return f"CALCULATE({text}, {', '.join(f'KEEPFILTERS({each})' for each in conditions)})"


def _literal(text: str) -> str:
    """Return a SQL literal as DAX."""
    if text.startswith("("):
        parts = re.findall(r"'(?:[^']|'')*'|-?[0-9.]+", text)
        return "{" + ", ".join(_literal(each) for each in parts) + "}"
    if text.startswith("'"):
        return quote_text(text[1:-1].replace("''", "'"))
    if text.lower() in ("true", "false"):
        return f"{text.upper()}()"
    return text
