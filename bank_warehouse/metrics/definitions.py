"""The metrics of the semantic manifest as plain Python objects.

Only features that work without MetricFlow are supported, so that the same definition becomes SQL
here and a formula in Power BI: a measure aggregates one column, a filter of a metric requires a
dimension to equal a constant, and a derived metric is arithmetic. Anything else is refused, and the
message names it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AGGREGATIONS = frozenset({"average", "count", "count_distinct", "max", "median", "min"}) | {
    "sum",
    "sum_boolean",
}
KINDS = ("simple", "ratio", "derived")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_FILTER = re.compile(
    r"\{\{ *Dimension\(\s*'(?P<dimension>\w+)'\s*\) *\}\} *= *"
    r"(?:'(?P<text>[^']*)'|(?P<number>-?[0-9]+)|(?P<truth>true|false))"
)
_ARITHMETIC = re.compile(r"(?:[a-z_][a-z0-9_]*|[0-9]+(?:\.[0-9]+)?|[-+*/()]|\s)+")

Json = Mapping[str, Any]


class MetricsError(ValueError):
    """A definition cannot be read, or a query is not possible; the message says why.

    Attributes:
        problem: The message without the remedy.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        """Create the error; its message consists of the problem and the remedy."""
        super().__init__(f"{problem} {remedy}".rstrip())
        self.problem = problem


@dataclass(frozen=True)
class Dimension:
    """A dimension that numbers are shown by.

    Attributes:
        name: short name, unique within its model, such as `segment`.
        qualified_name: MetricFlow's name, such as `customer__segment`.
        model: name of its semantic model.
        column: column of the model's relation.
        kind: `categorical`, `time` or `entity` (a key, such as that of a product).
        label: display name.
        description: what it means.
        is_protected: whether scores, segments and recommendations must not use it.
    """

    name: str
    qualified_name: str
    model: str
    column: str
    kind: str
    label: str
    description: str
    is_protected: bool = False


@dataclass(frozen=True)
class Measure:
    """An aggregation of one column of one mart.

    Attributes:
        name: unique over all models.
        model: name of the semantic model.
        aggregation: one of AGGREGATIONS; `sum_boolean` counts the rows in which the column
            is true.
        column: column of the model's relation.
    """

    name: str
    model: str
    aggregation: str
    column: str


@dataclass(frozen=True)
class Filter:
    """A required value of a dimension, as part of a metric's definition.

    Attributes:
        dimension: MetricFlow's name of the dimension, such as `customer__watch_list_level`.
        value: text, whole number or truth value.
    """

    dimension: str
    value: str | int | bool


@dataclass(frozen=True)
class Metric:
    """The definition of one number.

    Attributes:
        name: unique; also the name of its column in a query result.
        label: display name.
        description: what it means and what it does not.
        kind: `simple`, `ratio` or `derived`.
        format: how to write it, as in Power BI: `#,0`, `#,0.00`, `0.0%`; see format_value.
        unit: what it counts or measures: `customers`, `money`, `share`, `ratio`, `years` and so on.
        display_folder: its folder in a list of all metrics.
        measure: the measure of a simple metric, else None.
        filters: conditions on the rows, all of which must be met. Those of a ratio or a derived
            metric apply to all its inputs.
        fill_nulls_with: number that replaces null in a simple metric, else None.
        numerator: name of a metric, for a ratio, else None.
        denominator: name of a metric, for a ratio, else None; if its value is 0, the ratio is null.
        expression: arithmetic on metric names, for a derived metric, else None.
        inputs: names of the metrics that it is computed from.
    """

    name: str
    label: str
    description: str
    kind: str
    format: str
    unit: str
    display_folder: str
    measure: Measure | None = None
    filters: tuple[Filter, ...] = ()
    fill_nulls_with: int | None = None
    numerator: str | None = None
    denominator: str | None = None
    expression: str | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SemanticModel:
    """A mart with its measures and dimensions.

    Attributes:
        name: name of the semantic model.
        relation: name of the mart.
        schema: schema of the mart.
        keys: the columns that identify a row, by entity; other models join on them.
        references: the column for each entity, whether it is a key or a foreign key, by entity.
        dimensions: all dimensions, by short name; entities are among them.
    """

    name: str
    relation: str
    schema: str
    keys: Mapping[str, str]
    references: Mapping[str, str]
    dimensions: Mapping[str, Dimension]


