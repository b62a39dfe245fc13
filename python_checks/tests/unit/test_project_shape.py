"""The project passes the checks in dbt-bouncer.yml, and each check finds its violation."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from python_checks.project.checks.manifest.metrics import definitions
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

Json = dict[str, Any]


def parse(folder: Path, project: Path = PROJECT, **environment: str) -> Path:
    """Parse a project, and return the subfolder of `folder` that holds its manifest."""
    run = run_dbt(folder, "parse", "--no-partial-parse", project=project, **environment)
    assert run.returncode == 0, run.stdout
    return folder / "target"


def configured() -> Json:
    """Return the content of dbt-bouncer.yml."""
    config: Json = yaml.safe_load((PROJECT / "dbt-bouncer.yml").read_text("utf-8"))
    return config


def failures(target: Path, config: Json) -> list[Json]:
    """Return dbt-bouncer's findings for the manifest in a target folder."""
    checks = str(PROJECT / config["custom_checks_dir"])
    config |= {"dbt_artifacts_dir": str(target), "custom_checks_dir": checks}
    (target / "bouncer.yml").write_text(yaml.safe_dump(config), "utf-8")
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt-bouncer"), "run", "--output-only-failures"),
            *("--config-file", target / "bouncer.yml", "--output-file", target / "found.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    found: list[Json] = json.loads((target / "found.json").read_text("utf-8"))
    assert bool(found) == bool(run.returncode)
    return found


@pytest.fixture(scope="module")
def on_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return parse(tmp_path_factory.mktemp("on_seeds"))


@pytest.fixture(scope="module")
def on_a_drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the manifest for a drop. Only this manifest has the project's sources."""
    raw = str(tmp_path_factory.mktemp("raw"))
    return parse(tmp_path_factory.mktemp("on_a_drop"), BANK_RAW_DIR=raw)


def test_project_keeps_its_shape(on_seeds: Path, on_a_drop: Path) -> None:
    for target in (on_seeds, on_a_drop):
        assert [one["failure_message"] for one in failures(target, configured())] == []


def test_every_exclusion_is_still_needed(on_seeds: Path, on_a_drop: Path) -> None:
    config = configured()
    excluded = {
        (f"{check['name']}:{index}", pattern)
        for index, check in enumerate(config["manifest_checks"])
        for pattern in check.pop("exclude", [])
    }
    found = [one for target in (on_seeds, on_a_drop) for one in failures(target, config)]
    needed = {
        (check, pattern)
        for check, pattern in excluded
        for one in found
        if one["check_run_id"].startswith(f"{check}:") and re.match(pattern, one["file_path"])
    }
    assert excluded
    assert excluded == needed


def test_only_one_macro_maps_adapters_to_engines() -> None:
    files = [PROJECT / "dbt_project.yml"]
    for folder in ("analyses", "macros", "models", "tests"):
        files += (PROJECT / folder).rglob("*.sql")
    asking = {
        path.relative_to(PROJECT).as_posix()
        for path in files
        if re.search(r"target\.type|adapter\.(type|dispatch)\b", path.read_text("utf-8"))
    }
    assert asking == {"macros/engines/engine.sql"}


BROKEN_PROJECT = {
    "dbt_project.yml": """
name: bank_warehouse
version: 0.1.0
profile: broken
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": "broken: {target: d, outputs: {d: {type: duckdb, path: ':memory:'}}}",
    "seeds/codes.csv": "code\n1",
    "models/staging/cards/sources.yml": """
sources:
  - name: bank
    tables: [{name: clients}, {name: customers, identifier: clients}, {name: unused}]
""",
    "models/intermediate/models.yml": """
models:
  - name: fct_public
    config: {access: public}
    columns: [{name: id}, {name: date_day, granularity: day}]
    time_spine: {standard_granularity_column: date_day}
exposures:
  - name: report
    type: dashboard
    owner: {name: Analysts}
    depends_on: [ref('fct_root')]
semantic_models:
  - name: customers
    model: ref('fct_root')
    defaults: {agg_time_dimension: date_day}
    entities: [{name: customer, type: primary, expr: id}]
    dimensions: [{name: date_day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: customers, agg: count, expr: id}]
metrics:
  - {name: customers, label: A, type: simple, type_params: {measure: customers}}
  - {name: clients, label: B, type: simple, type_params: {measure: customers}}
""",
    "models/elsewhere/fct_elsewhere.sql": "select * from {{ ref('int_step') }}",
    "models/staging/clients.sql": """
select * from {{ source('bank', 'clients') }}
union all select * from {{ source('bank', 'customers') }}
union all select * from {{ ref('int_step') }}
""",
    "models/intermediate/step.sql": "select * from {{ source('bank', 'clients') }}",
    "models/intermediate/int_step.sql": "select * from {{ ref('step') }}",
    "models/intermediate/int_side.sql": "select * from {{ ref('step') }}",
    "models/intermediate/int_joined.sql": "select * from {{ ref('step') }}, {{ ref('int_side') }}",
    "models/intermediate/int_end.sql": "select * from {{ ref('int_view_6') }}",
    "models/marts/mart.sql": "select * from {{ ref('step') }} join {{ ref('int_view_1') }}",
    "models/history/moved.sql": "select * from {{ ref('fct_public') }}",
    "models/marts/fct_root.sql": "select * from raw.clients",
    "models/marts/fct_public.sql": """
-- depends_on: {{ ref('step') }} {{ ref('int_step') }} {{ ref('int_view_2') }}
-- depends_on: {{ ref('int_view_3') }} {{ ref('int_view_4') }} {{ ref('int_view_5') }}
select * from {{ ref('int_view_6') }}
""",
    "models/intermediate/int_view_1.sql": "select * from {{ ref('step') }}",
    **{
        f"models/intermediate/int_view_{number}.sql": f"""
select * from {{{{ ref('int_view_{number - 1}') }}}}
"""
        for number in range(2, 7)
    },
}
"""A project that breaks every check."""


def test_every_check_finds_its_violation(tmp_path: Path) -> None:
    for name, text in BROKEN_PROJECT.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip() + "\n", encoding="utf-8")
    config = configured()
    found = failures(parse(tmp_path, tmp_path / "project"), config)
    # The id of a finding is check:index:resource, or only the check if no resource is at fault.
    broken = {re.match(r"\w+(:\d+)?", one["check_run_id"])[0] for one in found}  # type: ignore[index]
    unbroken = [
        one["name"]
        for index, one in enumerate(config["manifest_checks"])
        if not {one["name"], f"{one['name']}:{index}"} & broken
    ]
    assert unbroken == []


# ---------- the two checks that this project defines itself


def metric(kind: str, **params: Any) -> Json:
    """Return a metric with these parameters, as dbt writes it."""
    empty: Json = {"measure": None, "numerator": None, "denominator": None, "metrics": []}
    return {"type": kind, "filter": None, "type_params": {"expr": None} | empty | params}


def of(name: str, alias: str | None = None, **more: Any) -> Json:
    """Return an input of a metric, as dbt writes it."""
    return {"name": name, "alias": alias, "filter": None, **more}


SMALL = {"filter": {"where_filters": [{"where_sql_template": "{{ Dimension('c__age') }} < 18"}]}}


@pytest.mark.parametrize(
    ("planted", "repeats"),
    [
        (metric("simple", measure=of("customers")), "customers"),
        (metric("simple", measure=of("customers")) | SMALL, None),
        (metric("simple", measure=of("customers") | SMALL), None),
        # This measure and total_loans have different names, but the same expression.
        (metric("simple", measure=of("second_total_loans")), "total_loans"),
        (
            metric("ratio", numerator=of("overleveraged_customers"), denominator=of("customers")),
            "overleveraged_share",
        ),
        (
            metric("ratio", numerator=of("customers"), denominator=of("overleveraged_customers")),
            None,
        ),
        (
            metric(
                "derived",
                expr="part  / whole",
                metrics=[of("overleveraged_customers", "part"), of("customers", "whole")],
            ),
            "overleveraged_share",
        ),
        (
            metric(
                "derived",
                expr="total_loans - total_deposits",
                metrics=[of("total_loans"), of("total_deposits")],
            ),
            "funding_gap",
        ),
        (
            metric(
                "derived",
                expr="total_deposits - total_loans",
                metrics=[of("total_loans"), of("total_deposits")],
            ),
            None,
        ),
    ],
)
def test_duplicate_metric_is_found(on_seeds: Path, planted: Json, repeats: str | None) -> None:
    manifest = json.loads((on_seeds / "manifest.json").read_text("utf-8"))
    for model in manifest["semantic_models"].values():
        for measure in [one for one in model["measures"] if one["name"] == "total_loans"]:
            model["measures"].append(
                measure | {"name": "second_total_loans", "expr": "total_loans"}
            )
    manifest["metrics"]["planted"] = planted | {"name": "planted"}
    found = definitions(manifest)
    same = [name for name in found if name != "planted" and found[name] == found["planted"]]
    assert same == ([repeats] if repeats else [])


def test_primary_key_without_its_test_is_found(on_seeds: Path, tmp_path: Path) -> None:
    manifest = json.loads((on_seeds / "manifest.json").read_text("utf-8"))
    nodes = manifest["nodes"]
    nodes["model.bank_warehouse.fct_customer_risk"]["primary_key"] = ["as_of_date"]
    for name in list(nodes):
        if name.startswith("test.bank_warehouse.unique_combination_of_columns_fct_product_pairs"):
            del nodes[name]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    messages = [one["failure_message"] for one in failures(tmp_path, configured())]
    assert len(messages) == 2
    assert any("fct_customer_risk` has the primary key ['as_of_date']" in one for one in messages)
    assert any("fct_product_pairs` has no primary key" in one for one in messages)
