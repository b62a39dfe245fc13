"""The rules on the dbt project: each does its work, and this project keeps them all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from python_checks.project import rules as project_rules
from python_checks.project.rules import Rule, RuleException
from python_checks.testing.dbt import parsed_project, run_dbt
from python_checks.testing.paths import PROJECT

EXCEPTIONS = PROJECT / "python_checks" / "project" / "rule_exceptions.csv"
PACKAGE_RULES = 27

Json = dict[str, Any]
Change = Callable[[Json], object]


# ---------- a small project, made by hand, that keeps every rule


def add_model(manifest: Json, name: str, folder: str, parents: list[str], **more: Any) -> Json:
    """Add a described, tested model to a manifest and return it."""
    model: Json = {
        "unique_id": f"model.toy.{name}",
        "resource_type": "model",
        "name": name,
        "language": "sql",
        "raw_code": "select * from {{ ref('parent') }}",
        "original_file_path": f"models/{folder}/{name}.sql",
        "description": "One row per client.",
        "access": "protected",
        "contract": {"enforced": False},
        "config": {"materialized": "table"},
        "columns": {"id": {"name": "id", "description": "The key.", "constraints": []}},
        "depends_on": {"nodes": list(parents)},
        **more,
    }
    manifest["nodes"][model["unique_id"]] = model
    for test in ("unique", "not_null"):
        add_test(manifest, test, name, f"models/{folder}/_models.yml", "id")
    return model


def add_test(manifest: Json, test: str, model: str, file: str, column: str | None) -> Json:
    """Add a generic test of a model to a manifest and return it."""
    node: Json = {
        "unique_id": f"test.toy.{test}_{model}_{column}",
        "resource_type": "test",
        "name": f"{test}_{model}_{column}",
        "original_file_path": file,
        "attached_node": f"model.toy.{model}",
        "column_name": column,
        "test_metadata": {"name": test, "namespace": None, "kwargs": {}},
        "depends_on": {"nodes": [f"model.toy.{model}"]},
    }
    manifest["nodes"][node["unique_id"]] = node
    return node


def add_source(manifest: Json, name: str, **more: Any) -> Json:
    """Add a described source table with a limit of freshness to a manifest and return it."""
    source: Json = {
        "unique_id": f"source.toy.bank.{name}",
        "resource_type": "source",
        "source_name": "bank",
        "name": name,
        "identifier": name,
        "database": "warehouse",
        "schema": "raw",
        "original_file_path": "models/staging/bank/_bank__sources.yml",
        "source_description": "The core banking system.",
        "description": "The clients, as delivered.",
        "freshness": {"warn_after": {"count": 7, "period": "day"}, "error_after": None},
        **more,
    }
    manifest["sources"][source["unique_id"]] = source
    return source


def toy() -> Json:
    """Return source -> base -> staging (views) -> intermediate -> two marts -> exposure.

    Two leaves hang on the intermediate model, one less than the limit; it is not public and
    has no contract, as the marts do.
    """
    manifest: Json = {"nodes": {}, "sources": {}, "exposures": {}, "metrics": {}}
    view = {"materialized": "view"}
    public = {"access": "public", "contract": {"enforced": True}}
    add_source(manifest, "clients")
    clients, base = "source.toy.bank.clients", "model.toy.base_bank__clients"
    add_model(manifest, "base_bank__clients", "staging/bank", [clients], config=view)
    add_model(manifest, "stg_bank__clients", "staging/bank", [base], config=view)
    add_model(manifest, "int_clients_scored", "intermediate", ["model.toy.stg_bank__clients"])
    scored = ["model.toy.int_clients_scored"]
    add_model(manifest, "fct_positions", "marts/core", scored, **public)
    add_model(manifest, "dim_clients", "marts/core", scored, **public)
    manifest["exposures"]["exposure.toy.report"] = {
        "unique_id": "exposure.toy.report",
        "resource_type": "exposure",
        "name": "report",
        "depends_on": {"nodes": ["model.toy.fct_positions", "model.toy.dim_clients"]},
    }
    return manifest


def node(manifest: Json, name: str) -> Json:
    """Return a model of the manifest by its name."""
    found: Json = manifest["nodes"][f"model.toy.{name}"]
    return found


def reads(model: str, *parents: str) -> Change:
    """Return the change that lets a model read these parents too."""
    return lambda manifest: node(manifest, model)["depends_on"]["nodes"].extend(parents)


def sets(model: str, **values: Any) -> Change:
    """Return the change that sets fields of a model."""
    return lambda manifest: node(manifest, model).update(values)


def source_sets(**values: Any) -> Change:
    """Return the change that sets fields of the source table."""
    return lambda manifest: manifest["sources"]["source.toy.bank.clients"].update(values)


def adds_model(name: str, folder: str, *parents: str, **more: Any) -> Change:
    """Return the change that adds a model."""
    return lambda manifest: add_model(manifest, name, folder, list(parents), **more)


def adds_source(name: str, **more: Any) -> Change:
    """Return the change that adds a source table."""
    return lambda manifest: add_source(manifest, name, **more)


def drops_test(test: str, model: str, column: str = "id") -> Change:
    """Return the change that takes a generic test away."""
    return lambda manifest: manifest["nodes"].pop(f"test.toy.{test}_{model}_{column}")


def all_of(*changes: Change) -> Change:
    """Return the change that makes all of these, in their order."""
    return lambda manifest: [change(manifest) for change in changes]


def many_parents(count: int) -> Change:
    """Return the change that gives fct_positions this many parents in all."""

    def change(manifest: Json) -> None:
        for number in range(count - 1):
            add_model(
                manifest, f"int_step_{number}", "intermediate", ["model.toy.stg_bank__clients"]
            )
            reads("fct_positions", f"model.toy.int_step_{number}")(manifest)

    return change


def view_chain(views: int) -> Change:
    """Return the change that adds a table at the end of this many views on a table."""

    def change(manifest: Json) -> None:
        parent = "model.toy.int_clients_scored"
        for number in range(views):
            view = {"materialized": "ephemeral" if number % 2 else "view"}
            add_model(manifest, f"int_view_{number}", "intermediate", [parent], config=view)
            parent = f"model.toy.int_view_{number}"
        add_model(manifest, "int_end", "intermediate", [parent])

    return change


def fan_out(leaves: int) -> Change:
    """Return the change that gives int_clients_scored this many leaf children in all."""
    return all_of(
        *(
            adds_model(f"fct_leaf_{number}", "marts/core", "model.toy.int_clients_scored")
            for number in range(leaves - 2)
        )
    )


def combination_key(manifest: Json) -> None:
    """Prove the grain of dim_clients by a test of the model instead of one column."""
    drops_test("unique", "dim_clients")(manifest)
    file = "models/marts/core/_models.yml"
    add_test(manifest, "unique_combination_of_columns", "dim_clients", file, None)


def singular_test_only(manifest: Json) -> None:
    """Leave dim_clients no test but one in a file of its own that reads it last."""
    drops_test("unique", "dim_clients")(manifest)
    drops_test("not_null", "dim_clients")(manifest)
    manifest["nodes"]["test.toy.assert_all_clients"] = {
        "unique_id": "test.toy.assert_all_clients",
        "resource_type": "test",
        "name": "assert_all_clients",
        "original_file_path": "tests/singular/assert_all_clients.sql",
        "attached_node": None,
        "column_name": None,
        "test_metadata": None,
        "depends_on": {"nodes": ["model.toy.fct_positions", "model.toy.dim_clients"]},
    }


UNTESTED = all_of(drops_test("unique", "dim_clients"), drops_test("not_null", "dim_clients"))
NOT_NULL = {"id": {"name": "id", "description": "", "constraints": [{"type": "not_null"}]}}

# rule, the resource it must name, the change that breaks it
BREACHES: list[tuple[str, str, Change]] = [
    (
        "direct_join_to_source",
        "int_clients_scored",
        reads("int_clients_scored", "source.toy.bank.clients"),
    ),
    (
        "marts_or_intermediate_dependent_on_source",
        "int_clients_scored",
        reads("int_clients_scored", "source.toy.bank.clients"),
    ),
    (
        "marts_or_intermediate_dependent_on_source",
        "dim_clients",
        reads("dim_clients", "source.toy.bank.clients"),
    ),
    (
        "duplicate_sources",
        "bank.clients, bank.customers",
        adds_source("customers", identifier="CLIENTS"),
    ),
    (
        "hard_coded_references",
        "dim_clients",
        sets("dim_clients", raw_code="select * from staging.stg_bank__clients\n"),
    ),
    (
        "hard_coded_references",
        "dim_clients",
        sets("dim_clients", raw_code='select * from x\nleft join "db"."raw"."clients" on true'),
    ),
    (
        "hard_coded_references",
        "dim_clients",
        sets("dim_clients", raw_code="select * from `clients`"),
    ),
    (
        "hard_coded_references",
        "dim_clients",
        sets("dim_clients", raw_code="select * from {{ var('table', 'clients') }}"),
    ),
    ("model_fanout", "int_clients_scored", fan_out(project_rules.FANOUT_LIMIT)),
    (
        "multiple_sources_joined",
        "base_bank__clients",
        all_of(adds_source("genders"), reads("base_bank__clients", "source.toy.bank.genders")),
    ),
    (
        "rejoining_of_upstream_concepts",
        "int_step",
        all_of(
            adds_model("int_step", "intermediate", "model.toy.int_clients_scored"),
            reads("fct_positions", "model.toy.int_step"),
        ),
    ),
    ("root_models", "dim_days", adds_model("dim_days", "marts/core")),
    (
        "source_fanout",
        "bank.clients",
        adds_model("base_bank__names", "staging/bank", "source.toy.bank.clients"),
    ),
    (
        "staging_dependent_on_marts_or_intermediate",
        "stg_bank__scores",
        adds_model("stg_bank__scores", "staging/bank", "model.toy.int_clients_scored"),
    ),
    (
        "staging_dependent_on_marts_or_intermediate",
        "stg_bank__scores",
        adds_model("stg_bank__scores", "staging/bank", "model.toy.dim_clients"),
    ),
    (
        "staging_dependent_on_staging",
        "stg_bank__names",
        adds_model("stg_bank__names", "staging/bank", "model.toy.stg_bank__clients"),
    ),
    ("unused_sources", "bank.genders", adds_source("genders")),
    ("too_many_joins", "fct_positions", many_parents(project_rules.JOIN_LIMIT)),
    ("missing_primary_key_tests", "dim_clients", drops_test("unique", "dim_clients")),
    (
        "missing_primary_key_tests",
        "dim_clients",
        # unique on one column, not_null on another: no key
        all_of(
            drops_test("not_null", "dim_clients"),
            lambda manifest: add_test(
                manifest, "not_null", "dim_clients", "models/marts/core/_models.yml", "name"
            ),
        ),
    ),
    (
        "missing_primary_key_tests",
        "dim_clients",
        # the tests of another model do not count, though they mention this one
        all_of(
            UNTESTED,
            lambda manifest: add_test(
                manifest, "relationships", "fct_positions", "models/marts/core/_models.yml", "id"
            )["depends_on"]["nodes"].insert(0, "model.toy.dim_clients"),
        ),
    ),
    ("sources_without_freshness", "bank.clients", source_sets(freshness=None)),
    (
        "sources_without_freshness",
        "bank.clients",
        source_sets(freshness={"warn_after": {"count": None}, "error_after": {"count": None}}),
    ),
    ("test_coverage", "project", UNTESTED),
    ("undocumented_models", "int_clients_scored", sets("int_clients_scored", description=" ")),
    ("documentation_coverage", "project", sets("int_clients_scored", description="")),
    ("undocumented_source_tables", "bank.clients", source_sets(description="")),
    ("undocumented_sources", "bank", source_sets(source_description="")),
    (
        "model_naming_conventions",
        "clients_by_region",
        adds_model("clients_by_region", "marts/core", "model.toy.stg_bank__clients"),
    ),
    (
        "model_naming_conventions",
        "clients_by_region",
        adds_model("clients_by_region", "elsewhere", "model.toy.stg_bank__clients"),
    ),
    (
        "model_directories",
        "int_clients_scored",
        sets("int_clients_scored", original_file_path="models/marts/core/int_clients_scored.sql"),
    ),
    (
        "model_directories",
        "dim_clients",
        sets("dim_clients", original_file_path="models/marts/intermediate/dim_clients.sql"),
    ),
    (
        "model_directories",
        "dim_clients",
        sets("dim_clients", original_file_path="models/dim_clients.sql"),
    ),
    (
        "model_directories",
        # through its base model it reads the source `bank`
        "stg_bank__clients",
        sets("stg_bank__clients", original_file_path="models/staging/cards/stg_bank__clients.sql"),
    ),
    (
        "source_directories",
        "bank.clients",
        source_sets(original_file_path="models/staging/cards/_cards__sources.yml"),
    ),
    (
        "test_directories",
        "dim_clients",
        lambda manifest: add_test(
            manifest, "unique", "dim_clients", "models/marts/risk/_models.yml", "name"
        ),
    ),
    ("chained_views_dependencies", "int_end", view_chain(project_rules.CHAINED_VIEWS_LIMIT + 1)),
    (
        "exposure_parents_materializations",
        "report",
        sets("dim_clients", config={"materialized": "view"}),
    ),
    (
        "exposure_parents_materializations",
        "report",
        lambda manifest: manifest["exposures"]["exposure.toy.report"]["depends_on"]["nodes"].append(
            "source.toy.bank.clients"
        ),
    ),
    (
        "public_models_without_contract",
        "dim_clients",
        sets("dim_clients", contract={"enforced": False}),
    ),
    (
        "exposures_dependent_on_private_models",
        "report",
        sets("dim_clients", access="protected"),
    ),
    ("undocumented_public_models", "dim_clients", sets("dim_clients", description="")),
    ("undocumented_public_models", "dim_clients", sets("dim_clients", columns={})),
    ("undocumented_public_models", "dim_clients", sets("dim_clients", columns=NOT_NULL)),
]

# rule, a change that comes close to breaking it
NEAR_MISSES: list[tuple[str, Change]] = [
    ("direct_join_to_source", adds_source("genders")),
    ("duplicate_sources", adds_source("clients_2", schema="other", identifier="clients")),
    (
        "hard_coded_references",
        sets("dim_clients", raw_code="select a is distinct from b.c as x from {{ ref('t') }}"),
    ),
    ("hard_coded_references", sets("dim_clients", raw_code="with c as (select 1) select * from c")),
    (
        "hard_coded_references",
        sets("dim_clients", raw_code="x.table(from raw.clients )", language="python"),
    ),
    (
        "model_fanout",
        # three children, one of which feeds another model
        all_of(
            adds_model("fct_a", "marts/core", "model.toy.int_clients_scored"),
            adds_model("fct_b", "marts/core", "model.toy.fct_a", "model.toy.dim_clients"),
        ),
    ),
    (
        "rejoining_of_upstream_concepts",
        # the step in between has a second child
        all_of(
            adds_model("int_step", "intermediate", "model.toy.int_clients_scored"),
            reads("fct_positions", "model.toy.int_step"),
            reads("dim_clients", "model.toy.int_step"),
        ),
    ),
    ("root_models", adds_model(project_rules.TIME_SPINE, "marts/core")),
    ("model_naming_conventions", adds_model(project_rules.TIME_SPINE, "marts/core")),
    ("model_naming_conventions", adds_model("rpt_monthly", "reports", "model.toy.dim_clients")),
    ("model_directories", adds_model("rpt_monthly", "reports", "model.toy.dim_clients")),
    (
        "model_directories",
        sets("int_clients_scored", original_file_path="models/marts/core/intermediate/x.sql"),
    ),
    ("too_many_joins", many_parents(project_rules.JOIN_LIMIT - 1)),
    ("missing_primary_key_tests", combination_key),
    (
        "missing_primary_key_tests",
        all_of(drops_test("not_null", "dim_clients"), sets("dim_clients", columns=NOT_NULL)),
    ),
    (
        "sources_without_freshness",
        source_sets(freshness={"warn_after": None, "error_after": {"count": 1, "period": "day"}}),
    ),
    ("test_coverage", singular_test_only),
    ("test_directories", singular_test_only),
    ("chained_views_dependencies", view_chain(project_rules.CHAINED_VIEWS_LIMIT)),
    (
        "exposure_parents_materializations",
        sets("dim_clients", config={"materialized": "incremental"}),
    ),
    ("undocumented_public_models", sets("int_clients_scored", columns={})),
]


def test_the_rules_are_those_of_the_package() -> None:
    assert len(project_rules.RULES) == PACKAGE_RULES + len(project_rules.COVERAGE_RULES)
    assert {rule for rule, _, _ in BREACHES} == set(project_rules.RULES)


@pytest.mark.parametrize("rule", project_rules.RULES.values(), ids=list(project_rules.RULES))
def test_rule_finds_nothing_in_a_sound_project(rule: Rule) -> None:
    assert rule(toy()) == []


@pytest.mark.parametrize(
    ("rule", "resource", "change"),
    BREACHES,
    ids=[f"{number}-{rule}" for number, (rule, _, _) in enumerate(BREACHES)],
)
def test_rule_finds_its_breach_and_names_it(rule: str, resource: str, change: Change) -> None:
    manifest = toy()
    change(manifest)
    found = project_rules.RULES[rule](manifest)
    assert {(one.rule, one.resource) for one in found} == {(rule, resource)}
    assert all(one.detail for one in found)


@pytest.mark.parametrize(
    ("rule", "change"),
    NEAR_MISSES,
    ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(NEAR_MISSES)],
)
def test_rule_lets_pass_what_only_comes_close(rule: str, change: Change) -> None:
    manifest = toy()
    change(manifest)
    assert manifest != toy()
    assert project_rules.RULES[rule](manifest) == []


# ---------- exceptions


def exceptions_file(folder: Path, *rows: str, header: str = "rule,resource,reason") -> Path:
    """Write an exceptions file with these rows and return its path."""
    path = folder / "exceptions.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_exception_excuses_its_finding_and_no_other(tmp_path: Path) -> None:
    manifest = toy()
    fan_out(4)(manifest)
    adds_source("genders")(manifest)
    found = project_rules.check(manifest)
    accepted = project_rules.read_exceptions(
        exceptions_file(tmp_path, 'model_fanout,int_clients_scored,"One star, on purpose"')
    )
    left = project_rules.unexcused(found, accepted)
    assert accepted == [RuleException("model_fanout", "int_clients_scored", "One star, on purpose")]
    assert {one.rule for one in found} == {"model_fanout", "unused_sources"}
    assert {one.rule for one in left} == {"unused_sources"}
    assert project_rules.stale_exceptions(found, accepted) == []


def test_exception_that_is_no_longer_needed_is_a_finding() -> None:
    accepted = [RuleException("model_fanout", "int_clients_scored", "One star, on purpose")]
    stale = project_rules.stale_exceptions(project_rules.check(toy()), accepted)
    assert [one.resource for one in stale] == ["model_fanout, int_clients_scored"]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (["model_fanout,dim_clients,"], "line 2.*reason"),
        (["model_fanout,dim_clients,a, b"], "line 2.*in quotes"),
        (["model_fan,dim_clients,Why not"], "line 2.*no rule 'model_fan'; choose from"),
        (["test_coverage,project,Too much work"], "line 2.*knows no exceptions"),
        (["model_fanout,a,Because", "model_fanout,a,Because"], "line 3.*twice"),
    ],
)
def test_bad_exception_is_refused_with_its_place(
    tmp_path: Path, rows: list[str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=rf"exceptions\.csv, {complaint}"):
        project_rules.read_exceptions(exceptions_file(tmp_path, *rows))


def test_wrong_header_is_refused(tmp_path: Path) -> None:
    path = exceptions_file(tmp_path, header="rule,name,reason")
    with pytest.raises(ValueError, match=r"line 1.*write rule,resource,reason"):
        project_rules.read_exceptions(path)


def test_command_prints_findings_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = toy()
    adds_source("genders")(manifest)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert project_rules.main([str(path)]) == 1
    assert "unused_sources: bank.genders: is read by nothing" in capsys.readouterr().out
    assert project_rules.main([str(tmp_path / "absent.json")]) == 2
    assert "dbt parse" in capsys.readouterr().err


# ---------- what dbt itself writes


CAREFREE_PROJECT = {
    "dbt_project.yml": """
