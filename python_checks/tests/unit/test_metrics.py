"""Metric definitions are read or refused, and their SQL is safe and correct in edge cases."""

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse.metrics import (
    Filter,
    MetricsError,
    SemanticLayer,
    compile_query,
    dimensions_of,
    format_value,
    load_metrics,
)
from bank_warehouse.metrics.definitions import read_metrics

Json = dict[str, Any]
META = {"meta": {"format": "#,0", "unit": "customers", "display_folder": "Customers"}}


def dimension(name: str, kind: str = "categorical") -> Json:
    """Return a dimension as in a semantic manifest."""
    return {"name": name, "type": kind, "label": name, "description": "What it is.", "config": None}


def semantic_model(name: str, entities: list[Json], **more: Any) -> Json:
    """Return a semantic model as in a semantic manifest."""
    relation = {"alias": f"fct_{name}", "schema_name": "marts"}
    model = {"name": name, "node_relation": relation, "entities": entities, "primary_entity": None}
    return {**model, "dimensions": [], "measures": [], **more}


def metric(name: str, kind: str, params: Json, condition: str | None = None) -> Json:
    """Return a metric as in a semantic manifest."""
    filters = {"where_filters": [{"where_sql_template": condition}]} if condition else None
    return {
        "name": name,
        "label": name.capitalize(),
        "description": "A number.",
        "type": kind,
        "type_params": params,
        "filter": filters,
        "config": META,
    }


def simple(measure: str, fill_nulls_with: int | None = None) -> Json:
    """Return the parameters of a simple metric."""
    return {"measure": {"name": measure, "fill_nulls_with": fill_nulls_with}}


def manifest() -> Json:
    """Return a semantic manifest for clients, their accounts, and unconnected branches."""
    client = {"name": "client", "type": "primary", "expr": "client_number"}
    clients = semantic_model(
        "clients",
        [client],
        dimensions=[dimension("city"), dimension("joined", "time"), dimension("tier")],
        measures=[{"name": "clients", "agg": "count", "expr": "client_number"}],
    )
    accounts = semantic_model(
        "accounts",
        [{"name": "client", "type": "foreign", "expr": "owner"}],
        primary_entity="account",
        dimensions=[dimension("is_open")],
        measures=[
            {"name": "balance", "agg": "sum"},
            {"name": "owners", "agg": "count_distinct", "expr": "owner"},
            {"name": "open_accounts", "agg": "sum_boolean", "expr": "is_open"},
            {"name": "lowest", "agg": "min", "expr": "balance"},
            {"name": "highest", "agg": "max", "expr": "balance"},
            {"name": "mean", "agg": "average", "expr": "balance"},
            {"name": "middle", "agg": "median", "expr": "balance"},
        ],
    )
    branches = semantic_model(
        "branches",
        [{"name": "branch", "type": "primary"}],
        dimensions=[dimension("city")],
        measures=[{"name": "branches", "agg": "count", "expr": "branch"}],
    )
    is_open = "{{ Dimension('account__is_open') }} = true"
    two = [{"name": "balance"}, {"name": "clients"}]
    metrics = [
        metric(name, "simple", simple(name))
        for name in ("clients", "balance", "open_accounts", "branches")
    ]
    metrics += [
        metric(name, "simple", simple(name)) for name in ("lowest", "highest", "mean", "middle")
    ]
    metrics += [
        metric("active", "simple", simple("owners", 0), is_open),
        metric("active_gold", "ratio", ratio("active", "clients"), tier("gold")),
        metric("mean_balance", "ratio", ratio("balance", "clients")),
        metric("odd", "derived", {"expr": "(balance - 2*clients) / 4.0", "metrics": two}),
    ]
    return {"semantic_models": [clients, accounts, branches], "metrics": metrics}


def ratio(numerator: str, denominator: str) -> Json:
    """Return the parameters of a ratio."""
    return {"numerator": {"name": numerator}, "denominator": {"name": denominator}}


