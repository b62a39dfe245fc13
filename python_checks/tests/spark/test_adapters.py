"""With the example profiles for Databricks and Microsoft Fabric, the project compiles to Spark SQL.

The hosts and secrets are invented, because dbt compiles without a connection.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from python_checks.testing.needs import needs
from python_checks.testing.paths import PROJECT

DBT = PROJECT / ".venv-adapters" / "bin" / "dbt"

ENGINE_WORDS = {
    # By model: a fragment of DuckDB's SQL, and Spark's equivalent
    "base_bank__clients": [
        ("try_strptime(", "make_date("),
        ("regexp_full_match(", " rlike r'"),
        ("json_object(", "to_json(named_struct("),
        ("'0x' ||", "conv(left(md5("),
    ],
    "base_bank__client_duplicates": [("nfc_normalize(", ", r'[\\x{0009}")],
    "base_bank__clients_validated": [("rowid", "_metadata.row_index")],
    "dim_customers": [("printf(", "format_string(")],
    "dim_dates": [("unnest(generate_series(", "explode(sequence(")],
    "int_score_thresholds": [("quantile_disc(", "percentile_approx(")],
    "int_customers_classified": [("'2021-12-31' as date) - ", "datediff(cast('2021-12-31'")],
    "int_watch_list_scores": [("string_agg(", "within group (order by")],
}


@dataclass(frozen=True)
class Service:
    """A service that runs Spark and has its own adapter.

    Attributes:
        adapter: The adapter type in dbt.
        asking: Models that query the database when they are compiled, even with --no-introspect.
        environment: The environment variables that the service's profile reads.
    """

    adapter: str
    asking: tuple[str, ...]
    environment: dict[str, str]


SERVICES = {
    "databricks": Service(
        "databricks",
        ("int_customers_migrated",),
        {
            "DATABRICKS_HOST": "databricks.invalid",
            "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/none",
            "DATABRICKS_CLIENT_ID": "nobody",
            "DBT_ENV_SECRET_DATABRICKS_CLIENT_SECRET": "none",
        },
    ),
    "fabric": Service(
        "fabricspark",
        (),
        {
            "FABRIC_WORKSPACE_ID": "00000000-0000-0000-0000-000000000001",
            "FABRIC_LAKEHOUSE_ID": "00000000-0000-0000-0000-000000000002",
            "FABRIC_LAKEHOUSE": "bank",
            "FABRIC_TENANT_ID": "00000000-0000-0000-0000-000000000003",
            "FABRIC_CLIENT_ID": "nobody",
            "DBT_ENV_SECRET_FABRIC_CLIENT_SECRET": "none",
        },
    ),
}
"""Services by the folder of their profile."""


def run(profile: str, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt with an example profile, in the adapters' virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    return subprocess.run(
        [
            *(str(DBT), *arguments, "--profiles-dir", str(PROJECT / "profiles" / profile)),
            *("--target-path", str(target), "--log-path", str(target / "logs")),
            "--no-partial-parse",
        ],
        cwd=PROJECT,
        env=kept | SERVICES[profile].environment,
        capture_output=True,
        text=True,
        check=False,
    )


@needs(DBT.exists(), "the adapters' virtual environment", "make install-adapters")
@pytest.mark.parametrize("profile", SERVICES)
def test_the_project_compiles_to_spark_sql(profile: str, tmp_path: Path) -> None:
    service = SERVICES[profile]
    ran = run(
        *(profile, tmp_path, "compile", "--no-introspect", "--no-populate-cache"),
        *("--select", "path:models", "--indirect-selection", "empty"),
        *("--exclude", "file:*.py", *service.asking),
    )
    assert ran.returncode == 0, ran.stdout
    manifest: dict[str, Any] = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["metadata"]["adapter_type"] == service.adapter
    models = {
        node["name"]: node["compiled_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["language"] == "sql"
        and node["name"] not in service.asking
    }
    assert all(models.values())
    for name, words in ENGINE_WORDS.items():
        sql = re.sub(r"\s+", " ", models[name]).replace("( ", "(")
        for of_duckdb, of_spark in words:
            assert of_spark in sql, (name, of_spark)
            assert of_duckdb not in sql, (name, of_duckdb)


def test_duckdb_fragments_occur_in_a_duckdb_build(built_manifest: dict[str, Any]) -> None:
    nodes = {node["name"]: node for node in built_manifest["nodes"].values()}
    for name, words in ENGINE_WORDS.items():
        sql = re.sub(r"\s+", " ", nodes[name]["compiled_code"]).replace("( ", "(")
        for of_duckdb, of_spark in words:
            assert of_duckdb in sql, (name, of_duckdb)
            assert of_spark not in sql, (name, of_spark)
