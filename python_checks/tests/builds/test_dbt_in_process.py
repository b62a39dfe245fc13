"""Tests can share one parse of the project and run dbt in their own process."""

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import yaml

from python_checks.testing.dbt import parsed_project, run_dbt
from python_checks.testing.paths import PROJECT

OTHER_VALUES = {
    "as_of_date": "2020-01-01",
    "raw_date_format": ["%m-%d-%Y"],
    "raw_decimal_mark": ",",
    "raw_money_rounding": "half_up",
    "near_duplicates": "quarantine",
    "max_quarantine_rate": 0.5,
    "false_discovery_rate": 0.1,
    "exact_ranks_limit": 3,
    "inference_seed": 4,
    "published_schema_version": 9,
}
RUN_METADATA = ("created_at", "metadata")


def differences(one: Any, other: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return where two manifests differ, apart from metadata of the run."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        one, other = ({str(at): each for at, each in enumerate(items)} for items in (one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            found
            for key in sorted(one.keys() | other.keys())
            if key not in RUN_METADATA
            for found in differences(one.get(key), other.get(key), (*place, key))
        ]
    return [] if one == other else [place]


def test_variables_and_folders_do_not_affect_the_parse(tmp_path: Path) -> None:
    """One parsed manifest is enough for all values, because dbt renders vars when it compiles."""
    read = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    # A dictionary holds the vars of another package.
    declared = {name: value for name, value in read.items() if not isinstance(value, dict)}
    assert declared.keys() == OTHER_VALUES.keys()
    assert all(declared[name] != value for name, value in OTHER_VALUES.items())
    variables = ("--vars", json.dumps(OTHER_VALUES))
    parsed = run_dbt(tmp_path, "parse", "--no-partial-parse", *variables)
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    found = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    assert differences(parsed_project(), found) == []


def test_run_closes_its_files_and_restores_the_environment(tmp_path: Path) -> None:
    before = dict(os.environ)
    folder = Path.cwd()
    seeded = ("seed", "--select", "income_bands")
    assert run_dbt(tmp_path, *seeded, BANK_THREADS="1").returncode == 0
    assert (dict(os.environ), Path.cwd()) == (before, folder)
    # Opening the warehouse with other settings proves that no other connection is open.
    with duckdb.connect(str(tmp_path / "bank.duckdb")) as connection:
        connection.execute("drop table reference.income_bands cascade")
    # A second run in this process opens the changed file and uses its own arguments.
    assert run_dbt(tmp_path, *seeded).returncode == 0
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) > 0 from reference.income_bands").fetchone()
    wrong = run_dbt(tmp_path, "run", "--select", "no_such_model_at_all", "--no-such-option")
    assert wrong.returncode == 2
    assert "no-such-option" in wrong.stdout + wrong.stderr
