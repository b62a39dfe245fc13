"""Metrics computed by MetricFlow and by the project equal independent SQL on the marts."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from bank_warehouse.metrics import (
    SemanticLayer,
    compile_query,
    dimensions_of,
    format_value,
    load_metrics,
)
from python_checks.testing.dbt import parse_log
from python_checks.testing.paths import PROJECT

with (PROJECT / "seeds" / "reference" / "dimensions.csv").open(encoding="utf-8") as seed:
    PROFILED = [row["dimension"] for row in csv.DictReader(seed) if "_and_" not in row["dimension"]]
DIMENSIONS = (*PROFILED, "occupation_title", "joined_year", "watch_list_level")
"""The dimensions of customers: those of the segment profiles, and three more."""

# One row per customer. Where possible, totals, flags and shares are computed again from the columns
# of the drop.
WIDE = """
create temp view wide as
select
    customers.*, positions.* exclude (customer_key, client_key, as_of_date),
    segments.segment, segments.cluster_quality, risk.watch_list_level, risk.watch_list_severity,
    risk.rules_met, assumed.probability_of_default::double as assumed_probability,
    bank_loans + business_lending + credit_card_balance as loans,
    bank_deposits + saving_accounts + checking_accounts + foreign_currency_account as deposits,
    saving_accounts + checking_accounts + foreign_currency_account as core_deposits_recomputed,
    (credit_card_balance <> 0)::int + (bank_loans <> 0)::int + (business_lending <> 0)::int
    + (bank_deposits <> 0)::int + (saving_accounts <> 0)::int + (checking_accounts <> 0)::int
    + (foreign_currency_account <> 0)::int as products_held,
    gaps.below, gaps.gap
from marts.dim_customers as customers
inner join marts.fct_customer_positions as positions using (customer_key)
inner join marts.fct_customer_segments as segments using (customer_key)
inner join marts.fct_customer_risk as risk using (customer_key)
inner join reference.default_probabilities as assumed
    on assumed.risk_weighting = customers.risk_weighting
