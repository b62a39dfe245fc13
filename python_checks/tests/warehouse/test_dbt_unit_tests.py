"""All dbt unit tests pass. A plain `dbt build` leaves them out (see selectors.yml)."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from python_checks.testing.dbt import run_dbt


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


SETTINGS_OF_A_BANK = (
    "{as_of_date: 2023-06-30, near_duplicates: quarantine, false_discovery_rate: 0.2,"
    " max_quarantine_rate: 0.5, exact_ranks_limit: 2, inference_seed: 7,"
    " raw_money_rounding: half_up, raw_decimal_mark: ',', raw_date_format: '%Y-%m-%d'}"
)


@pytest.mark.parametrize("variables", ["{}", SETTINGS_OF_A_BANK])
def test_every_unit_test_is_run_and_passes(
    variables: str, built_warehouse: Path, built_target: Path, tmp_path: Path
) -> None:
    # dbt reads the types of fixtures from the built tables, including those of the history.
    for file in (built_warehouse, built_warehouse.with_name("bank_history_sample.duckdb")):
        shutil.copy2(file, tmp_path / file.name)
    run = run_dbt(tmp_path, "test", "--select", "test_type:unit", "--vars", variables)
    results = _read(tmp_path / "target" / "run_results.json")["results"]
    passed = {result["unique_id"] for result in results if result["status"] == "pass"}
    assert passed == set(_read(built_target / "manifest.json")["unit_tests"]), run.stdout[-6000:]
    assert len(passed) >= 50
    assert run.returncode == 0, run.stdout[-6000:]


def test_selecting_a_model_selects_its_unit_tests(tmp_path: Path) -> None:
    listed = run_dbt(
        tmp_path,
        *("--quiet", "ls", "--select", "fct_customer_risk", "--resource-type", "unit_test"),
    )
    assert "watch_list_levels_change_at_their_severities" in listed.stdout, listed.stdout


def test_a_plain_build_selects_every_data_test(tmp_path: Path) -> None:
    plain = run_dbt(tmp_path, "--quiet", "ls", "--resource-type", "test")
    every = run_dbt(tmp_path, "--quiet", "ls", "--resource-type", "test", "--select", "*")
    assert plain.stdout.split() == every.stdout.split()
    assert len(plain.stdout.split()) >= 200
