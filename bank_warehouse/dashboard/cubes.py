"""Pre-aggregate a release into small tables, one for each kind of question.

A cube contains additive metrics (sums and counts) by the dimensions that pages can filter on and
at most one more dimension. The metrics for a filter are the sums of the cells that match it, and
ratios are computed from these sums. :func:`layer_of` defines the metrics on the cube's columns, and
the compiler of the metric layer writes the SQL, so no number is defined twice. A query reads at
most a few tens of thousands of cells, however many customers there are.

Most questions do not involve years, and years multiply the number of cells by about twenty. So each
cube also has a table without years, which is aggregated from the one with years.

The cubes of a role count only the customers that the role sees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import duckdb

from bank_warehouse.dashboard.access import Role
from bank_warehouse.dashboard.drawings import round_ticks
from bank_warehouse.metrics import (
    Dimension,
    Measure,
    Metric,
    Query,
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
"""Customer dimensions by which all pages can be filtered."""

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
"""Further customer dimensions by which pages show numbers."""

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
    "credit_card_balance",
    "overleveraged_customers",
    "watch_list_customers",
    "act_customers",
)
"""Metrics in the cubes `by_...`; the cube `all` has every additive customer metric."""

PRODUCT_METRICS = (
    "holdings",
    "possible_holdings",
    "product_balance",
    "holdings_below_peer_median",
    "compared_holdings",
    "gap_below_peer_median",
)
"""Metrics in the cube by product."""

ORDERS: Mapping[str, Sequence[str]] = {
    "loyalty_classification": ("Jade", "Silver", "Gold", "Platinum"),
    "income_band": ("Low", "Mid", "High"),
    "fee_structure": ("Low", "Mid", "High"),
    "watch_list_level": ("none", "watch", "review", "act"),
    "age_band": ("Under 17",),
}
"""Values that come first, in this order; the others follow, sorted (tenure bands by tenure)."""

YEAR = "joined_year"
BY_TENURE = "tenure_band"
SCHEMA = "cubes"
FACTS = "facts"
"""Schema of the cubes' metadata: codes of text values, and the non-additive metrics."""
SMALL = "small"
"""Schema of the small result marts, and of counts for a single chart."""
DENSITY = "income_deposits"
BINS = 20
MOST = 0.99
"""Approximate share of customers below the last bin, which has no upper limit."""
BUILD = "build.main"
"""Schema of the temporary database beside the file."""
CUSTOMERS = "dim_customers"
PEOPLE = "people"


@dataclass(frozen=True)
class Cube:
    """Two tables of cells: one with the years, one without.

    Attributes:
        name: name of its plan.
        dimensions: the dimensions of its cells.
        layer: the metrics, defined on the columns of the table with years.
        without_years: the same for the table without years.
        rows: number of cells in the table with years.
    """

    name: str
    dimensions: tuple[str, ...]
    layer: SemanticLayer
    without_years: SemanticLayer
    rows: int

    def layer_for(self, names: Iterable[str]) -> SemanticLayer:
        """Return the definitions on the table without years, unless the names contain the year."""
        return self.layer if YEAR in set(names) else self.without_years


@dataclass(frozen=True)
class Plan:
    """The content of a cube.

    Attributes:
        name: name of the cube.
        metrics: names of additive metrics.
        by: a dimension besides the filters, or None.
    """

    name: str
    metrics: tuple[str, ...]
    by: str | None = None


Codes = Mapping[str, tuple[str, ...]]
"""The values of each text dimension, in order; a cube holds their positions, counted from 0."""


def plans(layer: SemanticLayer) -> tuple[Plan, ...]:
    """Return the plans of the cubes that the pages need, with the metrics that the release has."""
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
    connection: duckdb.DuckDBPyConnection,
    database: Path,
    layer: SemanticLayer,
    role: Role,
    scratch: Path,
) -> None:
    """Pre-aggregate a release for a role.

    Args:
        connection: an empty database. It gets the schemas `cubes` and `facts`, for
            :func:`read_cubes`, and `small` with the number of customers by income and deposits.
        database: DuckDB file of the release, which is opened read-only and closed again.
        layer: the definitions of the release.
        role: the role whose customers are included.
        scratch: file for intermediate tables, which hold customer records; the caller must delete
            it.

    Raises:
        duckdb.Error: The release cannot be read.
        MetricsError, StopIteration, KeyError: The release lacks a metric, dimension or model.
    """
    connection.execute(f"attach {quote_literal(str(database))} as release (read_only)")
    connection.execute(f"attach {quote_literal(str(scratch))} as build")
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set enable_progress_bar = false")
    try:
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(f"create schema {FACTS}")
        connection.execute(f"create schema {SMALL}")
        _restrict(connection, layer, role)
        people, codes = _code_people(connection, layer)
        for plan in plans(layer):
            if _answerable(connection, layer, plan):
                _add_up(connection, layer, people, plan)
        _write_facts(connection, layer, codes)
        _count_density(connection, layer)
    finally:
        connection.execute("detach build")
        connection.execute("detach release")