inner join (
    select
        customer_key, count(*) filter (where balance < peer_median_balance) as below,
        sum(greatest(peer_median_balance - balance, 0)) as gap
    from marts.fct_product_gaps group by customer_key
) as gaps using (customer_key)
"""

ACT = "count(*) filter (where watch_list_severity >= 4)"
WATCHED = "count(*) filter (where watch_list_severity > 0)"
OVERLEVERAGED = "count(*) filter (where loans > deposits)"
FEE_RATE = "case fee_structure when 'High' then 0.05 when 'Mid' then 0.03 else 0.01 end"
FEES = f"sum(round(loans * {FEE_RATE}, 2))"

OF_CUSTOMERS = {
    "customers": "count(*)",
    "client_ids": "count(distinct client_key)",
    "customers_sharing_a_client_id": """count(*) filter (where client_key in (
        select client_key from wide group by client_key having count(*) > 1))""",
    "customers_joined_before_birth": "count(*) filter (where tenure_days > age * 365.25)",
    "customers_joined_as_minors": "count(*) filter (where tenure_days > (age - 18) * 365.25)",
    "sum_of_ages": "sum(age)",
    "mean_age": "avg(age)",
    "sum_of_tenure_days": "sum(as_of_date - joined_date)",
    "mean_tenure_days": "avg(as_of_date - joined_date)",
    "mean_tenure": "avg((as_of_date - joined_date) / 365)",
    "credit_cards": "sum(amount_of_credit_cards)",
    "mean_credit_cards": "avg(amount_of_credit_cards)",
    "properties": "sum(properties_owned)",
    "mean_properties": "avg(properties_owned)",
    "sum_of_cluster_qualities": "sum(cluster_quality)",
    "mean_cluster_quality": "avg(cluster_quality)",
    "estimated_income": "sum(estimated_income)",
    "superannuation_savings": "sum(superannuation_savings)",
    "credit_card_balance": "sum(credit_card_balance)",
    "bank_loans": "sum(bank_loans)",
    "business_lending": "sum(business_lending)",
    "total_loans": "sum(loans)",
    "bank_deposits": "sum(bank_deposits)",
    "saving_accounts": "sum(saving_accounts)",
    "checking_accounts": "sum(checking_accounts)",
    "foreign_currency_account": "sum(foreign_currency_account)",
    "total_deposits": "sum(deposits)",
    "core_deposits": "sum(core_deposits_recomputed)",
    "fee_income": FEES,
    "net_position": "sum(deposits - loans)",
    "mean_estimated_income": "avg(estimated_income)",
    "mean_superannuation_savings": "avg(superannuation_savings)",
    "mean_total_loans": "avg(loans)",
    "mean_total_deposits": "avg(deposits)",
    "mean_core_deposits": "avg(core_deposits_recomputed)",
    "mean_credit_card_balance": "avg(credit_card_balance)",
    "mean_fee_income": f"{FEES} / count(*)",
    "mean_net_position": "avg(deposits - loans)",
    "median_estimated_income": "quantile_cont(estimated_income, 0.5)",
    "median_total_loans": "quantile_cont(loans, 0.5)",
    "median_total_deposits": "quantile_cont(deposits, 0.5)",
    "loan_to_deposit_ratio": "sum(loans) / sum(deposits)",
    "debt_to_income_ratio": "sum(loans) / sum(estimated_income)",
    "liquidity_cover": "sum(deposits) / sum(loans)",
    "core_deposit_share": "sum(core_deposits_recomputed) / sum(deposits)",
    "fee_yield": f"{FEES} / sum(loans)",
    "funding_gap": "sum(loans) - sum(deposits)",
    "overleveraged_customers": OVERLEVERAGED,
    "overleveraged_share": f"{OVERLEVERAGED} / count(*)",
    "customers_without_deposits": "count(*) filter (where deposits = 0)",
    "sum_of_risk_weightings": "sum(risk_weighting)",
    "mean_risk_weighting": "avg(risk_weighting)",
    "watch_list_customers": WATCHED,
    "watch_list_share": f"{WATCHED} / count(*)",
    "act_customers": ACT,
    "act_share": f"{ACT} / count(*)",
    "watch_list_rules_met": "sum(rules_met)",
    "exposure": "sum(loans)",
    "watch_list_exposure": "coalesce(sum(loans) filter (where watch_list_severity > 0), 0)",
    "watch_list_exposure_share": (
        "coalesce(sum(loans) filter (where watch_list_severity > 0), 0) / sum(loans)"
    ),
    "sum_of_default_probabilities": "sum(assumed_probability)",
    "mean_default_probability": "avg(assumed_probability)",
    "holdings": "sum(products_held)",
    "possible_holdings": "count(*) * 7",
    "holders": "count(*) filter (where products_held > 0)",
    "penetration": "sum(products_held) / (count(*) * 7)",
    "products_per_customer": "avg(products_held)",
    "product_balance": "sum(loans + deposits)",
    "mean_balance_of_holders": "sum(loans + deposits) / sum(products_held)",
    "holdings_below_peer_median": "sum(below)",
    "compared_holdings": "count(*) * 7",
    "share_below_peer_median": "sum(below) / (count(*) * 7)",
    "gap_below_peer_median": "sum(gap)",
}
"""SQL on the view `wide` for each metric that can be grouped by any customer dimension."""

BY_PRODUCT = {
    "holdings": "sum(holders)",
    "possible_holdings": "sum(customers)",
    "holders": "sum(holders)",
    "penetration": "sum(holders) / sum(customers)",
    "product_balance": "sum(balance)",
    "mean_balance_of_holders": "sum(balance) / sum(holders)",
}
"""SQL on one dimension of fct_product_penetration for each metric of products."""

LOSS = "sum(round(balance * probability_of_default::double * loss_given_default::double, 2))"
OF_LOSSES = {
    "expected_loss": LOSS,
    "lending_exposure": "sum(balance)",
    "expected_loss_rate": f"{LOSS} / sum(balance)",
}
"""SQL on the view `losses` for each metric of assumed losses."""

LOSSES = """
create temp view losses as
select * from (
    unpivot (
        select
            risk_weighting, sum(credit_card_balance) as credit_card, sum(bank_loans) as bank_loan,
            sum(business_lending) as business_lending
        from wide group by risk_weighting
    ) on credit_card, bank_loan, business_lending into name product value balance
)
inner join reference.default_probabilities using (risk_weighting)
inner join reference.loss_given_defaults using (product)
"""

STRESSED = {
    f"stressed_{measure}": f"select {worst}(stressed_value) from marts.fct_stress_results"
    f" where measure = '{measure}'"
    for measure, worst in (
        ("expected_loss", "max"),
        ("total_deposits", "min"),
        ("net_position", "min"),
        ("estimated_income", "min"),
    )
}
CONCENTRATED = {
    f"{name}_of_{measure}": f"select distinct {column} from marts.fct_balance_concentration"
    f" where measure = '{measure}'"
    for measure in ("total_loans", "total_deposits", "fee_income")
    for name, column in (
        ("gini", "gini"),
        ("top_decile_share", "top_decile_share"),
        ("herfindahl", "herfindahl_index"),
    )
}
RECOMMENDED = {
    name: f"select {text} from marts.fct_customer_recommendations"
    for name, text in {
        "recommendations": "count(*)",
        "recommended_customers": "count(distinct customer_key)",
        "recommended_share": (
            "count(distinct customer_key) / (select count(*) from marts.dim_customers)"
        ),
        "money_concerned": "sum(money_concerned)",
        "gap_to_close": "sum(gap_to_close)",
    }.items()
}
OF_THE_BANK = STRESSED | CONCENTRATED | RECOMMENDED
"""A query for each metric of the whole bank, without grouping."""

OF_ACTIONS = {
    "recommendations": "count(*)",
    "recommended_customers": "count(distinct customer_key)",
    "money_concerned": "sum(money_concerned)",
    "gap_to_close": "coalesce(sum(gap_to_close), 0)",
}
"""SQL on fct_customer_recommendations and dim_customers for each metric of recommendations."""

Rows = dict[tuple[Any, ...], tuple[Any, ...]]


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a read-only connection to the built warehouse, with the views `wide` and `losses`."""
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        connection.execute(WIDE)
        connection.execute(LOSSES)
        yield connection


