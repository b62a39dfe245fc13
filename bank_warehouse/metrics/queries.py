"""Compile metrics into one DuckDB query on the marts.

Values are always bound parameters; names are checked against the definitions and quoted. As in
MetricFlow, the dimensions of another mart come from a left join on the common entity, which keeps
rows without a match. A dimension that is more than one join away cannot be used.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bank_warehouse.metrics.definitions import (
    Dimension,
    Filter,
    Measure,
    Metric,
    MetricsError,
    SemanticLayer,
)
from bank_warehouse.sql import quote_identifier

GRANULARITIES = ("day", "month", "quarter", "year")

_AGGREGATES = {
    "average": "avg({})",
    "count": "count({})",
    "count_distinct": "count(distinct {})",
    "max": "max({})",
    "median": "median({})",
    "min": "min({})",
    "sum": "sum({})",
    "sum_boolean": "cast(sum(case when {} then 1 else 0 end) as bigint)",
}


@dataclass(frozen=True)
class Query:
    """A query ready for `connection.execute(query.sql, query.parameters)`.

    Attributes:
        sql: one statement with a `?` for each parameter.
        parameters: values in the order of their placeholders.
        columns: names of the result columns: the requested dimensions, then the metrics.
    """

    sql: str
    parameters: tuple[object, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A dimension as seen from one of the models.

    Attributes:
        dimension: the dimension.
        entity: the entity to join its model on; None if the dimension is in the model itself.
        granularity: the granularity of a time dimension, else None.
    """

    dimension: Dimension
    entity: str | None
    granularity: str | None


@dataclass(frozen=True)
class _Leaf:
    """A measure to read from a mart, with the filters of its metric."""

    measure: Measure
    filters: tuple[Filter, ...]


def compile_query(
    layer: SemanticLayer,
    metrics: Sequence[str],
    group_by: Sequence[str] = (),
    filters: Mapping[str, Sequence[object]] | None = None,
    prefix: Sequence[str] = ("marts",),
) -> Query:
    """Return the query for these metrics.

    Args:
        layer: the definitions.
        metrics: names of metrics, each once.
        group_by: short names of dimensions (`segment`), or MetricFlow's (`customer__segment`). The
            name of a time dimension may end in `__year`, `__quarter`, `__month` or `__day`.
        filters: the allowed values of each dimension; None allows rows without a value. Other
            dimensions are not restricted. Values are bound and must have the type of the column: 5
            for a risk weighting, not '5'.
        prefix: names before the name of a mart: its schema, or database and schema; empty if none
            are needed.

    Returns:
        The query. Its result has one row for each combination of dimension values that occurs,
        sorted by these values with nulls last; without dimensions, it has one row.

    Raises:
        MetricsError: No metric is named, a name is unknown, ambiguous or given twice, a dimension
            cannot be reached from a metric, a granularity is asked of a dimension that is not a
            date, or a filter is not a list of values or is empty.
    """
    restricted = dict(filters or {})
    _check_names(layer, metrics, group_by, restricted)
    leaves: dict[_Leaf, str] = {}
    outputs = [
        f"{_expression(layer, layer.metric(name), (), leaves)} as {quote_identifier(name)}"
        for name in metrics
    ]
    by_source: dict[tuple[str, tuple[Filter, ...]], list[_Leaf]] = {}
    for leaf in leaves:
        by_source.setdefault((leaf.measure.model, leaf.filters), []).append(leaf)

    parameters: list[object] = []
    steps = []
    for number, ((model, fixed), found) in enumerate(by_source.items(), start=1):
        named = {leaf: leaves[leaf] for leaf in found}
        body = _aggregate(layer, model, named, group_by, restricted, fixed, prefix, parameters)
        steps.append((f"aggregate_{number}", body))
    source = steps[0][0]
    groups = [quote_identifier(name) for name in group_by]
    if len(steps) > 1:
        source = "combined"
        steps.append((source, _combine([name for name, _ in steps], groups, leaves.values())))
    selected = ",\n    ".join([*groups, *outputs])
    ctes = ",\n".join(f"{name} as (\n{_indent(body)}\n)" for name, body in steps)
    sql = f"with\n{ctes}\nselect\n    {selected}\nfrom {source}"
    if groups:
        sql += f"\norder by {', '.join(f'{group} asc nulls last' for group in groups)}"
    return Query(sql, tuple(parameters), (*group_by, *metrics))