@dataclass(frozen=True)
class SemanticLayer:
    """All definitions by name, in the order of the manifest.

    Attributes:
        models: the semantic models.
        metrics: the metrics.
    """

    models: Mapping[str, SemanticModel] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        """Return a metric.

        Raises:
            MetricsError: There is no metric with that name.
        """
        if name not in self.metrics:
            message = (
                f"There is no metric {name!r}. The metrics are: {', '.join(sorted(self.metrics))}."
            )
            raise MetricsError(message)
        return self.metrics[name]


def load_metrics(manifest: Path) -> SemanticLayer:
    """Read the definitions from semantic_manifest.json, which dbt writes as it parses a project.

    Args:
        manifest: the file, in dbt's target folder.

    Raises:
        MetricsError: The file is missing, cannot be read or is not a complete semantic manifest,
            or a definition is incomplete or uses an unsupported feature.
    """
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"There is no {manifest}."
        raise MetricsError(message, "Run `bank build` or `dbt parse` first.") from error
    except (OSError, RecursionError, ValueError) as error:
        message = f"{manifest} cannot be read: {error}."
        raise MetricsError(message, "Run `dbt parse` to write it again.") from error
    if not isinstance(content, dict) or not content.get("metrics"):
        message = f"{manifest} holds no metrics."
        raise MetricsError(message, "Run `dbt parse` in this project.")
    try:
        return read_metrics(content)
    except (AttributeError, KeyError, TypeError) as error:
        message = f"{manifest} is incomplete ({error})."
        raise MetricsError(message, "Run `dbt parse` to write it again.") from error


def read_metrics(content: Json) -> SemanticLayer:
    """Return the definitions of a parsed semantic manifest.

    Raises:
        MetricsError: A definition lacks metadata or uses an unsupported feature.
        AttributeError, KeyError, TypeError: A part of the manifest is missing or has the wrong
            type.
    """
    models = {each["name"]: _model(each) for each in content["semantic_models"]}
    measures = {
        measure["name"]: _measure(measure, each["name"])
        for each in content["semantic_models"]
        for measure in each["measures"]
    }
    metrics = {each["name"]: _metric(each, measures) for each in content["metrics"]}
    return SemanticLayer(models, metrics)


def _model(content: Json) -> SemanticModel:
    references: dict[str, str] = {}
    keys: dict[str, str] = {}
    for entity in content["entities"]:
        references[entity["name"]] = _column(entity, content["name"])
        if entity["type"] in ("primary", "unique"):
            keys[entity["name"]] = references[entity["name"]]
        elif entity["type"] != "foreign":
            message = f"{content['name']}: entities of type {entity['type']} are not supported."
            raise MetricsError(message)
    owner = next(
        (each["name"] for each in content["entities"] if each["type"] == "primary"),
        content.get("primary_entity"),
    )
    dimensions = {
        name: Dimension(
            name=name,
            qualified_name=name,
            model=content["name"],
            column=column,
            kind="entity",
            label=name.replace("_", " ").capitalize(),
            description=f"Key of the {name.replace('_', ' ')}.",
        )
        for name, column in references.items()
    }
    dimensions |= {
        each["name"]: Dimension(
            name=each["name"],
            qualified_name=f"{owner}__{each['name']}",
            model=content["name"],
            column=_column(each, content["name"]),
            kind=each["type"],
            label=each.get("label") or each["name"],
            description=(each.get("description") or "").strip(),
            is_protected=bool(_meta(each).get("is_protected")),
        )
        for each in content["dimensions"]
    }
    relation = content["node_relation"]
    return SemanticModel(
        content["name"], relation["alias"], relation["schema_name"], keys, references, dimensions
    )