name: carefree
version: 0.1.0
profile: carefree
flags: {send_anonymous_usage_stats: false}
models: {carefree: {+materialized: view}}
""",
    "profiles.yml": "carefree: {target: d, outputs: {d: {type: duckdb, path: ':memory:'}}}",
    "models/staging/cards/_sources.yml": """
sources:
  - name: bank
    tables: [{name: clients}, {name: customers, identifier: clients}, {name: unused}]
""",
    "models/staging/_models.yml": """
models:
  - name: fct_public
    config: {access: public}
    columns: [{name: id, data_tests: [unique]}]
exposures:
  - name: report
    type: dashboard
    owner: {name: Analysts}
    depends_on: [ref('fct_leaf_1')]
""",
    "models/staging/bank/base_bank__a.sql": "select * from {{ source('bank', 'clients') }}",
    "models/staging/bank/stg_bank__b.sql": """
select * from {{ ref('base_bank__a') }}
union all select * from {{ source('bank', 'clients') }}
union all select * from {{ source('bank', 'customers') }}
""",
    "models/staging/bank/stg_bank__c.sql": "select * from {{ ref('stg_bank__b') }}",
    "models/staging/bank/stg_bank__d.sql": "select * from {{ ref('int_e') }}",
    "models/intermediate/int_e.sql": "select * from {{ source('bank', 'clients') }}",
    "models/intermediate/int_step.sql": "select * from {{ ref('int_e') }}",
    "models/marts/int_misplaced.sql": "select * from {{ ref('stg_bank__c') }}",
    "models/marts/strange.sql": "select * from {{ ref('stg_bank__c') }}",
    "models/marts/fct_root.sql": "select * from raw.clients",
    "models/marts/fct_public.sql": """