def dimensions_of(layer: SemanticLayer, metrics: Sequence[str]) -> tuple[Dimension, ...]:
    """Return the dimensions that all these metrics have in common, in the order of the models.

    If a short name means different columns for metrics of different marts, it is listed once, with
    the column for the first metric.

    Raises:
        MetricsError: A metric is unknown.
    """
    common: dict[str, Dimension] | None = None
    for model in dict.fromkeys(
        model for name in metrics for model in _models_of(layer, layer.metric(name))
    ):
        reached: dict[str, Dimension] = {}
        for found in _reachable(layer, model):
            reached.setdefault(found.dimension.name, found.dimension)
        if common is None:
            common = reached
        else:
            common = {name: each for name, each in common.items() if name in reached}
    return tuple((common or {}).values())


def _check_names(
    layer: SemanticLayer,
    metrics: Sequence[str],
    group_by: Sequence[str],
    filters: Mapping[str, Sequence[object]],
) -> None:
    if not metrics:
        message = "Name at least one metric."
        raise MetricsError(message)
    for kind, names in (("metric", metrics), ("dimension", group_by)):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            message = f"The {kind} {twice[0]!r} is requested twice."
            raise MetricsError(message)
    for name in metrics:
        layer.metric(name)
    for name, values in filters.items():
        if isinstance(values, str | bytes) or not isinstance(values, Sequence):
            message = f"The filter on {name!r} needs a list of values."
            raise MetricsError(message)
        if not values:
            message = f"The filter on {name!r} has no values; leave it out to count all rows."
            raise MetricsError(message)


def _models_of(layer: SemanticLayer, metric: Metric) -> Iterator[str]:
    if metric.measure is not None:
        yield metric.measure.model
    for name in metric.inputs:
        yield from _models_of(layer, layer.metric(name))


def _expression(
    layer: SemanticLayer, metric: Metric, inherited: tuple[Filter, ...], leaves: dict[_Leaf, str]
) -> str:
    """Return a metric as SQL on the columns of its leaves, and record the leaves."""
    filters = tuple(dict.fromkeys(inherited + metric.filters))
    if metric.measure is not None:
        leaf = _Leaf(metric.measure, filters)
        column = quote_identifier(leaves.setdefault(leaf, f"value_{len(leaves) + 1}"))
        if metric.fill_nulls_with is None:
            return column
        return f"coalesce({column}, {int(metric.fill_nulls_with)})"
    parts = {
        name: _expression(layer, layer.metric(name), filters, leaves) for name in metric.inputs
    }
    if metric.expression is None:
        numerator, denominator = (parts[name] for name in metric.inputs)
        return f"cast({numerator} as double) / nullif(cast({denominator} as double), 0)"
    return " ".join(
        f"({parts[word]})" if word in parts else word for word in _words(metric.expression)
    )


def _words(expression: str) -> list[str]:
    """Return the names, numbers and operators of an arithmetic expression."""
    for sign in "()+-*/":
        expression = expression.replace(sign, f" {sign} ")
    return expression.split()