def read_cubes(
    connection: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> tuple[dict[str, Cube], Codes, dict[str, object]]:
    """Return the cubes that :func:`build` wrote to a database.

    Returns:
        The cubes by name, the codes, and the customer metrics that cannot be added up (medians,
        distinct ids), for all customers of the role.

    Raises:
        duckdb.Error: The database has no cubes.
    """
    rows = {
        name: _count(connection, name)
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [SCHEMA]
        ).fetchall()
    }
    cubes = {
        plan.name: Cube(
            plan.name,
            _dimensions(plan),
            layer_of(layer, plan),
            layer_of(layer, plan, has_years=False),
            rows[_table(plan)],
        )
        for plan in plans(layer)
        if _table(plan) in rows
    }
    codes: dict[str, tuple[str, ...]] = {}
    for name, values in connection.execute(
        f"select dimension, list(text order by place) from {FACTS}.codes group by dimension"
    ).fetchall():
        codes[name] = tuple(values)
    found = connection.execute(f"from {FACTS}.whole")
    names = [column[0] for column in found.description or ()]
    return cubes, codes, dict(zip(names, found.fetchone() or (), strict=True))


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    counted = connection.execute(
        f"select count(*) from {SCHEMA}.{quote_identifier(table)}"
    ).fetchone()
    return counted[0] if counted else 0


def _dimensions(plan: Plan, *, has_years: bool = True) -> tuple[str, ...]:
    """Return the dimensions of the cells of a plan."""
    filters = FILTERS if has_years else tuple(name for name in FILTERS if name != YEAR)
    return (*filters, *([plan.by] if plan.by else []))


def _table(plan: Plan, *, has_years: bool = True) -> str:
    return f"cube_{plan.name}" if has_years else f"cube_{plan.name}_of_all_years"


def layer_of(layer: SemanticLayer, plan: Plan, *, has_years: bool = True) -> SemanticLayer:
    """Return the metrics that a cube can answer, defined on its columns.

    The filter of an additive metric was applied when the cube was built, so it is removed. A metric
    that is computed from other metrics is included if the cube has all of these, and if it has no
    filter of its own.
    """
    table = _table(plan, has_years=has_years)
    dimensions = {
        name: replace(_dimension(layer, name), model=table, column=name, kind="categorical")
        for name in _dimensions(plan, has_years=has_years)
    }
    model = SemanticModel(table, table, SCHEMA, {}, {}, dimensions)
    metrics: dict[str, Metric] = {}
    for name in plan.metrics:
        metric = layer.metric(name)
        filled = metric.fill_nulls_with
        if metric.measure is not None and metric.measure.aggregation in COUNTS:
            # An empty count is 0, but a sum of no cells is null.
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
    """Create views of the customer marts, restricted to the customers that the role sees."""
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
    """Return the marts that refer to customers, with their keys; dim_customers is first."""
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
    """Return whether the release has the marts that a cube needs."""
    models = {measure.model for name in plan.metrics if (measure := layer.metric(name).measure)}
    return all(_exists(connection, layer.models[model].relation) for model in models)