def tier(name: str) -> str:
    """Return the condition that a client is in a tier."""
    return f"{{{{ Dimension('client__tier') }}}} = '{name}'"


@pytest.fixture
def layer() -> SemanticLayer:
    """The definitions in the small manifest."""
    return read_metrics(manifest())


@pytest.fixture
def bank() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three clients, one without a city; four accounts, one without a client; and a branch."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.fct_clients as from (values
                (1, 'Rome', date '2020-02-29', 'gold'), (2, 'Oslo', date '2020-07-01', 'gold'),
                (3, null, date '2021-01-01', 'basic')
            ) as t (client_number, city, joined, tier);
            create table marts.fct_accounts as from (values
                (1, 10.5, true), (1, 20.0, false), (2, 0.0, false), (9, 4.5, true)
            ) as t (owner, balance, is_open);
            create table marts.fct_branches as from (values ('A', 'Rome')) as t (branch, city);
            """
        )
        yield connection


def ask(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer, *arguments: Any, **more: Any
) -> list[tuple[Any, ...]]:
    """Compile a query and run it."""
    query = compile_query(layer, *arguments, **more)
    answer = bank.execute(query.sql, query.parameters)
    assert tuple(column[0] for column in answer.description or ()) == query.columns
    return answer.fetchall()


# ---------- queries


def test_groups_of_several_marts_are_joined(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    metrics = ["clients", "balance", "active", "mean_balance", "odd"]
    # The account without a client has no city, like the third client.
    assert ask(bank, layer, metrics, ["city"]) == [
        ("Oslo", 1, Decimal("0.0"), 0, 0.0, -0.5),
        ("Rome", 1, Decimal("30.5"), 1, 30.5, 7.125),
        (None, 1, Decimal("4.5"), 1, 4.5, 0.625),
    ]


def test_each_aggregation_is_computed(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    metrics = ["balance", "open_accounts", "lowest", "highest", "mean", "middle", "active"]
    (row,) = ask(bank, layer, metrics)
    assert [float(value) for value in row] == [35, 2, 0, 20, 8.75, 7.5, 2]


def test_filter_of_a_ratio_applies_to_both_sides(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    assert ask(bank, layer, ["active_gold"]) == [(0.5,)]


def test_ratio_with_a_zero_denominator_is_null(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    rows = ask(bank, layer, ["clients", "mean_balance"], filters={"tier": ["nobody's"]})
    assert rows == [(0, None)]


def test_metric_without_rows_has_its_fill_value(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    assert ask(bank, layer, ["clients", "active"], ["tier"]) == [
        ("basic", 1, 0),
        ("gold", 2, 1),
        (None, None, 1),
    ]


def test_filters_take_values_and_null(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    assert ask(bank, layer, ["clients"], filters={"city": ["Rome"]}) == [(1,)]
    assert ask(bank, layer, ["clients"], filters={"city": ["Rome", None]}) == [(2,)]
    assert ask(bank, layer, ["clients"], filters={"city": [None]}) == [(1,)]
    assert ask(bank, layer, ["balance"], filters={"is_open": [False], "tier": ["gold"]}) == [
        (Decimal("20.0"),)
    ]


@pytest.mark.parametrize("hostile", ["' or true --", '" or 1=1', "x'); drop table t; --", "?"])
def test_filter_values_are_bound_and_not_part_of_the_sql(
    hostile: str, bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    filters = {"city": [hostile, "Rome"], "client__tier": [hostile, "gold"]}
    query = compile_query(layer, ["clients", "balance"], ["city"], filters)
    assert query.parameters == (hostile, "Rome", hostile, "gold") * 2
    assert (
        query.sql
        == compile_query(
            layer,
            ["clients", "balance"],
            ["city"],
            {"city": ["a", "b"], "client__tier": ["c", "d"]},
        ).sql
    )
    assert bank.execute(query.sql, query.parameters).fetchall() == [("Rome", 1, Decimal("30.5"))]


def test_dates_are_truncated_and_can_be_filtered(
    bank: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    years = ask(bank, layer, ["clients"], ["joined__year"])
    assert [(day.isoformat(), count) for day, count in years] == [
        ("2020-01-01", 2),
        ("2021-01-01", 1),
    ]
    filters = {"client__joined__quarter": [years[1][0]]}
    assert ask(bank, layer, ["clients"], ["client__joined__month"], filters) == [(years[1][0], 1)]


def test_marts_are_found_under_any_prefix(layer: SemanticLayer) -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as \"a release\"")
        connection.execute('create schema "a release"."m ""1"""')
        connection.execute(
            'create table "a release"."m ""1""".fct_branches as select 1 as branch, 2 as city'
        )
        connection.execute("create table fct_branches as select 1 as branch from range(3)")
        prefixed = compile_query(layer, ["branches"], prefix=("a release", 'm "1"'))
        assert connection.execute(prefixed.sql).fetchone() == (1,)
        bare = compile_query(layer, ["branches"], prefix=())
        assert connection.execute(bare.sql).fetchone() == (3,)


