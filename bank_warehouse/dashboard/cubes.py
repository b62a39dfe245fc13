"""Small tables in memory that hold a release added up, one for each kind of question.

A cube is the answer to one question of the metric layer: the additive metrics (sums and counts) by
the dimensions that can be filtered on and at most one more. Adding up its cells again gives the
same metrics under any filter, and ratios are made of these as everywhere: :func:`layer_of` says so
in the terms of the metric layer, whose compiler then writes the SQL. So no number has a second
definition here, and a filter costs a look at some ten thousand cells, however many customers.

What a role does not see is never read into its cubes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from bank_warehouse.dashboard.access import Role
from bank_warehouse.metrics import (
    Dimension,
    Measure,
    Metric,
    SemanticLayer,
    SemanticModel,
    compile_query,
)
from bank_warehouse.sql import quote_identifier, quote_literal

FILTERS = (
    "loyalty_classification",
    "occupation_family",
    "banking_relationship",
    "income_band",
    "risk_weighting",
    "joined_year",
)
"""Dimensions of customers that all pages can be filtered by."""

SHOWN_BY = (
    "segment",
    "tenure_band",
    "fee_structure",
    "amount_of_credit_cards",
    "watch_list_level",
    "investment_advisor",
    "age_band",
    "nationality",
    "gender",
)
"""Further dimensions of customers that numbers are shown by."""

CUSTOMER_MODELS = ("customers", "customer_positions", "customer_segments", "customer_risk")
"""Semantic models with one row per customer."""

ADDITIVE = frozenset({"sum", "count", "sum_boolean"})
COUNTS = frozenset({"count", "count_distinct"})

SHOWN_METRICS = (
    "customers",
    "sum_of_tenure_days",
    "sum_of_risk_weightings",
    "credit_cards",
    "estimated_income",
    "total_loans",
    "total_deposits",
    "core_deposits",
    "fee_income",
    "net_position",
    "overleveraged_customers",
    "watch_list_customers",
    "act_customers",
)
"""Metrics that are held by further dimensions; by the filters alone, all additive ones are."""

PRODUCT_METRICS = (
    "holdings",
    "possible_holdings",
    "product_balance",
    "holdings_below_peer_median",
    "compared_holdings",
    "gap_below_peer_median",
)
"""Metrics that are held by product."""

ORDERS: Mapping[str, Sequence[str]] = {
    "loyalty_classification": ("Jade", "Silver", "Gold", "Platinum"),
    "income_band": ("Low", "Mid", "High"),
    "fee_structure": ("Low", "Mid", "High"),
    "watch_list_level": ("none", "watch", "review", "act"),
    "age_band": ("Under 17",),
}
"""Order of values where their names do not give it; others follow, in the order of their names."""

BY_TENURE = "tenure_band"
SCHEMA = "cubes"
BUILD = "build.main"
"""Database in memory, gone once the cubes are made."""
CUSTOMERS = "dim_customers"
PEOPLE = "people"


@dataclass(frozen=True)
class Cube:
    """A table of cells.

    Attributes:
        name: of the table, in the schema `cubes`.
        dimensions: what its cells differ in.
        layer: the metrics it can answer, with their measures on its columns.
        rows: number of cells.
    """

    name: str
    dimensions: tuple[str, ...]
    layer: SemanticLayer
    rows: int


@dataclass(frozen=True)
class Plan:
    """What a cube is to hold.

    Attributes:
        name: of the table.
        metrics: names of additive metrics.
        by: a dimension besides the filters, else null.
    """

    name: str
    metrics: tuple[str, ...]
    by: str | None = None


Codes = Mapping[str, tuple[str, ...]]
"""For a dimension of texts, its values in order: a cube holds their places, from 0."""


def plans(layer: SemanticLayer) -> tuple[Plan, ...]:
    """Return the cubes that the pages need, of the metrics that the release defines."""
    every = tuple(
        metric.name
        for metric in layer.metrics.values()
        if metric.measure is not None
        and metric.measure.model in CUSTOMER_MODELS
        and metric.measure.aggregation in ADDITIVE
    )
    shown = tuple(name for name in SHOWN_METRICS if name in layer.metrics)

    def known(*names: str) -> tuple[str, ...]:
        return tuple(name for name in names if name in layer.metrics)

    wanted = [
        Plan("all", every),
        *(Plan(f"by_{name}", shown, name) for name in SHOWN_BY),
        Plan("products", known(*PRODUCT_METRICS), "product"),
        Plan("actions", known("recommendations", "money_concerned", "gap_to_close"), "action"),
        Plan("advised", known("recommended_customers")),
    ]
    return tuple(plan for plan in wanted if plan.metrics)


def build(
    connection: duckdb.DuckDBPyConnection, database: Path, layer: SemanticLayer, role: Role
) -> tuple[dict[str, Cube], Codes, dict[str, object]]:
    """Add up a release for a role.

    Args:
        connection: an empty database in memory; gets the schema `cubes`.
        database: DuckDB file of the release; opened read-only and closed again.
        layer: the definitions of the release.
        role: whose customers count.

    Returns:
        The cubes by name, the codes, and the metrics of customers that do not add up (medians,
        distinct ids), for all customers of the role.

    Raises:
        duckdb.Error: The release cannot be read.
    """
    connection.execute(f"attach {quote_literal(str(database))} as release (read_only)")
    connection.execute("attach ':memory:' as build (compress)")
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set enable_progress_bar = false")
    try:
        connection.execute(f"create schema {SCHEMA}")
        _restrict(connection, layer, role)
        people, codes = _code_people(connection, layer)
        cubes = {
            plan.name: _add_up(connection, layer, people, plan)
            for plan in plans(layer)
            if _answerable(connection, layer, plan)
        }
        whole = _whole(connection, layer)
    finally:
        connection.execute("detach build")
        connection.execute("detach release")
    return cubes, codes, whole


def layer_of(layer: SemanticLayer, plan: Plan) -> SemanticLayer:
    """Return the definitions with their additive metrics on the columns of a cube.

    A metric's own filter has been met when the cube was made, so it is gone here. Metrics that
    need others than the cube has are left out.
    """
    table = f"cube_{plan.name}"
    names = (*FILTERS, *([plan.by] if plan.by else []))
    dimensions = {
        name: replace(_dimension(layer, name), model=table, column=name, kind="categorical")
        for name in names
    }
    model = SemanticModel(table, table, SCHEMA, {}, {}, dimensions)
    metrics: dict[str, Metric] = {}
    for name in plan.metrics:
        metric = layer.metric(name)
        filled = metric.fill_nulls_with
        if metric.measure is not None and metric.measure.aggregation in COUNTS:
            # A count of nothing is 0, a sum of no cells is null.
            filled = filled or 0
        metrics[name] = replace(
            metric,
            measure=Measure(name, table, "sum", name),
            filters=(),
            fill_nulls_with=filled,
        )
    missing = [metric for metric in layer.metrics.values() if metric.name not in metrics]
    while ready := [
        metric
        for metric in missing
        if metric.measure is None and not metric.filters and set(metric.inputs) <= set(metrics)
    ]:
        metrics |= {metric.name: metric for metric in ready}
        missing = [metric for metric in missing if metric.name not in metrics]
    return SemanticLayer({table: model}, metrics)


def _dimension(layer: SemanticLayer, name: str) -> Dimension:
    return next(
        model.dimensions[name] for model in layer.models.values() if name in model.dimensions
    )


def _restrict(connection: duckdb.DuckDBPyConnection, layer: SemanticLayer, role: Role) -> None:
    """Make views of the customers that the role sees, in place of the marts of customers."""
    parts = [
        f"{column} in ({', '.join(quote_literal(name) for name in sorted(names))})"
        for column, names in (
            ("banking_relationship", role.banking_relationships),
            ("investment_advisor", role.investment_advisors),
        )
        if names
    ]
    allowed = "true" if role.sees_all else " or ".join(parts) or "false"
    for relation, references in _relations_of_customers(layer).items():
        if not _exists(connection, relation):
            continue
        only = allowed
        if relation != CUSTOMERS and not role.sees_all:
            key = quote_identifier(references["customer"])
            only = f"{key} in (select customer_key from {BUILD}.{CUSTOMERS})"
        name = quote_identifier(relation)
        connection.execute(
            f"create view {BUILD}.{name} as select * from release.marts.{name} where {only}"
        )


def _relations_of_customers(layer: SemanticLayer) -> dict[str, Mapping[str, str]]:
    """Return the marts that name customers, the list of customers first."""
    found = {
        model.relation: model.references
        for model in layer.models.values()
        if "customer" in model.references
    }
    return {CUSTOMERS: found.pop(CUSTOMERS), **found}


def _exists(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'release' and schema_name = 'marts' "
        "and table_name = ?",
        [relation],
    ).fetchone()
    return found is not None


def _answerable(connection: duckdb.DuckDBPyConnection, layer: SemanticLayer, plan: Plan) -> bool:
    """Whether the release holds the marts of a cube."""
    models = {measure.model for name in plan.metrics if (measure := layer.metric(name).measure)}
    return all(_exists(connection, layer.models[model].relation) for model in models)


def _code_people(
    connection: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> tuple[SemanticLayer, Codes]:
    """Make the table of people with short codes for texts, and definitions that stand on it.

    The table has a column for each dimension of the cubes, and for each column that a measure of
    customers or the filter of a metric needs one more, named `model__column`.
    """
    homes = {name: _home(layer, name) for name in (*FILTERS, *SHOWN_BY)}
    codes: dict[str, tuple[str, ...]] = {}
    selected = []
    for name, model in homes.items():
        column = _column(model, model.dimensions[name].column)
        values = _values(connection, model, name)
        if all(isinstance(value, int) for value in values):
            selected.append(f"cast({column} as smallint) as {quote_identifier(name)}")
            continue
        codes[name] = tuple(str(value) for value in values)
        listed = ", ".join(quote_literal(value) for value in codes[name])
        selected.append(
            f"cast(enum_code(cast({column} as enum({listed}))) as smallint) as "
            f"{quote_identifier(name)}"
        )
    places: dict[tuple[str, str], str] = {}
    for model_name, column_name in sorted(_columns_used(layer)):
        place = f"{model_name}__{column_name}"
        places[(model_name, column_name)] = place
        source = _column(layer.models[model_name], column_name)
        selected.append(f"{source} as {quote_identifier(place)}")
    joins = " ".join(
        f"inner join {BUILD}.{quote_identifier(layer.models[name].relation)} as {name} on "
        f"{name}.customer_key = customers.customer_key"
        for name in CUSTOMER_MODELS[1:]
    )
    connection.execute(
        f"create table {BUILD}.{PEOPLE} as select customers.customer_key, {', '.join(selected)} "
        f"from {BUILD}.{CUSTOMERS} as customers {joins}"
    )
    return _on_people(layer, homes, places), codes


def _home(layer: SemanticLayer, name: str) -> SemanticModel:
    """Return the model of customers that has a dimension."""
    return next(
        layer.models[model] for model in CUSTOMER_MODELS if name in layer.models[model].dimensions
    )


def _column(model: SemanticModel, name: str) -> str:
    return f"{quote_identifier(model.name)}.{quote_identifier(name)}"


def _values(connection: duckdb.DuckDBPyConnection, model: SemanticModel, name: str) -> list[object]:
    """Return the values of a dimension in the order in which people read them."""
    column = quote_identifier(model.dimensions[name].column)
    by = "min(tenure_days)" if name == BY_TENURE else column
    found = connection.execute(
        f"select {column} from {BUILD}.{quote_identifier(model.relation)} "
        f"where {column} is not null group by {column} order by {by}"
    ).fetchall()
    values = [value for (value,) in found]
    first = [value for value in ORDERS.get(name, ()) if value in values]
    return [*first, *(value for value in values if value not in first)]


def _columns_used(layer: SemanticLayer) -> set[tuple[str, str]]:
    """Return model and column of what the metrics of customers in all cubes stand on."""
    used = set()
    for metric in (layer.metric(name) for plan in plans(layer) for name in plan.metrics):
        if metric.measure is None or metric.measure.model not in CUSTOMER_MODELS:
            continue
        used.add((metric.measure.model, metric.measure.column))
        for fixed in metric.filters:
            found = _qualified(layer, fixed.dimension)
            used.add((found.model, found.column))
    return used


def _qualified(layer: SemanticLayer, name: str) -> Dimension:
    return next(
        one
        for model in layer.models.values()
        for one in model.dimensions.values()
        if one.qualified_name == name
    )


def _on_people(
    layer: SemanticLayer,
    homes: Mapping[str, SemanticModel],
    places: Mapping[tuple[str, str], str],
) -> SemanticLayer:
    """Return the definitions with all models of customers on the table of people.

    Short names of dimensions mean their codes, MetricFlow's long names the values as they are, for
    the filters of metrics.
    """
    dimensions = {
        name: replace(model.dimensions[name], model=PEOPLE, column=name, qualified_name=name)
        for name, model in homes.items()
    }
    for (model_name, column), place in places.items():
        for one in layer.models[model_name].dimensions.values():
            if one.column == column:
                dimensions[place] = replace(one, name=place, model=PEOPLE, column=place)
    keys = {"customer": "customer_key"}
    models = {
        name: model for name, model in layer.models.items() if name not in CUSTOMER_MODELS
    } | {PEOPLE: SemanticModel(PEOPLE, PEOPLE, "main", keys, keys, dimensions)}
    metrics = {}
    for metric in layer.metrics.values():
        measure = metric.measure
        if measure is None or measure.model not in CUSTOMER_MODELS:
            metrics[metric.name] = metric
        elif (measure.model, measure.column) in places:
            column = places[(measure.model, measure.column)]
            moved = replace(measure, model=PEOPLE, column=column)
            metrics[metric.name] = replace(metric, measure=moved)
    return SemanticLayer(models, metrics)


def _add_up(
    connection: duckdb.DuckDBPyConnection, layer: SemanticLayer, people: SemanticLayer, plan: Plan
) -> Cube:
    """Make a cube: the answer of the metric layer, in narrow types.

    Cells lie in the order of years, so that a choice of years skips the others.
    """
    names = (*FILTERS, *([plan.by] if plan.by else []))
    query = compile_query(people, plan.metrics, names, prefix=tuple(BUILD.split(".")))
    types = connection.execute(f"describe {query.sql}", query.parameters).fetchall()
    columns = ", ".join(
        f"cast({quote_identifier(name)} as {_narrow(kind)}) as {quote_identifier(name)}"
        for name, kind, *_ in types
    )
    table = f"{SCHEMA}.{quote_identifier(f'cube_{plan.name}')}"
    connection.execute(
        f"create table {table} as select {columns} from ({query.sql}) order by joined_year",
        query.parameters,
    )
    counted = connection.execute(f"select count(*) from {table}").fetchone()
    return Cube(plan.name, names, layer_of(layer, plan), counted[0] if counted else 0)


def _narrow(kind: str) -> str:
    """Return the type of a cell for the type of a sum, which DuckDB makes as wide as it can."""
    if kind == "HUGEINT":
        return "BIGINT"
    return kind.replace("DECIMAL(38,", "DECIMAL(18,")


def _whole(connection: duckdb.DuckDBPyConnection, layer: SemanticLayer) -> dict[str, object]:
    """Answer the metrics of customers that do not add up, for all customers of the role."""
    names = [
        metric.name
        for metric in layer.metrics.values()
        if metric.measure is not None
        and metric.measure.model in CUSTOMER_MODELS
        and metric.measure.aggregation not in ADDITIVE
    ]
    if not names:
        return {}
    query = compile_query(layer, names, prefix=tuple(BUILD.split(".")))
    row = connection.execute(query.sql, query.parameters).fetchone()
    return dict(zip(query.columns, row or (), strict=False))
