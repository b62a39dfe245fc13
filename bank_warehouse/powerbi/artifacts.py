"""Reads the manifest and the semantic manifest that each dbt build writes."""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from bank_warehouse.metrics import MetricsError, SemanticLayer, load_metrics
from bank_warehouse.powerbi.errors import PowerBIError, read_text

Json = dict[str, Any]

SCHEMAS = ("marts", "quality")
"""Schemas that Power BI reads from a release; never `restricted`, which holds personal data."""

_REMEDY = "run `bank build`."
_REF = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")


@dataclass(frozen=True)
class Column:
    """A column of a mart, with its type as written in the contract."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class Mart:
    """A published table.

    Attributes:
        name: name of the table.
        schema: its schema.
        description: its description, which begins with the grain.
        columns: its columns by name, in the order of the contract.
    """

    name: str
    schema: str
    description: str
    columns: dict[str, Column]


@dataclass(frozen=True)
class Reference:
    """A `relationships` test: every `child.child_column` is in `parent.parent_column`."""

    child: str
    child_column: str
    parent: str
    parent_column: str


@dataclass(frozen=True)
class Seed:
    """A reference seed.

    Attributes:
        name: name of the seed.
        description: its description, which begins with the grain.
        columns: its columns by name, in the order of their documentation.
        rows: the rows of the file, as text.
    """

    name: str
    description: str
    columns: dict[str, Column]
    rows: list[dict[str, str]]


@dataclass(frozen=True)
class Artifacts:
    """Everything that the Power BI project needs from dbt.

    Attributes:
        marts: by name.
        references: the relationships tests, sorted.
        accepted_values: the values that a test accepts for a column, by mart and column.
        seeds: the reference seeds, by name.
        layer: the metrics and their measures.
    """

    marts: dict[str, Mart]
    references: list[Reference]
    accepted_values: dict[tuple[str, str], list[str]]
    seeds: dict[str, Seed]
    layer: SemanticLayer


def read(target: Path, project: Path) -> Artifacts:
    """Read the artifacts of a built warehouse.

    Args:
        target: dbt's target folder with manifest.json and semantic_manifest.json.
        project: folder of the dbt project, for the seeds.

    Raises:
        PowerBIError: a file is missing, cannot be read or does not have the expected structure; a
            seed lacks a column; or a mart has no enforced contract.
    """
    path = target / "manifest.json"
    try:
        manifest = json.loads(read_text(path, _REMEDY))
        return Artifacts(
            marts=_marts(manifest),
            references=_references(manifest),
            accepted_values=_accepted_values(manifest),
            seeds=_seeds(manifest, project),
            layer=load_metrics(target / "semantic_manifest.json"),
        )
    except MetricsError as error:
        raise PowerBIError(str(error)) from error
    except json.JSONDecodeError as error:
        raise PowerBIError(f"{path} is not JSON ({error}): {_REMEDY}") from error
    except (AttributeError, KeyError, TypeError) as error:
        message = f"{path} or semantic_manifest.json beside it does not have the expected structure"
        raise PowerBIError(f"{message} ({type(error).__name__}: {error}): {_REMEDY}") from error


def one_line(text: str) -> str:
    """Return `text` with every run of white space replaced by one space."""
    return " ".join(text.split())


def _is_published(node: Mapping[str, Any]) -> bool:
    return (
        node["resource_type"] == "model"
        and node["schema"] in SCHEMAS
        and node["config"]["meta"].get("is_published", True)
    )


def _marts(manifest: Json) -> dict[str, Mart]:
    marts = {}
    for node in manifest["nodes"].values():
        if _is_published(node):
            if not node["contract"]["enforced"]:
                raise PowerBIError(
                    f"{node['schema']}.{node['name']} has no enforced contract, so its types are "
                    "unknown: set `contract: {enforced: true}` and build again."
                )
            columns = {
                name: Column(name, column["data_type"], one_line(column["description"]))
                for name, column in node["columns"].items()
            }
            marts[node["name"]] = Mart(
                node["name"], node["schema"], one_line(node["description"]), columns
            )
    return dict(sorted(marts.items()))


def _tests(manifest: Json, name: str) -> list[tuple[str, Json]]:
    """Return the tested model and the arguments of every generic test called `name`."""
    found = []
    for node in manifest["nodes"].values():
        metadata = node.get("test_metadata") or {}
        if node["resource_type"] == "test" and metadata.get("name") == name:
            owner = str(node.get("attached_node") or "").rsplit(".", 1)[-1]
            found.append((owner, metadata["kwargs"]))
    return found


def _references(manifest: Json) -> list[Reference]:
    published = {node["name"] for node in manifest["nodes"].values() if _is_published(node)}
    found = set()
    for child, arguments in _tests(manifest, "relationships"):
        parent = _REF.search(arguments["to"])
        if child in published and parent is not None:
            found.add((child, arguments["column_name"], parent[1], arguments["field"]))
    return [Reference(*each) for each in sorted(found)]


def _accepted_values(manifest: Json) -> dict[tuple[str, str], list[str]]:
    return {
        (model, column): [str(value) for value in values]
        for model, arguments in _tests(manifest, "rows_are_sound")
        for column, values in arguments.get("accepted_values", {}).items()
    }


def _seeds(manifest: Json, project: Path) -> dict[str, Seed]:
    seeds = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed" and node["schema"] == "reference":
            types = node["config"]["column_types"]
            columns = {
                name: Column(name, types[name], one_line(column["description"]))
                for name, column in node["columns"].items()
            }
            path = project / node["original_file_path"]
            rows = list(csv.DictReader(StringIO(read_text(path, _REMEDY)), restval=""))
            gone = [name for name in columns if rows and name not in rows[0]]
            if gone:
                raise PowerBIError(f"{path} has no column {gone[0]}: {_REMEDY}")
            seeds[node["name"]] = Seed(node["name"], one_line(node["description"]), columns, rows)
    return seeds