def _measure(content: Json, model: str) -> Measure:
    aggregation = str(content["agg"])
    if aggregation not in AGGREGATIONS or content.get("non_additive_dimension"):
        message = (
            f"{model}.{content['name']}: the aggregation {aggregation} is not supported; "
            f"use one of {', '.join(sorted(AGGREGATIONS))}, without a non_additive_dimension."
        )
        raise MetricsError(message)
    return Measure(content["name"], model, aggregation, _column(content, model))


def _column(content: Json, model: str) -> str:
    column = str(content.get("expr") or content["name"])
    if not _NAME.fullmatch(column):
        message = (
            f"{model}.{content['name']}: {column!r} is not a column. Compute it as a column of "
            "the mart, so that every reader of the mart has it."
        )
        raise MetricsError(message)
    return column


def _metric(content: Json, measures: Mapping[str, Measure]) -> Metric:
    name, kind, params = content["name"], content["type"], content["type_params"]
    if kind not in KINDS:
        message = f"{name}: metrics of type {kind} are not supported; use {', '.join(KINDS)}."
        raise MetricsError(message)
    meta = _meta(content)
    missing = [key for key in ("format", "unit", "display_folder") if not meta.get(key)]
    if missing:
        message = f"{name}: config.meta lacks {', '.join(missing)}."
        raise MetricsError(message)
    described = {
        "name": name,
        "label": content.get("label") or name,
        "description": (content.get("description") or "").strip(),
        "kind": kind,
        "format": str(meta["format"]),
        "unit": str(meta["unit"]),
        "display_folder": str(meta["display_folder"]),
        "filters": _filters(content.get("filter"), name),
    }
    if kind == "simple":
        used = params["measure"]
        _refuse_options(name, used, ("alias", "join_to_timespine"))
        return Metric(
            **described | {"filters": described["filters"] + _filters(used.get("filter"), name)},
            measure=measures[used["name"]],
            fill_nulls_with=used.get("fill_nulls_with"),
        )
    if kind == "ratio":
        sides = [params["numerator"], params["denominator"]]
        for side in sides:
            _refuse_input_options(name, side)
        numerator, denominator = (str(side["name"]) for side in sides)
        return Metric(
            **described,
            numerator=numerator,
            denominator=denominator,
            inputs=(numerator, denominator),
        )
    for used in params["metrics"]:
        _refuse_input_options(name, used)
    expression = str(params["expr"]).strip()
    inputs = tuple(str(each["name"]) for each in params["metrics"])
    named = set(_NAME.findall(expression))
    if not _ARITHMETIC.fullmatch(expression) or named != set(inputs):
        message = f"{name}: {expression!r} must be arithmetic on exactly the metrics listed."
        raise MetricsError(message)
    return Metric(**described, expression=expression, inputs=inputs)


def _refuse_input_options(name: str, content: Json) -> None:
    _refuse_options(name, content, ("alias", "filter", "offset_window", "offset_to_grain"))


def _refuse_options(name: str, content: Json, options: tuple[str, ...]) -> None:
    used = [option for option in options if content.get(option)]
    if used:
        message = f"{name}: {', '.join(used)} of {content['name']} is not supported."
        raise MetricsError(message)


def _filters(content: Json | None, name: str) -> tuple[Filter, ...]:
    found = []
    for each in (content or {}).get("where_filters", ()):
        text = str(each["where_sql_template"]).strip()
        match = _FILTER.fullmatch(text)
        if match is None:
            message = (
                f"{name}: the filter {text!r} is not supported; write "
                "{{ Dimension('entity__dimension') }} = 'value', a whole number, true or false."
            )
            raise MetricsError(message)
        value: str | int | bool
        if match["text"] is not None:
            value = match["text"]
        elif match["number"] is not None:
            value = int(match["number"])
        else:
            value = match["truth"] == "true"
        found.append(Filter(match["dimension"], value))
    return tuple(found)


def _meta(content: Json) -> Json:
    meta: Json = (content.get("config") or {}).get("meta") or {}
    return meta
