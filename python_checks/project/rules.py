"""Rules on the shape of the dbt project, read from dbt's `manifest.json`.

The rules are those of the public package dbt_project_evaluator (dbt-labs, version 1, for
dbt 1.x), under the same names without `fct_`, so that a finding here can be looked up in that
package's documentation. The package itself builds some sixty models in the warehouse; these
are plain functions over the manifest and need no warehouse.

Definitions and default limits: https://dbt-labs.github.io/dbt-project-evaluator/latest/rules/

Where versions of the package differ, or its SQL lets a case slip through a null, the stricter
reading is taken; the docstring of the rule says so.

Each rule takes a manifest and returns its findings, sorted by resource. A finding may be
excused in `rule_exceptions.csv`, with a reason; an exception that excuses nothing any
more is an error of its own.

    python -m python_checks.project.rules target/manifest.json
"""

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

Manifest = Mapping[str, Any]
"""The content of dbt's manifest.json."""

Resource = Mapping[str, Any]
"""One entry of the manifest: a model, seed, snapshot, source, test, exposure..."""

# Limits: the defaults of the package.
FANOUT_LIMIT = 3
"""A parent with this many leaf children, or more, is a finding."""
JOIN_LIMIT = 7
"""A model with this many direct parents, or more, is a finding."""
CHAINED_VIEWS_LIMIT = 5
"""A model further than this from the start of a chain of views is a finding."""
COVERAGE_TARGET = 100.0
"""Per cent of the models that must be described, and that must be tested."""

# Layers: prefix of the name -> type of model -> folders where that type may live.
MODEL_PREFIXES: Mapping[str, str] = {
    "base_": "base",
    "stg_": "staging",
    "int_": "intermediate",
    "fct_": "marts",
    "dim_": "marts",
    "rpt_": "other",
}
MODEL_FOLDERS: Mapping[str, tuple[str, ...]] = {
    # By default the package wants base models in a folder `base`. With its variable
    # base_folder_name they may stand beside the staging models they feed, as here.
    "base": ("base", "staging"),
    "staging": ("staging",),
    "intermediate": ("intermediate",),
    "marts": ("marts",),
}
FOLDER_TYPES: Mapping[str, str] = {
    "base": "base",
    "staging": "staging",
    "intermediate": "intermediate",
    "marts": "marts",
}

PRIMARY_KEY_TESTS: tuple[frozenset[str], ...] = (
    frozenset({"unique", "not_null"}),
    frozenset({"unique_combination_of_columns"}),
)
"""Sets of generic tests; all of one set on the same column (or on the model) prove its grain."""

TIME_SPINE = "metricflow_time_spine"
"""The one model whose name and lack of parents MetricFlow dictates."""

VIRTUAL = frozenset({"view", "ephemeral"})
"""Materializations that hold no rows of their own."""
PHYSICAL = frozenset({"table", "incremental"})
"""Materializations that something outside the warehouse may read from."""

_BUILT = ("model", "seed", "snapshot")