@pytest.fixture(scope="module")
def manifest_text(built_target: Path) -> str:
    return (built_target / "semantic_manifest.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def layer(built_target: Path) -> SemanticLayer:
    return load_metrics(built_target / "semantic_manifest.json")


@pytest.fixture(scope="module")
def engine(manifest_text: str) -> MetricFlowEngine:
    """Return a MetricFlow engine. It only writes SQL, which the tests run themselves."""
    client = SimpleNamespace(
        sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer()
    )
    manifest = parse_manifest_from_dbt_generated_manifest(manifest_text)
    return MetricFlowEngine(SemanticManifestLookup(manifest), client)


def keyed(rows: Sequence[tuple[Any, ...]], columns: Sequence[str], wanted: Sequence[str]) -> Rows:
    """Return the wanted columns of each row, keyed by its other columns.

    The columns of the key are sorted by their short names, because MetricFlow orders them
    differently.
    """
    places = [list(columns).index(name) for name in wanted]
    others = [place for place in range(len(columns)) if place not in places]
    others.sort(key=lambda place: columns[place].rpartition("__")[2])
    found = {tuple(row[at] for at in others): tuple(row[at] for at in places) for row in rows}
    assert len(found) == len(rows) > 0
    return found


def ours(
    warehouse: duckdb.DuckDBPyConnection,
    layer: SemanticLayer,
    metrics: Sequence[str],
    group_by: Sequence[str] = (),
    filters: dict[str, Sequence[object]] | None = None,
) -> Rows:
    """Run the SQL that compile_query writes."""
    query = compile_query(layer, metrics, group_by, filters)
    rows = warehouse.execute(query.sql, query.parameters).fetchall()
    return keyed(rows, query.columns, metrics)


def asked_of_metricflow(
    warehouse: duckdb.DuckDBPyConnection,
    engine: MetricFlowEngine,
    metrics: Sequence[str],
    group_by: Sequence[str] = (),
    where: Sequence[str] = (),
) -> Rows:
    """Run the SQL that MetricFlow writes."""
    request = MetricFlowQueryRequest.create(
        metric_names=metrics, group_by_names=group_by, where_constraints=where
    )
    answer = warehouse.sql(engine.explain(request).sql_statement.sql)
    return keyed(answer.fetchall(), answer.columns, metrics)


def expected(
    warehouse: duckdb.DuckDBPyConnection,
    expressions: dict[str, str],
    source: str,
    group_by: Sequence[str] = (),
) -> Rows:
    """Run the independent SQL."""
    names = [*group_by, *(f"{text} as {name}" for name, text in expressions.items())]
    answer = warehouse.sql(f"select {', '.join(names)} from {source} group by all")
    return keyed(answer.fetchall(), answer.columns, list(expressions))


def assert_same(metrics: Sequence[str], found: Rows, wanted: Rows) -> None:
    assert found.keys() == wanted.keys()
    for group, values in wanted.items():
        for name, value, other in zip(metrics, values, found[group], strict=True):
            assert value is not None, (name, group)
            assert float(other) == pytest.approx(float(value), rel=1e-9), (name, group)


# ---------- the numbers


def test_every_metric_is_compared(layer: SemanticLayer) -> None:
    assert set(layer.metrics) == {
        *OF_CUSTOMERS,
        *OF_LOSSES,
        *OF_THE_BANK,
        *OF_ACTIONS,
        "recommended_share",
    }


def test_metrics_of_customers_equal_sql(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer, engine: MetricFlowEngine
) -> None:
    metrics = list(OF_CUSTOMERS)
    wanted = expected(warehouse, OF_CUSTOMERS, "wide")
    assert_same(metrics, ours(warehouse, layer, metrics), wanted)
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics), wanted)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_metrics_of_customers_by_dimension_equal_sql(
    dimension: str, warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    metrics = list(OF_CUSTOMERS)
    wanted = expected(warehouse, OF_CUSTOMERS, "wide", [dimension])
    assert_same(metrics, ours(warehouse, layer, metrics, [dimension]), wanted)


@pytest.mark.parametrize("dimension", ["segment", "watch_list_level", "investment_advisor"])
def test_metricflow_gives_the_same_by_dimension(
    dimension: str, warehouse: duckdb.DuckDBPyConnection, engine: MetricFlowEngine
) -> None:
    metrics = list(OF_CUSTOMERS)
    wanted = expected(warehouse, OF_CUSTOMERS, "wide", [dimension])
    found = asked_of_metricflow(warehouse, engine, metrics, [f"customer__{dimension}"])
    assert_same(metrics, found, wanted)


def test_filters_select_the_same_rows_everywhere(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer, engine: MetricFlowEngine
) -> None:
    metrics = list(OF_CUSTOMERS)
    source = "wide where income_band in ('Low', 'High') and risk_weighting = 2"
    wanted = expected(warehouse, OF_CUSTOMERS, source, ["fee_structure", "gender"])
    chosen: dict[str, Sequence[object]] = {"income_band": ["Low", "High"], "risk_weighting": [2]}
    found = ours(warehouse, layer, metrics, ["fee_structure", "gender"], chosen)
    assert_same(metrics, found, wanted)
    where = [
        "{{ Dimension('customer__income_band') }} in ('Low', 'High')",
        "{{ Dimension('customer__risk_weighting') }} = 2",
    ]
    group_by = ["customer__fee_structure", "customer__gender"]
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics, group_by, where), wanted)