def _code_people(
    connection: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> tuple[SemanticLayer, Codes]:
    """Create a table of customers with codes in place of text.

    Return the metric definitions on this table, and the codes.

    The table has a column for each customer dimension of the cubes, and a column named
    `model__column` for each column that a customer measure or a metric's filter needs.
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
    """Return the customer model that has a dimension."""
    return next(
        layer.models[model] for model in CUSTOMER_MODELS if name in layer.models[model].dimensions
    )


def _column(model: SemanticModel, name: str) -> str:
    return f"{quote_identifier(model.name)}.{quote_identifier(name)}"


def _values(connection: duckdb.DuckDBPyConnection, model: SemanticModel, name: str) -> list[object]:
    """Return the values of a dimension in display order, without nulls."""
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
    """Return the columns that the customer metrics of the cubes use, with their models."""
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
    """Return the definitions with the table of customers in place of all customer models.

    The short name of a dimension refers to its codes. Its long MetricFlow name, which the filters
    of metrics use, refers to its values.
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
) -> None:
    """Create the tables of a cube: results of the metric layer, in narrow types.

    Cells with years are sorted by year, so that a filter on years skips the other years.
    """
    in_build = tuple(BUILD.split("."))
    with_years = compile_query(people, plan.metrics, _dimensions(plan), prefix=in_build)
    _keep(connection, with_years, _table(plan), YEAR)
    names = _dimensions(plan, has_years=False)
    without = compile_query(layer_of(layer, plan), plan.metrics, names, prefix=(SCHEMA,))
    _keep(connection, without, _table(plan, has_years=False), names[0])


def _keep(connection: duckdb.DuckDBPyConnection, query: Query, table: str, order: str) -> None:
    types = connection.execute(f"describe {query.sql}", query.parameters).fetchall()
    columns = ", ".join(
        f"cast({quote_identifier(name)} as {_narrow(kind)}) as {quote_identifier(name)}"
        for name, kind, *_ in types
    )
    connection.execute(
        f"create table {SCHEMA}.{quote_identifier(table)} as select {columns} "
        f"from ({query.sql}) order by {quote_identifier(order)}",
        query.parameters,
    )


def _narrow(kind: str) -> str:
    """Return a narrow type for the type of a sum, which DuckDB makes as wide as possible."""
    if kind == "HUGEINT":
        return "BIGINT"
    return kind.replace("DECIMAL(38,", "DECIMAL(18,")


def _write_facts(connection: duckdb.DuckDBPyConnection, layer: SemanticLayer, codes: Codes) -> None:
    """Write the codes, and the non-additive metrics for all customers of the role."""
    connection.execute(
        f"create table {FACTS}.codes (dimension varchar, place smallint, text varchar)"
    )
    for name, values in codes.items():
        for place, text in enumerate(values):
            connection.execute(f"insert into {FACTS}.codes values (?, ?, ?)", [name, place, text])
    names = [
        metric.name
        for metric in layer.metrics.values()
        if metric.measure is not None
        and metric.measure.model in CUSTOMER_MODELS
        and metric.measure.aggregation not in ADDITIVE
    ]
    if not names:
        connection.execute(f"create table {FACTS}.whole as select 0 as nothing")
        return
    query = compile_query(layer, names, prefix=tuple(BUILD.split(".")))
    connection.execute(f"create table {FACTS}.whole as {query.sql}", query.parameters)


def _count_density(connection: duckdb.DuckDBPyConnection, layer: SemanticLayer) -> None:
    """Count customers, and sum their deposits, in bins of income and deposits with round limits."""
    columns = []
    for name in ("estimated_income", "total_deposits"):
        measure = layer.metric(name).measure
        if measure is None:
            message = f"The metric {name} is not computed from a column, so it has no bins."
            raise KeyError(message)
        columns.append(quote_identifier(f"{measure.model}__{measure.column}"))
    ends = connection.execute(
        f"select {', '.join(f'quantile_disc({column}, {MOST})' for column in columns)} "
        f"from {BUILD}.{PEOPLE}"
    ).fetchone() or (None, None)
    parts = []
    for name, column, end in zip(("income", "deposits"), columns, ends, strict=True):
        ticks = round_ticks(0.0, float(end or 1), BINS)
        step = ticks[1] - ticks[0]
        last = ceil(float(end or 1) / step)
        place = f"greatest(least(cast(floor({column} / {step!r}) as integer), {last}), 0)"
        parts.append(
            f"{place} * {step!r} as {name}_from, "
            f"case when {place} < {last} then ({place} + 1) * {step!r} end as {name}_to"
        )
    connection.execute(
        f"create table {SMALL}.{DENSITY} as select {', '.join(parts)}, count(*) as customers, "
        f"cast(sum({columns[1]}) as decimal(18, 2)) as total_deposits from {BUILD}.{PEOPLE} "
        "group by all order by all"
    )
