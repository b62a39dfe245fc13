"""The project compiled for one drop, as steps that a script can run on one connection."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from python_checks.testing.model_runner import DATABASE, PROJECT, read_nodes

# Excludes the settings of the progress bar, which depend on whether there is a terminal.
SETTINGS_QUERY = "select name, value from duckdb_settings() where name not like '%progress%'"


class PreparationError(Exception):
    """dbt could not load the seeds or compile the project; the message is its output."""


@dataclass(frozen=True)
class Step:
    """A model, as a step of a script.

    Attributes:
        name: Name of the model.
        relation: Full quoted name of the model: database, schema and name.
        kind: "table", "view" or "python".
        code: Compiled SQL, or the file of a Python model.
        parents: Names of the models and seeds that it reads.
    """

    name: str
    relation: str
    kind: str
    code: str
    parents: list[str]


@dataclass(frozen=True)
class Script:
    """The compiled project.

    Attributes:
        settings: dbt's DuckDB settings that differ from those of a plain connection.
        attached: Names of the other databases that contain models.
        relations: The full quoted name of each model and seed, keyed by its plain name.
        steps: The models, each after its parents.
    """

    settings: dict[str, str]
    attached: list[str]
    relations: dict[str, str]
    steps: list[Step]

    def write(self, path: Path) -> None:
        """Write the script as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Script":
        """Read a file that `write` has written."""
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            settings=told["settings"],
            attached=told["attached"],
            relations=told["relations"],
            steps=[Step(**step) for step in told["steps"]],
        )


def dbt_command(*arguments: str, python: Path = Path(sys.executable)) -> list[str]:
    """Return dbt's command line with the project's folders."""
    folders = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT))
    return [
        *(str(python), "-c", "from dbt.cli.main import cli; cli()"),
        *(arguments[0], *folders, *arguments[1:]),
    ]


def dbt_environment(folder: Path, drop: Path) -> dict[str, str]:
    """Return the environment variables for a build of `drop` that writes only to `folder`."""
    return {
        **os.environ,
        "BANK_RAW_DIR": str(drop),
        "BANK_WAREHOUSE": str(folder / "data" / f"{DATABASE}.duckdb"),
        "BANK_HISTORY": str(folder / "data" / f"{DATABASE}_history.duckdb"),
        "BANK_TEMP_DIRECTORY": str(folder / "data" / "spilled"),
        "BANK_SPARK_WAREHOUSE": str(folder / "data" / "spark"),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_USE_COLORS": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def run_dbt(folder: Path, drop: Path, *arguments: str) -> str:
    """Run dbt without measuring it, and return its output.

    Raises:
        PreparationError: dbt failed.
    """
    ran = subprocess.run(
        dbt_command(*arguments),
        env=dbt_environment(folder, drop),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        message = f"dbt {' '.join(arguments)} failed:\n{ran.stdout}{ran.stderr}"
        raise PreparationError(message)
    return ran.stdout


def prepare(folder: Path, drop: Path, settings: dict[str, str] | None = None) -> Script:
    """Load the reference seeds and compile the project for a drop; this is not measured.

    Args:
        folder: Folder for the seeded warehouse, `data/bank.duckdb`, and dbt's `target/`. An
            existing warehouse counts as seeded.
        drop: The folder of the raw files.
        settings: Settings from an earlier script of the same project; if None, dbt
            reports them.

    Raises:
        PreparationError: dbt failed.
    """
    if not (folder / "data" / f"{DATABASE}.duckdb").exists():
        run_dbt(folder, drop, "seed")
    run_dbt(folder, drop, "compile", "--quiet")
    nodes = read_nodes(folder / "target")
    return Script(
        settings=_changed_settings(folder, drop) if settings is None else settings,
        attached=sorted({node["database"] for node in nodes.values()} - {DATABASE}),
        relations={name: node["relation_name"] for name, node in nodes.items()},
        steps=steps_in_order(nodes),
    )


def steps_in_order(nodes: Mapping[str, Any]) -> list[Step]:
    """Return the models, each after its parents.

    Args:
        nodes: Models and seeds by name, from dbt's compiled manifest.
    """
    names = {node["unique_id"]: name for name, node in nodes.items()}
    parents = {
        name: [names[each] for each in node["depends_on"].get("nodes", []) if each in names]
        for name, node in nodes.items()
    }
    return [
        _step(nodes[name], parents[name])
        for name in TopologicalSorter(parents).static_order()
        if nodes[name]["resource_type"] == "model"
    ]


def _step(node: Mapping[str, Any], parents: list[str]) -> Step:
    is_python = node["language"] == "python"
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    return Step(
        name=node["name"],
        relation=node["relation_name"],
        kind="python" if is_python else kind,
        code=str(PROJECT / node["original_file_path"]) if is_python else node["compiled_code"],
        parents=parents,
    )


def _changed_settings(folder: Path, drop: Path) -> dict[str, str]:
    """Return the settings of dbt's connection that differ from those of a plain connection."""
    shown = run_dbt(
        folder, drop, "show", "--quiet", "--inline", SETTINGS_QUERY, "--limit", "-1",
        "--output", "json",
    )  # fmt: skip
    under_dbt = {row["name"]: row["value"] for row in json.loads(shown)["show"]}
    with duckdb.connect(str(folder / "plain.duckdb")) as connection:
        plain = dict(connection.execute(SETTINGS_QUERY).fetchall())
    return {
        name: str(value)
        for name, value in under_dbt.items()
        if name in plain and str(value) != str(plain[name]) and name != "temp_directory"
    }