def test_dimensions_of_returns_those_that_all_metrics_reach(layer: SemanticLayer) -> None:
    names = [one.name for one in dimensions_of(layer, ["mean_balance"])]
    assert names == ["client", "city", "joined", "tier"]
    qualified = {one.name: one.qualified_name for one in dimensions_of(layer, ["active"])}
    assert qualified["is_open"] == "account__is_open"
    assert qualified["tier"] == "client__tier"
    assert [one.name for one in dimensions_of(layer, ["branches", "clients"])] == ["city"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (([],), "at least one metric"),
        ((["profit"],), "no metric 'profit'. The metrics are: active, active_gold, balance"),
        ((["clients", "clients"],), "metric 'clients' is requested twice"),
        ((["clients"], ["city", "city"]), "dimension 'city' is requested twice"),
        ((["clients"], ["colour"]), "'colour' cannot be reached from clients. Available: city, cl"),
        ((["clients"], ["is_open"]), "'is_open' cannot be reached from clients"),
        ((["branches"], ["tier"]), "'tier' cannot be reached from branches"),
        ((["clients"], ["city__year"]), "'city' is not a date and has no year"),
        ((["clients"], ['city" from x --']), "cannot be reached"),
        ((["clients"], [], {"city": []}), "has no values; leave it out"),
        ((["clients"], [], {"city": "Rome"}), "needs a list of values"),
        ((["clients"], [], {"colour": ["red"]}), "'colour' cannot be reached"),
    ],
)
def test_invalid_queries_are_refused_with_a_reason(
    arguments: tuple[Any, ...], complaint: str, layer: SemanticLayer
) -> None:
    with pytest.raises(MetricsError, match=complaint.replace(".", r"\.")):
        compile_query(layer, *arguments)


# ---------- definitions


def test_definitions_carry_what_a_report_needs(layer: SemanticLayer) -> None:
    active = layer.metric("active")
    assert active.measure is not None
    assert (active.measure.model, active.measure.aggregation) == ("accounts", "count_distinct")
    assert active.measure.column == "owner"
    assert active.filters == (Filter("account__is_open", True),)
    assert active.fill_nulls_with == 0
    assert (active.label, active.format, active.unit) == ("Active", "#,0", "customers")
    mean = layer.metric("mean_balance")
    assert (mean.kind, mean.numerator, mean.denominator) == ("ratio", "balance", "clients")
    odd = layer.metric("odd")
    assert (odd.kind, odd.inputs) == ("derived", ("balance", "clients"))
    assert odd.expression == "(balance - 2*clients) / 4.0"


def in_metric(name: str, **changes: Any) -> Callable[[Json], None]:
    """Return a function that changes a metric's parameters."""

    def change(content: Json) -> None:
        found = next(each for each in content["metrics"] if each["name"] == name)
        found["type_params"] |= changes

    return change