def test_metrics_of_products_equal_sql(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer, engine: MetricFlowEngine
) -> None:
    metrics = list(BY_PRODUCT)
    source = "marts.fct_product_penetration where dimension = 'income_band'"
    source = f"(select *, value as income_band from {source})"
    wanted = expected(warehouse, BY_PRODUCT, source, ["product", "income_band"])
    assert_same(metrics, ours(warehouse, layer, metrics, ["product", "income_band"]), wanted)
    group_by = ["product", "customer__income_band"]
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics, group_by), wanted)
    by_family = ours(warehouse, layer, ["product_balance"], ["product_family"])
    totals = warehouse.sql("select sum(loans), sum(deposits) from wide").fetchone()
    assert (by_family[("lending",)][0], by_family[("deposit",)][0]) == totals


@pytest.mark.parametrize("dimension", ["action", "income_band", None])
def test_metrics_of_recommendations_equal_sql(
    dimension: str | None,
    warehouse: duckdb.DuckDBPyConnection,
    layer: SemanticLayer,
    engine: MetricFlowEngine,
) -> None:
    metrics = list(OF_ACTIONS)
    source = "(from marts.fct_customer_recommendations inner join marts.dim_customers using "
    source += "(customer_key))"
    group_by = [dimension] if dimension else []
    wanted = expected(warehouse, OF_ACTIONS, source, group_by)
    assert_same(metrics, ours(warehouse, layer, metrics, group_by), wanted)
    entities = {"action": "recommendation", "income_band": "customer"}
    asked = [f"{entities[name]}__{name}" for name in group_by]
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics, asked), wanted)