def _aggregate(
    layer: SemanticLayer,
    model_name: str,
    leaves: Mapping[_Leaf, str],
    group_by: Sequence[str],
    filters: Mapping[str, Sequence[object]],
    fixed: tuple[Filter, ...],
    prefix: Sequence[str],
    parameters: list[object],
) -> str:
    """Return the query that aggregates measures of a mart over the selected rows, by dimension."""
    model = layer.models[model_name]
    joins: dict[str, str] = {}

    def column(name: str) -> str:
        found = _find(layer, model_name, name)
        owner = layer.models[found.dimension.model]
        if found.entity is not None and owner.name not in joins:
            joins[owner.name] = (
                f"left join {_relation(owner.relation, prefix)} as {quote_identifier(owner.name)}"
                f" on {_column(model.name, model.references[found.entity])}"
                f" = {_column(owner.name, owner.keys[found.entity])}"
            )
        text = _column(owner.name, found.dimension.column)
        if found.granularity is None:
            return text
        return f"cast(date_trunc('{found.granularity}', {text}) as date)"

    selected = [f"{column(name)} as {quote_identifier(name)}" for name in group_by]
    selected += [
        _AGGREGATES[leaf.measure.aggregation].format(_column(model.name, leaf.measure.column))
        + f" as {quote_identifier(name)}"
        for leaf, name in leaves.items()
    ]
    conditions = [_condition(column(name), values, parameters) for name, values in filters.items()]
    conditions += [_condition(column(one.dimension), [one.value], parameters) for one in fixed]
    lines = ["select", "    " + ",\n    ".join(selected)]
    lines.append(f"from {_relation(model.relation, prefix)} as {quote_identifier(model.name)}")
    lines += joins.values()
    if conditions:
        lines.append("where " + "\n    and ".join(conditions))
    if group_by:
        lines.append(f"group by {', '.join(str(place + 1) for place in range(len(group_by)))}")
    return "\n".join(lines)


def _condition(column: str, values: Sequence[object], parameters: list[object]) -> str:
    """Return the condition that a column has one of these values, and add them as parameters."""
    known = [value for value in values if value is not None]
    parameters += known
    alternatives = []
    if known:
        alternatives.append(f"{column} in ({', '.join('?' for _ in known)})")
    if len(known) < len(values):
        alternatives.append(f"{column} is null")
    return f"({' or '.join(alternatives)})"


def _combine(names: Sequence[str], groups: Sequence[str], columns: Iterable[str]) -> str:
    """Return the query that combines several aggregates into one row for each group.

    Each value comes from only one aggregate, so its maximum in a group is the value itself. A full
    join would not match groups that are null.
    """
    united = " union all by name ".join(f"from {name}" for name in names)
    quoted = [quote_identifier(name) for name in columns]
    selected = [*groups, *(f"max({name}) as {name}" for name in quoted)]
    query = "select\n    " + ",\n    ".join(selected) + f"\nfrom ({united})"
    return query + (f"\ngroup by {', '.join(groups)}" if groups else "")


def _find(layer: SemanticLayer, model: str, asked: str) -> _Found:
    """Return a dimension that a model can reach; the model's own dimensions take precedence.

    Raises:
        MetricsError: The model cannot reach it, or the name could mean several dimensions.
    """
    name, _, last = asked.rpartition("__")
    granularity = last if name and last in GRANULARITIES else None
    wanted = name if granularity else asked
    found = [
        each
        for each in _reachable(layer, model)
        if wanted in (each.dimension.name, each.dimension.qualified_name)
    ]
    own = [each for each in found if each.entity is None]
    if own:
        found = own
    if len(found) != 1:
        problem = "is ambiguous" if found else "cannot be reached"
        names = sorted({each.dimension.name for each in _reachable(layer, model)})
        message = f"{asked!r} {problem} from {model}. Available: {', '.join(names)}."
        raise MetricsError(message)
    if granularity and found[0].dimension.kind != "time":
        message = f"{wanted!r} is not a date and has no {granularity}."
        raise MetricsError(message)
    return _Found(found[0].dimension, found[0].entity, granularity)


def _reachable(layer: SemanticLayer, model_name: str) -> Iterator[_Found]:
    """Yield the dimensions of a model and of the models that it can be joined to."""
    model = layer.models[model_name]
    for dimension in model.dimensions.values():
        yield _Found(dimension, None, None)
    for other in layer.models.values():
        if other.name == model_name:
            continue
        entity = next((name for name in other.keys if name in model.references), None)
        if entity is None:
            continue
        for dimension in other.dimensions.values():
            if dimension.kind != "entity":
                yield _Found(dimension, entity, None)


def _relation(name: str, prefix: Sequence[str]) -> str:
    return ".".join(quote_identifier(part) for part in (*prefix, name))


def _column(model: str, column: str) -> str:
    return f"{quote_identifier(model)}.{quote_identifier(column)}"


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