select * from {{ ref('int_e') }} join {{ ref('int_step') }} using (id)
""",
    "models/marts/fct_leaf_1.sql": "select * from {{ ref('int_e') }}",
    "models/marts/fct_leaf_2.sql": "select * from {{ ref('int_e') }}",
    "models/marts/fct_leaf_3.sql": "select * from {{ ref('int_e') }}",
    "models/marts/fct_many.sql": """
-- depends_on: {{ ref('base_bank__a') }} {{ ref('stg_bank__b') }} {{ ref('stg_bank__c') }}
-- depends_on: {{ ref('stg_bank__d') }} {{ ref('int_view_1') }} {{ ref('int_view_2') }}
select * from {{ ref('int_view_3') }}
""",
    "models/intermediate/int_view_1.sql": "select * from {{ ref('stg_bank__c') }}",
    "models/intermediate/int_view_2.sql": "select * from {{ ref('int_view_1') }}",
    "models/intermediate/int_view_3.sql": "select * from {{ ref('int_view_2') }}",
}
"""A project that breaks every rule."""


def test_rules_read_what_dbt_writes(tmp_path: Path) -> None:
    """The manifests above are made by hand; dbt's own must trip every rule too."""
    for name, text in CAREFREE_PROJECT.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip() + "\n", encoding="utf-8")
    parsed = run_dbt(tmp_path, "parse", "--no-partial-parse", project=tmp_path / "project")
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    found = project_rules.check(manifest)
    assert {one.rule for one in found} == set(project_rules.RULES)