def test_share_of_customers_with_an_action_equals_sql(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer, engine: MetricFlowEngine
) -> None:
    recommended = "(select count(distinct customer_key) from marts.fct_customer_recommendations)"
    wanted = expected(
        warehouse, {"recommended_share": f"{recommended} / count(*)"}, "marts.dim_customers"
    )
    metrics = ["recommended_share"]
    assert_same(metrics, ours(warehouse, layer, metrics), wanted)
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics), wanted)


@pytest.mark.parametrize("dimension", ["risk_weighting", "product", None])
def test_metrics_of_losses_equal_sql(
    dimension: str | None,
    warehouse: duckdb.DuckDBPyConnection,
    layer: SemanticLayer,
    engine: MetricFlowEngine,
) -> None:
    metrics = list(OF_LOSSES)
    group_by = [dimension] if dimension else []
    wanted = expected(warehouse, OF_LOSSES, "losses", group_by)
    assert_same(metrics, ours(warehouse, layer, metrics, group_by), wanted)
    asked = [name.replace("risk_weighting", "loss_cell__risk_weighting") for name in group_by]
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics, asked), wanted)


def test_metrics_of_the_bank_equal_sql(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer, engine: MetricFlowEngine
) -> None:
    metrics = list(OF_THE_BANK)
    answers = [warehouse.sql(question).fetchall() for question in OF_THE_BANK.values()]
    assert all(len(answer) == 1 for answer in answers)
    wanted: Rows = {(): tuple(answer[0][0] for answer in answers)}
    assert_same(metrics, ours(warehouse, layer, metrics), wanted)
    assert_same(metrics, asked_of_metricflow(warehouse, engine, metrics), wanted)


