"""Writes the DAX of a measure from the definition of a metric.

A metric is `simple` (an aggregate of one column), a `ratio` of two metrics, or `derived`
(arithmetic on metrics). A ratio divides one total of a group by another. It is never a sum or a
mean of ratios.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from bank_warehouse.metrics import Metric, SemanticLayer
from bank_warehouse.powerbi.errors import PowerBIError

_FUNCTIONS = {
    "sum": "SUM",
    "min": "MIN",
    "max": "MAX",
    "average": "AVERAGE",
    "median": "MEDIAN",
    "count_distinct": "DISTINCTCOUNTNOBLANK",
}


Place = Callable[[str, str], tuple[str, str]]
"""Returns the DAX names of a table and column, given a mart and its column."""


def quote_text(text: str) -> str:
    """Return `text` as a DAX string."""
    return '"' + text.replace('"', '""') + '"'


def measure_reference(label: str) -> str:
    """Return the DAX reference to a measure."""
    return "[" + label.replace("]", "]]") + "]"


def base_marts(metric: Metric, layer: SemanticLayer) -> frozenset[str]:
    """Return the marts that a metric is computed from, including those of its input metrics."""
    if metric.measure is not None:
        return frozenset({layer.models[metric.measure.model].relation})
    return frozenset().union(*(base_marts(layer.metric(each), layer) for each in metric.inputs))


def expression(metric: Metric, layer: SemanticLayer, place: Place) -> str:
    """Return the DAX of a metric.

    Args:
        metric: the metric.
        layer: all metric definitions.
        place: returns the DAX names of a table and column.

    Raises:
        PowerBIError: the metric uses something that cannot be translated.
    """
    writer = _Writer(metric, layer, place)
    if metric.kind == "simple":
        return writer.simple()
    return writer.ratio() if metric.kind == "ratio" else writer.derived()


@dataclass(frozen=True)
class _Writer:
    metric: Metric
    layer: SemanticLayer
    place: Place

    def refuse(self, why: str) -> PowerBIError:
        return PowerBIError(
            f"Metric {self.metric.name} cannot be written as DAX: {why}. Extend "
            "bank_warehouse/powerbi/dax.py, or define the metric from simpler ones."
        )

    def simple(self) -> str:
        measure = self.metric.measure
        if measure is None:
            raise self.refuse("it has no measure")
        model = self.layer.models[measure.model]
        mart = model.relation
        table, name = self.place(mart, measure.column)
        if measure.aggregation == "sum_boolean":
            text = f"SUMX({table}, INT({name}))"
        elif measure.aggregation == "count":
            # Keys are never null, so counting keys counts rows.
            is_key = measure.column in model.references.values()
            text = f"COUNTROWS({table})" if is_key else f"COUNTA({name})"
        elif measure.aggregation in _FUNCTIONS:
            text = f"{_FUNCTIONS[measure.aggregation]}({name})"
        else:
            raise self.refuse(f"its aggregation is {measure.aggregation}")
        text = self.calculate(text, mart)
        is_plain_sum = measure.aggregation == "sum" and not self.metric.filters
        if self.metric.fill_nulls_with is not None and not is_plain_sum:
            # A plain sum is blank if no row has an amount: an action without a target has no gap.
            # The measure is blank if there are no rows, because a zero would fill every empty cell
            # of a matrix.
            filled = f"COALESCE({text}, {self.metric.fill_nulls_with})"
            text = f"IF(ISEMPTY({table}), BLANK(), {filled})"
        return text

    def ratio(self) -> str:
        sides = [
            self.input(name) for name in (self.metric.numerator, self.metric.denominator) if name
        ]
        return f"DIVIDE({', '.join(sides)})"

    def derived(self) -> str:
        text = self.metric.expression or ""
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise self.refuse(f"`{text}` is not an arithmetic expression") from error
        return self.arithmetic(tree)

    def input(self, name: str) -> str:
        part = self.layer.metric(name)
        return self.calculate(
            measure_reference(part.label), min(base_marts(part, self.layer), default="")
        )

    def arithmetic(self, tree: ast.expr) -> str:
        match tree:
            case ast.Name(id=name) if name in self.metric.inputs:
                return self.input(name)
            case ast.Constant(value=int() | float() as number):
                return repr(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self.arithmetic(operand)}"
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return f"DIVIDE({self.arithmetic(left)}, {self.arithmetic(right)})"
            case ast.BinOp(left=left, op=(ast.Add() | ast.Sub() | ast.Mult()) as sign, right=right):
                symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(sign)]
                return f"({self.arithmetic(left)} {symbol} {self.arithmetic(right)})"
        raise self.refuse(f"`{ast.unparse(tree)}` is neither a metric nor arithmetic")

    def calculate(self, text: str, mart: str) -> str:
        """Return `text` with the metric's own filters, in addition to the reader's."""
        conditions = [
            f"KEEPFILTERS({self.dimension(mart, each.dimension)} = {_literal(each.value)})"
            for each in self.metric.filters
        ]
        return f"CALCULATE({', '.join([text, *conditions])})" if conditions else text

    def dimension(self, mart: str, qualified_name: str) -> str:
        """Return the DAX name of a dimension's column, preferably in the measure's own mart."""
        places = sorted(
            (model.relation != mart, model.relation, dimension.column)
            for model in self.layer.models.values()
            for dimension in model.dimensions.values()
            if dimension.qualified_name == qualified_name
        )
        if not places:
            raise self.refuse(f"no semantic model has the dimension {qualified_name}")
        return self.place(*places[0][1:])[1]


def _literal(value: str | int | bool) -> str:
    """Return a value as a DAX literal."""
    if isinstance(value, bool):
        return f"{str(value).upper()}()"
    return quote_text(value) if isinstance(value, str) else str(value)