_PART = r"[\[`\"']?\w+[\]`\"']?"
_HARD_CODED = re.compile(
    rf"""(?<!distinct\s)\b(?:from|join)\s+
    (?P<reference>
        {_PART}(?:\.{_PART}){{1,2}}(?=\s|$)                       # schema.name, db.schema.name
      | [\[`"']\w+[\]`"'](?=\s|$)                                 # one quoted name
      | \{{\{{\s*var\s*\([^()]*\)\s*\}}\}}                        # a name out of a variable
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, order=True)
class Finding:
    """One breach of a rule.

    Attributes:
        rule: Name of the rule.
        resource: What breaks it: a model, a source table (`source.table`), an exposure.
        detail: What to look at, for people.
    """

    rule: str
    resource: str
    detail: str


@dataclass(frozen=True)
class RuleException:
    """A finding that is accepted, and why.

    Attributes:
        rule: Name of the rule.
        resource: The resource, as the finding names it.
        reason: Why it is right to break the rule here.
    """

    rule: str
    resource: str
    reason: str


Rule = Callable[[Manifest], list[Finding]]


# ---------- reading the manifest


def _resources(manifest: Manifest) -> dict[str, Resource]:
    """Return what takes part in the lineage, by unique id; analyses and tests do not."""
    nodes = {
        unique_id: node
        for unique_id, node in manifest.get("nodes", {}).items()
        if node["resource_type"] in _BUILT
    }
    return {
        **nodes,
        **manifest.get("sources", {}),
        **manifest.get("exposures", {}),
        **manifest.get("metrics", {}),
    }


def _of_type(manifest: Manifest, *types: str) -> dict[str, Resource]:
    """Return the resources of these types, by unique id."""
    resources = _resources(manifest)
    return {key: one for key, one in resources.items() if one["resource_type"] in types}


def _parents(manifest: Manifest, resource: Resource) -> list[Resource]:
    """Return the direct parents of a resource, each once, in the order dbt lists them."""
    resources = _resources(manifest)
    ids = dict.fromkeys(resource.get("depends_on", {}).get("nodes", []))
    return [resources[one] for one in ids if one in resources]


def _children(manifest: Manifest) -> dict[str, list[Resource]]:
    """Return the direct children of every resource that has any, by the parent's unique id."""
    children: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in _resources(manifest).values():
        for parent in _parents(manifest, resource):
            children[parent["unique_id"]].append(resource)
    return dict(children)


def _tests_by_model(manifest: Manifest) -> dict[str, list[Resource]]:
    """Return the data tests of every tested resource, by its unique id.

    A generic test belongs to the resource it is declared on; a singular test, which names
    none, to the last of those it reads, as in the package. Unit tests are no data tests.
    """
    tests: defaultdict[str, list[Resource]] = defaultdict(list)
    for node in manifest.get("nodes", {}).values():
        if node["resource_type"] != "test":
            continue
        reads = node.get("depends_on", {}).get("nodes", [])
        owner = node.get("attached_node") or (reads[-1] if reads else None)
        if owner:
            tests[owner].append(node)
    return dict(tests)


def _name(resource: Resource) -> str:
    """Return the name a finding calls a resource by."""
    if resource["resource_type"] == "source":
        return f"{resource['source_name']}.{resource['name']}"
    if resource.get("version"):
        return f"{resource['name']}.v{resource['version']}"
    return str(resource["name"])


def _names(resources: Iterable[Resource]) -> str:
    return ", ".join(sorted(_name(resource) for resource in resources))


def _folders(resource: Resource) -> tuple[str, ...]:
    """Return the folders that hold the file of a resource, outermost first."""
    path = str(resource["original_file_path"]).replace("\\", "/")
    return PurePosixPath(path).parent.parts


def _is_described(text: object) -> bool:
    return bool(str(text or "").strip())


def _materialized(resource: Resource) -> str:
    return str(resource.get("config", {}).get("materialized", ""))


def _is_public(resource: Resource) -> bool:
    return resource["resource_type"] == "model" and resource.get("access") == "public"


def _prefix(name: str) -> str:
    """Return the first word of a name with its underscore: `stg_` of `stg_bank__clients`."""
    return name.split("_", 1)[0] + "_"


def _folder_type(resource: Resource) -> str | None:
    """Return the type that the innermost layer folder stands for, None outside of all."""
    inward = (FOLDER_TYPES[one] for one in reversed(_folders(resource)) if one in FOLDER_TYPES)
    return next(inward, None)


def _model_type(resource: Resource) -> str | None:
    """Return the layer of a model or snapshot: by its prefix, else its folder, else `other`."""
    if resource["resource_type"] not in ("model", "snapshot"):
        return None
    by_name = MODEL_PREFIXES.get(_prefix(str(resource["name"])))
    return by_name or _folder_type(resource) or "other"


def _find(rule: Rule, found: Iterable[tuple[str, str]]) -> list[Finding]:
    """Return (resource, detail) pairs as the sorted findings of a rule."""
    return sorted(Finding(rule.__name__, resource, detail) for resource, detail in found)


# ---------- modelling


def direct_join_to_source(manifest: Manifest) -> list[Finding]:
    """A model reads either sources or models: renaming and typing happen once, in staging."""
    found = []
    for model in _of_type(manifest, "model").values():
        parents = _parents(manifest, model)
        sources = [one for one in parents if one["resource_type"] == "source"]
        if sources and any(one["resource_type"] == "model" for one in parents):
            found.append((_name(model), f"reads models and also {_names(sources)}"))
    return _find(direct_join_to_source, found)


def marts_or_intermediate_dependent_on_source(manifest: Manifest) -> list[Finding]:
    """Only staging reads raw data, so that a change of the source is met in one place."""
    found = [
        (_name(model), f"is {_model_type(model)} and reads {_name(parent)}")
        for model in _of_type(manifest, "model", "snapshot").values()
        if _model_type(model) in ("marts", "intermediate")
        for parent in _parents(manifest, model)
        if parent["resource_type"] == "source"
    ]
    return _find(marts_or_intermediate_dependent_on_source, found)


def duplicate_sources(manifest: Manifest) -> list[Finding]:
    """One table of the database is declared once, or its lineage is split in two.

    Names are compared without case (as in version 2 of the package).
    """
    places: defaultdict[str, list[Resource]] = defaultdict(list)
    for source in manifest.get("sources", {}).values():
        parts = (source.get(key) or "" for key in ("database", "schema", "identifier"))
        places[".".join(parts).lower()].append(source)
    found = [
        (_names(sources), f"are all {place}") for place, sources in places.items() if sources[1:]
    ]
    return _find(duplicate_sources, found)


def hard_coded_references(manifest: Manifest) -> list[Finding]:
    """Every table is read through `ref` or `source`: dbt then knows the order of the build.

    Looks for `from` or `join` before a dotted name, a quoted name or a variable, in the SQL as
    written, comments included (as in the package); `is distinct from` is no such place.
    """
    found = []
    for model in _of_type(manifest, "model").values():
        if model.get("language", "sql") != "sql":
            continue
        matches = _HARD_CODED.finditer(model.get("raw_code") or "")
        references = sorted({match["reference"] for match in matches})
        if references:
            found.append((_name(model), "reads " + ", ".join(references)))
    return _find(hard_coded_references, found)


def model_fanout(manifest: Manifest) -> list[Finding]:
    """Few end products hang on one parent, or a shared step between them is missing.

    Counts leaf children: models that feed no other model. What reads a model from outside of
    the models (exposures, metrics) does not keep it from being a leaf (version 2), and the
    parent may also be a seed or a source (version 1).
    """
    children = _children(manifest)
    resources = _resources(manifest)
    found = []
    for parent, direct in children.items():
        leaves = [
            child
            for child in direct
            if child["resource_type"] == "model"
            and not any(
                one["resource_type"] in _BUILT for one in children.get(child["unique_id"], [])
            )
        ]
        if len(leaves) >= FANOUT_LIMIT:
            found.append((_name(resources[parent]), f"{len(leaves)} leaves: {_names(leaves)}"))
    return _find(model_fanout, found)


def multiple_sources_joined(manifest: Manifest) -> list[Finding]:
    """A model reads one source: each raw table has a staging model of its own."""
    found = []
    for model in _of_type(manifest, "model").values():
        sources = [one for one in _parents(manifest, model) if one["resource_type"] == "source"]
        if len(sources) > 1:
            found.append((_name(model), f"reads {_names(sources)}"))
    return _find(multiple_sources_joined, found)


def rejoining_of_upstream_concepts(manifest: Manifest) -> list[Finding]:
    """A step that only its child uses, over a parent they share, belongs into the child.

    Named is the step in between: parent -> step -> child, parent -> child, no other child.
    """
    children = _children(manifest)
    found = []
    for step in _of_type(manifest, *_BUILT).values():
        users = [
            one for one in children.get(step["unique_id"], []) if one["resource_type"] in _BUILT
        ]
        if len(users) != 1:
            continue
        beside = {one["unique_id"] for one in _parents(manifest, users[0])}
        shared = [one for one in _parents(manifest, step) if one["unique_id"] in beside]
        if shared:
            found.append((_name(step), f"feeds only {_name(users[0])}; both read {_names(shared)}"))
    return _find(rejoining_of_upstream_concepts, found)


def root_models(manifest: Manifest) -> list[Finding]:
    """A model without parents reads nothing that dbt knows: its data cannot be traced."""
    found = [
        (_name(model), "has no parents")
        for model in _of_type(manifest, "model").values()
        if model["name"] != TIME_SPINE and not model.get("depends_on", {}).get("nodes")
    ]
    return _find(root_models, found)


def source_fanout(manifest: Manifest) -> list[Finding]:
    """A source is read by one model, so that raw data are cleaned in one place only."""
    children = _children(manifest)
    found = []
    for unique_id, source in manifest.get("sources", {}).items():
        models = [one for one in children.get(unique_id, []) if one["resource_type"] == "model"]
        if len(models) > 1:
            found.append((_name(source), f"is read by {_names(models)}"))
    return _find(source_fanout, found)


def staging_dependent_on_marts_or_intermediate(manifest: Manifest) -> list[Finding]:
    """Staging stands on raw data alone; the layers never run backwards."""
    return _find(
        staging_dependent_on_marts_or_intermediate,
        _staging_reads(manifest, ("marts", "intermediate")),
    )


def staging_dependent_on_staging(manifest: Manifest) -> list[Finding]:
    """A staging model mirrors one raw table; what joins two of them is intermediate.

    A `base_` model under a staging model is a layer of its own and no breach.
    """
    return _find(staging_dependent_on_staging, _staging_reads(manifest, ("staging",)))


def _staging_reads(manifest: Manifest, types: Collection[str]) -> list[tuple[str, str]]:
    """Return the staging models that read a model of these types, and which."""
    return [
        (_name(model), f"reads {_name(parent)}, which is {_model_type(parent)}")
        for model in _of_type(manifest, "model", "snapshot").values()
        if _model_type(model) == "staging"
        for parent in _parents(manifest, model)
        if _model_type(parent) in types
    ]


def unused_sources(manifest: Manifest) -> list[Finding]:
    """A source that nothing reads is a declaration that nobody keeps true."""
    children = _children(manifest)
    found = [
        (_name(source), "is read by nothing")
        for unique_id, source in manifest.get("sources", {}).items()
        if unique_id not in children
    ]
    return _find(unused_sources, found)


def too_many_joins(manifest: Manifest) -> list[Finding]:
    """A model with many parents does too much to be understood or tested at once."""
    found = []
    for model in _of_type(manifest, "model").values():
        parents = _parents(manifest, model)
        if len(parents) >= JOIN_LIMIT:
            found.append((_name(model), f"{len(parents)} parents: {_names(parents)}"))
    return _find(too_many_joins, found)


# ---------- testing


def missing_primary_key_tests(manifest: Manifest) -> list[Finding]:
    """The grain of every model is proved on each build: one row per key, no key missing.

    A `not_null` constraint in the contract counts as the `not_null` test (version 1).
    """
    tests = _tests_by_model(manifest)
    found = [
        (_name(model), "no tests of a primary key")
        for unique_id, model in _of_type(manifest, "model").items()
        if not _has_primary_key(model, tests.get(unique_id, []))
    ]
    return _find(missing_primary_key_tests, found)


def _has_primary_key(model: Resource, tests: Iterable[Resource]) -> bool:
    """Tell whether one column, or the model as a whole, carries a full set of key tests."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for test in tests:
        if test.get("test_metadata"):
            names[(test.get("column_name") or "").lower()].add(test["test_metadata"]["name"])
    for column in model.get("columns", {}).values():
        if any(one["type"] == "not_null" for one in column.get("constraints") or []):
            names[column["name"].lower()].add("not_null")
    return any(wanted <= have for wanted in PRIMARY_KEY_TESTS for have in names.values())


def sources_without_freshness(manifest: Manifest) -> list[Finding]:
    """Someone is told when the raw data stop coming: each source has a limit for its age.

    Neither `warn_after` nor `error_after` with a count is a finding (version 2; dbt 1.11
    writes both as empty where none is declared).
    """
    found = []
    for source in manifest.get("sources", {}).values():
        freshness = source.get("freshness") or {}
        limits = [freshness.get(key) or {} for key in ("warn_after", "error_after")]
        if not any(limit.get("count") for limit in limits):
            found.append((_name(source), "has no limit of freshness"))
    return _find(sources_without_freshness, found)


def test_coverage(manifest: Manifest) -> list[Finding]:
    """Every model has at least one data test."""
    tests = _tests_by_model(manifest)
    models = _of_type(manifest, "model")
    without = [model for unique_id, model in models.items() if unique_id not in tests]
    return _find(test_coverage, _coverage("tested", models, without))


# pytest takes any function test_* for a test, wherever it is imported.
test_coverage.__test__ = False  # type: ignore[attr-defined]


def _coverage(
    what: str, models: Collection[object], without: Collection[Resource]
) -> list[tuple[str, str]]:
    """Return one pair if too few models are covered, none otherwise."""
    if not models:
        return []
    covered = len(models) - len(without)
    share = 100.0 * covered / len(models)
    if share >= COVERAGE_TARGET:
        return []
    detail = f"{covered} of {len(models)} models ({share:.1f} %) {what}, not: {_names(without)}"
    return [("project", detail)]


# ---------- documentation


def undocumented_models(manifest: Manifest) -> list[Finding]:
    """Whoever finds a table learns from it what it holds."""
    return _find(
        undocumented_models, [(_name(one), "has no description") for one in _undescribed(manifest)]
    )


def _undescribed(manifest: Manifest) -> list[Resource]:
    models = _of_type(manifest, "model").values()
    return [model for model in models if not _is_described(model.get("description"))]


def documentation_coverage(manifest: Manifest) -> list[Finding]:
    """Every model has a description."""
    models = _of_type(manifest, "model")
    return _find(documentation_coverage, _coverage("described", models, _undescribed(manifest)))


def undocumented_source_tables(manifest: Manifest) -> list[Finding]:
    """Each raw table says what it is and how it came here."""
    found = [
        (_name(source), "has no description")
        for source in manifest.get("sources", {}).values()
        if not _is_described(source.get("description"))
    ]
    return _find(undocumented_source_tables, found)


def undocumented_sources(manifest: Manifest) -> list[Finding]:
    """Each source as a whole says which system delivers it."""
    names = {
        str(source["source_name"])
        for source in manifest.get("sources", {}).values()
        if not _is_described(source.get("source_description"))
    }
    return _find(undocumented_sources, [(name, "has no description") for name in names])


# ---------- structure


def model_naming_conventions(manifest: Manifest) -> list[Finding]:
    """The name of a table in the warehouse tells its layer."""
    found = []
    for model in _of_type(manifest, "model").values():
        kind = _model_type(model)
        allowed = [prefix for prefix, one in MODEL_PREFIXES.items() if one == kind]
        if model["name"] != TIME_SPINE and _prefix(model["name"]) not in allowed:
            found.append((_name(model), f"is {kind}, so starts with {' or '.join(allowed)}"))
    return _find(model_naming_conventions, found)


def model_directories(manifest: Manifest) -> list[Finding]:
    """The folder of a model is that of its layer, for staging also that of its source.

    The innermost layer folder counts. A model with the prefix of a layer outside of any layer
    folder is a finding too; the package lets it pass, comparing with a null. A staging model
    must stand in a folder named as each source it reads, through base models too.
    """
    found = []
    for model in _of_type(manifest, "model").values():
        kind, folder = _model_type(model), _folder_type(model)
        allowed = MODEL_FOLDERS.get(str(kind), ())
        if folder not in allowed and (folder or allowed) and model["name"] != TIME_SPINE:
            where = " or ".join(allowed) or "no layer's folder"
            found.append((_name(model), f"is {kind}, so stands in {where}"))
        if kind == "staging":
            strange = _source_names(manifest, model) - set(_folders(model))
            found += [(_name(model), f"stands in no folder named {one}") for one in strange]
    return _find(model_directories, found)


def _source_names(manifest: Manifest, resource: Resource) -> set[str]:
    """Return the names of all sources upstream of a resource, at any distance."""
    names: set[str] = set()
    waiting, seen = [resource], set[str]()
    while waiting:
        for parent in _parents(manifest, waiting.pop()):
            if parent["resource_type"] == "source":
                names.add(str(parent["source_name"]))
            elif parent["unique_id"] not in seen:
                seen.add(parent["unique_id"])
                waiting.append(parent)
    return names


def source_directories(manifest: Manifest) -> list[Finding]:
    """A source is declared in the staging folder that bears its name.

    A whole folder name must match; the package is content with a part of the path.
    """
    found = [
        (_name(source), f"is declared in {source['original_file_path']}")
        for source in manifest.get("sources", {}).values()
        if source["source_name"] not in _folders(source)
    ]
    return _find(source_directories, found)


def test_directories(manifest: Manifest) -> list[Finding]:
    """The tests of a model are declared in its own folder, where its readers look."""
    models = _of_type(manifest, "model")
    found = {
        (_name(models[owner]), f"has tests in {test['original_file_path']}")
        for owner, tests in _tests_by_model(manifest).items()
        if owner in models
        for test in tests
        if test.get("test_metadata") and _folders(test) != _folders(models[owner])
    }
    return _find(test_directories, found)


test_directories.__test__ = False  # type: ignore[attr-defined]


# ---------- performance


def chained_views_dependencies(manifest: Manifest) -> list[Finding]:
    """No model computes a long chain of views each time it is built or read.

    The distance is the number of steps from the first view of the longest unbroken chain of
    views and ephemeral models to the model.
    """
    distances: dict[str, int] = {}

    def distance(model: Resource) -> int:
        key = model["unique_id"]
        if key not in distances:
            views = [one for one in _parents(manifest, model) if _materialized(one) in VIRTUAL]
            distances[key] = max((1 + distance(one) for one in views), default=0)
        return distances[key]

    found = [
        (_name(model), f"stands {distance(model)} steps from the first of a chain of views")
        for model in _of_type(manifest, "model").values()
        if distance(model) > CHAINED_VIEWS_LIMIT
    ]
    return _find(chained_views_dependencies, found)


def exposure_parents_materializations(manifest: Manifest) -> list[Finding]:
    """What a report reads is stored as a table: no raw data, nothing computed on each click."""
    found = []
    for exposure in manifest.get("exposures", {}).values():
        for parent in _parents(manifest, exposure):
            kind = parent["resource_type"]
            if kind == "source" or (kind == "model" and _materialized(parent) not in PHYSICAL):
                what = (
                    "a source" if kind == "source" else f"materialized as {_materialized(parent)}"
                )
                found.append((_name(exposure), f"reads {_name(parent)}, {what}"))
    return _find(exposure_parents_materializations, found)


# ---------- governance


def public_models_without_contract(manifest: Manifest) -> list[Finding]:
    """A table for everyone keeps its columns and types, by contract."""
    found = [
        (_name(model), "is public and has no enforced contract")
        for model in _of_type(manifest, "model").values()
        if _is_public(model) and not (model.get("contract") or {}).get("enforced")
    ]
    return _find(public_models_without_contract, found)


def exposures_dependent_on_private_models(manifest: Manifest) -> list[Finding]:
    """A report reads public models only: nothing that its owner may change unannounced."""
    found = [
        (_name(exposure), f"reads {_name(parent)}, which is no public model")
        for exposure in manifest.get("exposures", {}).values()
        for parent in _parents(manifest, exposure)
        if not _is_public(parent)
    ]
    return _find(exposures_dependent_on_private_models, found)


def undocumented_public_models(manifest: Manifest) -> list[Finding]:
    """A table for everyone describes itself and every one of its columns."""
    found = []
    for model in _of_type(manifest, "model").values():
        if not _is_public(model):
            continue
        columns = model.get("columns", {}).values()
        bare = sorted(one["name"] for one in columns if not _is_described(one.get("description")))
        if not _is_described(model.get("description")):
            found.append((_name(model), "has no description"))
        if not columns:
            found.append((_name(model), "declares no columns"))
        if bare:
            found.append((_name(model), "columns without description: " + ", ".join(bare)))
    return _find(undocumented_public_models, found)


COVERAGE_RULES: tuple[Rule, ...] = (documentation_coverage, test_coverage)
"""Rules on the project as a whole; as in the package, they know no exceptions."""

RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        direct_join_to_source,
        marts_or_intermediate_dependent_on_source,
        duplicate_sources,
        hard_coded_references,
        model_fanout,
        multiple_sources_joined,
        rejoining_of_upstream_concepts,
        root_models,
        source_fanout,
        staging_dependent_on_marts_or_intermediate,
        staging_dependent_on_staging,
        unused_sources,
        too_many_joins,
        missing_primary_key_tests,
        sources_without_freshness,
        undocumented_models,
        undocumented_source_tables,
        undocumented_sources,
        model_naming_conventions,
        model_directories,
        source_directories,
        test_directories,
        chained_views_dependencies,
        exposure_parents_materializations,
        public_models_without_contract,
        exposures_dependent_on_private_models,
        undocumented_public_models,
        *COVERAGE_RULES,
    )
}
"""The 27 rules of the package and its two measures of coverage, by name."""


# ---------- exceptions


def read_exceptions(path: Path) -> list[RuleException]:
    """Read the accepted findings.

    Args:
        path: CSV with the columns rule, resource, reason.

    Returns:
        The exceptions, in the order of the file.

    Raises:
        ValueError: A wrong header, a rule that does not exist or knows no exceptions, an empty
            cell, or the same exception twice; names the file, the line and the remedy.
    """
    columns = ["rule", "resource", "reason"]
    exceptions: dict[tuple[str, str], RuleException] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if header != columns:
            raise ValueError(f"{path}, line 1: header is {header}; write {','.join(columns)}")
        for row in rows:
            where = f"{path}, line {rows.line_num}"
            cells = [cell.strip() for cell in row]
            if len(cells) != len(columns) or not all(cells):
                raise ValueError(
                    f"{where}: {row}; give a rule, a resource and the reason why the rule does "
                    "not hold there (in quotes if it has a comma)"
                )
            one = RuleException(*cells)
            if one.rule not in RULES:
                raise ValueError(f"{where}: no rule {one.rule!r}; choose from {', '.join(RULES)}")
            if RULES[one.rule] in COVERAGE_RULES:
                raise ValueError(f"{where}: {one.rule} knows no exceptions; cover the model")
            if (one.rule, one.resource) in exceptions:
                raise ValueError(f"{where}: {one.rule}, {one.resource} is here twice; keep one")
            exceptions[one.rule, one.resource] = one
    return list(exceptions.values())


def unexcused(findings: Iterable[Finding], exceptions: Iterable[RuleException]) -> list[Finding]:
    """Return the findings that no exception accepts, in their order."""
    excused = {(one.rule, one.resource) for one in exceptions}
    return [one for one in findings if (one.rule, one.resource) not in excused]


def stale_exceptions(
    findings: Iterable[Finding], exceptions: Iterable[RuleException]
) -> list[Finding]:
    """Return, as findings, the exceptions that accept nothing any more."""
    found = {(one.rule, one.resource) for one in findings}
    return [
        Finding("stale_exception", f"{one.rule}, {one.resource}", f"take it out: {one.reason}")
        for one in exceptions
        if (one.rule, one.resource) not in found
    ]


def check(manifest: Manifest) -> list[Finding]:
    """Return the findings of all rules, rule by rule, exceptions not yet taken out."""
    return [finding for rule in RULES.values() for finding in rule(manifest)]


def main(arguments: list[str]) -> int:
    """Print what is found in manifests that are not excused; 1 if there is anything.

    Several manifests are those of one project, parsed under several settings: an exception is
    stale if it is needed under none of them.
    """
    if not arguments:
        print("Usage: python -m python_checks.project.rules MANIFEST_JSON [...]", file=sys.stderr)
        return 2
    paths = [Path(argument) for argument in arguments]
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        print(f"Not found: {', '.join(absent)}. Run 'dbt parse' first.", file=sys.stderr)
        return 2
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    found = [finding for manifest in manifests for finding in check(manifest)]
    exceptions = read_exceptions(Path(__file__).with_name("rule_exceptions.csv"))
    left = unexcused(found, exceptions) + stale_exceptions(found, exceptions)
    for one in dict.fromkeys(left):
        print(f"{one.rule}: {one.resource}: {one.detail}")
    print(f"{len(RULES)} rules, {len(dict.fromkeys(left))} findings, {len(exceptions)} exceptions")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