def test_stress_by_scenario_equals_the_mart(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    found = ours(warehouse, layer, list(STRESSED), ["scenario"])
    rows = warehouse.sql(
        "select scenario, 'stressed_' || measure, stressed_value from marts.fct_stress_results"
    ).fetchall()
    assert len(rows) == len(found) * len(STRESSED)
    for scenario, name, value in rows:
        assert found[(scenario,)][list(STRESSED).index(name)] == value


def test_joining_year_is_the_year_of_the_joining_date(
    warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    by_date = ours(warehouse, layer, ["customers"], ["joined_date__year"])
    by_year = ours(warehouse, layer, ["customers"], ["joined_year"])
    assert {day.year: count for (day,), count in by_date.items()} == {
        year: count for (year,), count in by_year.items()
    }


# ---------- the definitions


def test_every_metric_has_a_label_and_a_usable_format(layer: SemanticLayer) -> None:
    labels = [metric.label for metric in layer.metrics.values()]
    assert len(set(labels)) == len(labels)
    for metric in layer.metrics.values():
        assert metric.label != metric.name
        assert metric.description.endswith("."), metric.name
        assert format_value(0, metric.format)
        assert metric.unit
        assert metric.display_folder


def test_every_dimension_is_labelled(layer: SemanticLayer) -> None:
    reached = {one.name: one for one in dimensions_of(layer, list(OF_CUSTOMERS))}
    assert set(DIMENSIONS) <= set(reached)
    protected = {name for name, one in reached.items() if one.is_protected}
    assert protected == {"nationality", "gender", "age_band"}
    for model in layer.models.values():
        for one in model.dimensions.values():
            assert one.label[0].isupper(), one.qualified_name
            assert one.description.endswith("."), one.qualified_name


def test_columns_of_semantic_models_exist_in_the_marts(
    layer: SemanticLayer, warehouse: duckdb.DuckDBPyConnection
) -> None:
    for model in layer.models.values():
        assert model.schema == "marts"
        columns = set(warehouse.sql(f"from marts.{model.relation} limit 0").columns)
        named = {one.column for one in model.dimensions.values()}
        measured = {
            metric.measure.column
            for metric in layer.metrics.values()
            if metric.measure and metric.measure.model == model.name
        }
        assert named | measured | set(model.references.values()) <= columns, model.name


def test_protected_dimensions_match_the_seed(
    layer: SemanticLayer, warehouse: duckdb.DuckDBPyConnection
) -> None:
    listed = warehouse.sql(
        "select dimension from reference.dimensions where is_protected"
    ).fetchall()
    marked = {
        one.name
        for model in layer.models.values()
        for one in model.dimensions.values()
        if one.is_protected
    }
    assert marked == {name for (name,) in listed}


# ---------- MetricFlow's own command


@pytest.fixture(scope="module")
def mf_project(built_warehouse: Path, built_target: Path, tmp_path_factory: Any) -> Path:
    """Return a folder that `mf` accepts as the built project.

    `mf` always looks for target/semantic_manifest.json in the project's folder, and opens the
    warehouse for writing. So both are copied. The copy of the warehouse is renamed, because
    the definitions must work with a warehouse of any name.
    """
    folder: Path = tmp_path_factory.mktemp("mf")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy2(PROJECT / name, folder / name)
    (folder / "target").mkdir()
    shutil.copy2(built_target / "semantic_manifest.json", folder / "target")
    shutil.copy2(built_warehouse, folder / "renamed.duckdb")
    return folder


def mf(folder: Path, *arguments: str) -> str:
    """Run the command `mf` and return its output."""
    environment = os.environ | {
        "BANK_WAREHOUSE": str(folder / "renamed.duckdb"),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PYTHONPATH": str(PROJECT),
    }
    run = subprocess.run(
        [str(Path(sys.executable).parent / "mf"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_mf_validates_the_configuration(mf_project: Path) -> None:
    printed = mf(mf_project, "validate-configs")
    assert "ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0" in printed.replace("\n", " ")
    assert printed.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") == printed.count("WARNINGS:")


def test_mf_query_equals_compile_query(
    mf_project: Path, warehouse: duckdb.DuckDBPyConnection, layer: SemanticLayer
) -> None:
    metrics = ["customers", "total_loans", "loan_to_deposit_ratio", "act_share", "penetration"]
    answer = mf_project / "answer.csv"
    group = "customer__loyalty_classification"
    mf(
        mf_project, "query", "--metrics", ",".join(metrics), "--group-by", group,
        "--csv", str(answer), "--decimals", "15",
    )  # fmt: skip
    with answer.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    found = keyed([tuple(line) for line in lines[1:]], lines[0], metrics)
    assert_same(metrics, found, ours(warehouse, layer, metrics, [group]))


def test_definitions_work_with_a_warehouse_of_any_name(built_target: Path) -> None:
    content = json.loads((built_target / "semantic_manifest.json").read_text("utf-8"))
    relations = [model["node_relation"] for model in content["semantic_models"]]
    relations += [
        spine["node_relation"] for spine in content["project_configuration"]["time_spines"]
    ]
    assert len(relations) > 10
    for relation in relations:
        assert relation["relation_name"] == f'"marts"."{relation["alias"]}"'


def test_dbt_parses_the_project_without_deprecations(build_folder: Path) -> None:
    for log in (parse_log(), (build_folder / "logs" / "dbt.log").read_text(encoding="utf-8")):
        assert "Running with dbt" in log
        assert "DeprecationsSummary" not in log
        assert "[WARNING]" not in log