# ---------- this project


@pytest.fixture(scope="session")
def on_seeds() -> Json:
    """Return the manifest of this project, reading its seeds."""
    return parsed_project()


@pytest.fixture(scope="session")
def on_raw_folder() -> Json:
    """Return the manifest of this project, reading a folder of raw files: it has sources."""
    return parsed_project(is_drop=True)


@pytest.mark.parametrize("reading", ["on_seeds", "on_raw_folder"])
@pytest.mark.parametrize("rule", project_rules.RULES.values(), ids=list(project_rules.RULES))
def test_project_keeps_the_rule(rule: Rule, reading: str, request: pytest.FixtureRequest) -> None:
    found = rule(request.getfixturevalue(reading))
    assert project_rules.unexcused(found, project_rules.read_exceptions(EXCEPTIONS)) == []


def test_every_exception_is_still_needed(on_seeds: Json, on_raw_folder: Json) -> None:
    found = project_rules.check(on_seeds) + project_rules.check(on_raw_folder)
    exceptions = project_rules.read_exceptions(EXCEPTIONS)
    assert project_rules.stale_exceptions(found, exceptions) == []


def test_there_is_something_to_check(on_seeds: Json, on_raw_folder: Json) -> None:
    """A project without models keeps every rule: that would prove nothing."""
    for manifest in (on_seeds, on_raw_folder):
        kinds = [one["resource_type"] for one in manifest["nodes"].values()]
        assert "model" in kinds
        assert "test" in kinds
    assert on_raw_folder["sources"]