def set_path(*path: Any, value: Any) -> Callable[[Json], None]:
    """Return a function that sets one value in the manifest."""

    def change(content: Json) -> None:
        place: Any = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            set_path("semantic_models", 1, "measures", 0, "expr", value="balance * 2"),
            r"accounts\.balance: 'balance \* 2' is not a column",
        ),
        (
            set_path("semantic_models", 1, "measures", 0, "agg", value="percentile"),
            r"accounts\.balance: the aggregation percentile is not supported",
        ),
        (
            set_path("semantic_models", 0, "dimensions", 0, "expr", value="upper(city)"),
            r"clients\.city: 'upper\(city\)' is not a column",
        ),
        (
            set_path("semantic_models", 0, "entities", 0, "type", value="natural"),
            "clients: entities of type natural",
        ),
        (set_path("metrics", 0, "type", value="cumulative"), "clients: metrics of type cumulative"),
        (
            set_path("metrics", 0, "config", value={"meta": {"unit": "x"}}),
            "clients: config.meta lacks format, display_folder",
        ),
        (
            set_path(
                "metrics", 0, "filter", value={"where_filters": [{"where_sql_template": "a > 1"}]}
            ),
            "clients: the filter 'a > 1' is not supported",
        ),
        (
            in_metric("clients", measure={"name": "clients", "join_to_timespine": True}),
            "clients: join_to_timespine of clients",
        ),
        (
            in_metric("mean_balance", numerator={"name": "balance", "filter": {"x": 1}}),
            "mean_balance: filter of balance",
        ),
        (
            in_metric("odd", metrics=[{"name": "balance", "offset_window": {"count": 1}}]),
            "odd: offset_window of balance",
        ),
        (in_metric("odd", expr="balance + customers"), "odd: 'balance . customers' must be arith"),
        (in_metric("odd", expr="balance"), "odd: 'balance' must be arith"),
        (in_metric("odd", expr="coalesce(balance, clients)"), "odd: .* must be arith"),
    ],
)
def test_unsupported_definition_is_refused(change: Callable[[Json], None], complaint: str) -> None:
    content = copy.deepcopy(manifest())
    change(content)
    assert content != manifest()
    with pytest.raises(MetricsError, match=complaint):
        read_metrics(content)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "There is no .* Run `bank build` or `dbt parse` first"),
        ("{", "cannot be read"),
        ("[]", "holds no metrics"),
        (json.dumps({"semantic_models": [], "metrics": []}), "holds no metrics"),
        ('{"metrics": [{"name": "customers"}]}', r"is incomplete \('semantic_models'\)"),
        ('{"metrics": [{"name": "customers"}], "semantic_models": null}', "is incomplete"),
    ],
)
def test_invalid_manifest_is_refused(text: str | None, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "semantic_manifest.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(MetricsError, match=complaint):
        load_metrics(path)


# ---------- numbers as text


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234567, "#,0", "1,234,567"),
        (Decimal("1234567.895"), "#,0.00", "1,234,567.90"),
        (-1234.5, "#,0.00", "-1,234.50"),
        (0.64566, "0.0%", "64.6%"),
        (0.285, "0.00%", "28.50%"),
        (12345.678, "0.0", "12345.7"),
        (-0.0004, "0.00", "0.00"),
        (Decimal("-0.4"), "#,0", "0"),
        (0, "0.0%", "0.0%"),
        (None, "#,0", "n/a"),
    ],
)
def test_numbers_follow_their_format(
    value: float | Decimal | None, number_format: str, text: str
) -> None:
    assert format_value(value, number_format) == text


@pytest.mark.parametrize("number_format", ["", "0.", "#0", "0,0", "$0", "0%%"])
def test_unknown_format_is_refused(number_format: str) -> None:
    with pytest.raises(ValueError, match="is not known; write it like"):
        format_value(1, number_format)
