"""Every sabotage of the project must make a dbt test fail.

A sabotage changes the text of a copy of the project. The changed nodes are built again in a
copy of the sound warehouse, up to the tests that must catch the fault, and one of these tests must
fail. A failure for another reason does not count.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from python_checks.testing.dbt import PROJECT_FILES, PROJECT_PARTS, Completed, run_dbt
from python_checks.testing.paths import PROJECT
from python_checks.testing.shared import made_once


@dataclass(frozen=True)
class Edit:
    """A replacement of text in one file.

    Attributes:
        file: Path relative to the project.
        old: Text in the file. Only the first occurrence is replaced.
        new: The text that replaces it.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Sabotage:
    """A fault, and the tests that must catch it.

    Attributes:
        name: Short description.
        edits: The changes to the files.
        caught_by: Names of dbt nodes, or the beginnings of names. At least one must fail.
        net: The kind of dbt test that must catch the fault. Unit tests catch the faults that no
            data test notices in the shipped data.
    """

    name: str
    edits: tuple[Edit, ...]
    caught_by: tuple[str, ...]
    net: Literal["data", "unit"] = "data"


# The loop over the declared date formats.
DATE_FORMATS = "{%- for date_format in formats -%}\n        {%- do dates.append("

SABOTAGES = (
    Sabotage(
        "drop_a_client",
        (
            Edit(
                "models/staging/bank/stg_bank__clients.sql",
                "    where record_status = 'accepted'\n",
                "    where record_status = 'accepted'\n"
                "        and client_id <> (select min(client_id) from clients)\n",
            ),
        ),
        (
            "assert_no_money_is_lost_between_raw_and_marts",
            "assert_control_totals_tie_out",
            "assert_rows_delivered_are_accepted_or_quarantined",
        ),
    ),
    Sabotage(
        "swap_two_balances_in_a_mart",
        (
            Edit(
                "models/marts/core/fct_customer_positions.sql",
                "        saving_accounts,\n        checking_accounts,\n",
                "        checking_accounts as saving_accounts,\n"
                "        saving_accounts as checking_accounts,\n",
            ),
        ),
        (
            "assert_no_money_is_lost_between_raw_and_marts",
            "assert_control_totals_tie_out",
            "assert_holdings_add_up_to_positions",
        ),
    ),
    Sabotage(
        "read_two_balances_from_each_others_columns",
        (
            Edit(
                "macros/staging/columns.sql",
                "'checking_accounts': 'Checking",
                "'to_swap': 'Checking",
            ),
            Edit(
                "macros/staging/columns.sql",
                "'saving_accounts': 'Saving",
                "'checking_accounts': 'Saving",
            ),
            Edit(
                "macros/staging/columns.sql", "'to_swap': 'Checking", "'saving_accounts': 'Checking"
            ),
        ),
        ("assert_no_money_is_lost_between_raw_and_marts",),
    ),
    Sabotage(
        "read_an_amount_without_its_cents",
        (
            Edit(
                "models/staging/bank/base_bank__clients.sql",
                "{{ money_of(reading",
                "trunc({{ money_of(reading",
            ),
            Edit(
                "models/staging/bank/base_bank__clients.sql",
                "'raw_clients.source_file') }}\n            as decimal",
                "'raw_clients.source_file') }})\n            as decimal",
            ),
        ),
        ("assert_no_money_is_lost_between_raw_and_marts",),
    ),
    Sabotage(
        "shift_a_limit_of_an_income_band",
        (Edit("seeds/reference/income_bands.csv", "Low,1,,100000.00", "Low,1,,90000.00"),),
        ("assert_bands_have_no_gaps_and_no_overlaps",),
    ),
    Sabotage(
        "count_a_band_limit_in_the_band_below_too",
        (
            Edit(
                "macros/business/buckets.sql",
                "and {{ value }} < coalesce({{ band }}.upper_limit",
                "and {{ value }} <= coalesce({{ band }}.upper_limit",
            ),
        ),
        (
            "unique_combination_of_columns_int_customers_classified_customer_key__ref_stg_bank__clients_",
            "unique_combination_of_columns_int_customers_segmented_customer_key__ref_stg_bank__clients_",
        ),
    ),
    Sabotage(
        "read_dates_as_month_and_day",
        (
            Edit(
                "macros/staging/dates.sql",
                DATE_FORMATS,
                DATE_FORMATS.replace("formats", "['%m-%d-%Y']"),
            ),
        ),
        ("stg_bank__clients",),
    ),
    Sabotage(
        "try_month_and_day_first",
        (
            Edit(
                "macros/staging/dates.sql",
                DATE_FORMATS,
                DATE_FORMATS.replace("formats", "['%m-%d-%Y', '%d-%m-%Y']"),
            ),
        ),
        ("assert_joining_dates_are_read_as_declared",),
    ),
    Sabotage(
        "deduplicate_by_client_id",
        (
            Edit(
                "models/staging/bank/stg_bank__clients.sql",
                "select * from accepted",
                "select * from accepted\n"
                "qualify row_number() over (partition by client_id order by customer_key) = 1",
            ),
        ),
        (
            "assert_client_ids_are_not_deduplicated",
            "assert_rows_delivered_are_accepted_or_quarantined",
            "assert_no_money_is_lost_between_raw_and_marts",
            "assert_control_totals_tie_out",
        ),
    ),
    Sabotage(
        "measure_time_at_today",
        (
            Edit(
                "macros/business/time.sql",
                """cast('{{ var("as_of_date") }}' as date)""",
                "current_date",
            ),
        ),
        ("assert_time_is_measured_at_the_declared_date",),
    ),
    Sabotage(
        "round_fees_to_whole_units",
        (
            Edit(
                "models/intermediate/customers/int_customers_segmented.sql",
                "round(customers.total_loans * fee_rates.fee_rate, 2)",
                "round(customers.total_loans * fee_rates.fee_rate, 0)",
            ),
        ),
        ("rows_are_sound_fct_customer_positions",),
    ),
    Sabotage(
        "count_bank_deposits_as_core_deposits",
        (
            Edit(
                "macros/business/scores.sql",
                "'core_deposits': [",
                "'core_deposits': ['bank_deposits', ",
            ),
        ),
        ("rows_are_sound_fct_customer_positions",),
    ),
    Sabotage(
        "put_ties_in_the_higher_tier",
        (
            Edit(
                "macros/business/scores.sql",
                "when {{ measure }} > score_limits",
                "when {{ measure }} >= score_limits",
            ),
        ),
        ("assert_scores_split_customers_into_fifths",),
    ),
    Sabotage(
        "lose_the_rows_in_quarantine",
        (
            Edit("seeds/raw/raw_clients.csv", ",1,1,1,2,1\n", ",1,9,1,2,1\n"),
            Edit(
                "models/marts/quality/fct_quarantined_clients.sql",
                "    where record_status <> 'accepted'\n",
                "    where record_status <> 'accepted' and record_position < 0\n",
            ),
        ),
        (
            "assert_no_money_is_lost_between_raw_and_marts",
            "assert_control_totals_tie_out",
            "assert_rows_delivered_are_accepted_or_quarantined",
        ),
    ),
    Sabotage(
        "publish_names_under_another_heading",
        (
            Edit(
                "models/intermediate/customers/int_customers_classified.sql",
                "        coalesce(occupations.occupation, clients.occupation) as occupation,\n",
                "        clients.client_name as occupation,\n",
            ),
        ),
        ("assert_personal_data_stays_in_restricted",),
    ),
    Sabotage(
        "read_at_least_as_above",
        (
            Edit(
                "macros/business/recommendations.sql",
                "when 'at least' then {{ value }} >= {{ limit_value }}",
                "when 'at least' then {{ value }} > {{ limit_value }}",
            ),
        ),
        ("assert_watch_list_follows_its_rules",),
    ),
    Sabotage(
        "let_the_last_segment_rule_win",
        (
            Edit(
                "models/intermediate/customers/int_segments_assigned.sql",
                "order by segment_rules.priority, segment_rules.segment",
                "order by segment_rules.priority desc, segment_rules.segment",
            ),
        ),
        (
            "assert_every_customer_is_in_exactly_one_segment",
            "assert_every_segment_can_be_reached",
        ),
    ),
    Sabotage(
        "leave_combinations_without_a_segment",
        (
            Edit(
                "seeds/reference/segment_rules.csv",
                "Middle ground,7,1,5,1,5,1,5",
                "Middle ground,7,1,5,1,5,1,1",
            ),
        ),
        (
            "assert_every_combination_of_scores_has_exactly_one_segment",
            "rows_are_sound_int_segments_assigned",
            "rows_are_sound_int_customers_segmented",
        ),
    ),
    Sabotage(
        "shift_the_limit_between_two_income_bands",
        (
            Edit("seeds/reference/income_bands.csv", "Low,1,,100000.00", "Low,1,,100000.01"),
            Edit("seeds/reference/income_bands.csv", "Mid,2,100000.00", "Mid,2,100000.01"),
        ),
        ("int_customers_classified",),
        net="unit",
    ),
    Sabotage(
        "read_two_digits_as_the_whole_year",
        (
            Edit(
                "macros/engines/date_in_format.sql",
                "nullif(greatest({{ date }}, {{ before }}), {{ before }})",
                "{{ date }}",
            ),
        ),
        ("base_bank__clients",),
        net="unit",
    ),
    Sabotage(
        "let_clients_join_before_anyone_was_born",
        (Edit("macros/business/time.sql", "| int - 120)", "| int - 220)"),),
        ("base_bank__clients",),
        net="unit",
    ),
    Sabotage(
        "read_above_as_at_least",
        (
            Edit(
                "macros/business/recommendations.sql",
                "when 'above' then {{ value }} > {{ limit_value }}",
                "when 'above' then {{ value }} >= {{ limit_value }}",
            ),
        ),
        ("int_watch_list_scores",),
        net="unit",
    ),
    Sabotage(
        "put_a_balance_on_a_threshold_in_the_higher_decile",
        (
            Edit(
                "models/marts/products/fct_product_holdings.sql",
                "balances.balance > thresholds",
                "balances.balance >= thresholds",
            ),
        ),
        ("fct_product_holdings",),
        net="unit",
    ),
    Sabotage(
        "let_a_stressed_probability_exceed_one",
        (
            Edit(
                "models/marts/risk/fct_stress_results.sql",
                "cast(scenarios.default_multiplier as double),\n            1\n",
                "cast(scenarios.default_multiplier as double),\n            100\n",
            ),
        ),
        ("fct_stress_results",),
        net="unit",
    ),
    Sabotage(
        "write_a_name_into_the_history",
        (
            Edit(
                "models/history/fct_customer_history.sql",
                "        cast(customers.loyalty_classification as string)"
                " as loyalty_classification,\n",
                "        (\n"
                "            select min(client_name) from {{ ref('dim_customer_identities') }}\n"
                "        ) as loyalty_classification,\n",
            ),
        ),
        ("assert_personal_data_stays_in_restricted",),
    ),
    Sabotage(
        "keep_no_history_of_the_riskiest",
        (
            Edit(
                "models/history/fct_customer_history.sql",
                "on customers.customer_key = risks.customer_key",
                "on customers.customer_key = risks.customer_key and risks.risk_weighting < 5",
            ),
        ),
        ("assert_history_holds_the_customers_of_this_build",),
    ),
    Sabotage(
        "forget_who_joined",
        (
            Edit(
                "models/history/int_customers_migrated.sql",
                "full outer join later",
                "left join later",
            ),
        ),
        ("int_customers_migrated",),
        net="unit",
    ),
    Sabotage(
        "call_a_lower_risk_worse",
        (
            Edit(
                "models/history/fct_risk_migrations.sql",
                "counted.to_risk_order > counted.from_risk_order",
                "counted.to_risk_order <= counted.from_risk_order",
            ),
        ),
        ("fct_risk_migrations",),
        net="unit",
    ),
    Sabotage(
        "charge_everybody_the_lowest_fee",
        (
            Edit(
                "models/intermediate/customers/int_customers_segmented.sql",
                "on customers.fee_structure = fee_rates.fee_structure",
                "on fee_rates.fee_structure = 'Low'",
            ),
        ),
        ("int_customers_segmented",),
        net="unit",
    ),
)


def copy_project(to: Path) -> None:
    """Copy the files of the project that dbt reads."""
    for part in PROJECT_PARTS:
        shutil.copytree(PROJECT / part, to / part)
    for file in PROJECT_FILES:
        shutil.copy2(PROJECT / file, to / file)


def run(project: Path, *arguments: str) -> Completed:
    """Run dbt on a copy, with its own warehouse and target folder.

    All paths are relative to the copy, so that dbt reuses the parse of another copy.
    """
    return run_dbt(
        project,
        *arguments,
        project=project,
        BANK_WAREHOUSE="bank.duckdb",
        DBT_PROJECT_DIR=".",
        DBT_PROFILES_DIR=".",
    )


def run_results(target: Path) -> list[dict[str, Any]]:
    """Return dbt's result for each node of the last run."""
    content = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    results: list[dict[str, Any]] = content["results"]
    return results


def apply(edits: tuple[Edit, ...], project: Path) -> None:
    """Apply the edits to a copy, whose files must contain the text to replace."""
    for edit in edits:
        file = project / edit.file
        text = file.read_bytes().decode("utf-8")
        assert edit.old in text, f"{edit.file} no longer contains: {edit.old}"
        file.write_bytes(text.replace(edit.old, edit.new, 1).encode("utf-8"))


def name_of(unique_id: str) -> str:
    """Return the name of a node. The name of a unit test is preceded by that of its model."""
    return unique_id.split(".", 2)[2]


def selection(sabotage: Sabotage, unique_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the dbt command for the nodes that must catch a sabotage and their changed parents."""
    caught_by = {
        name_of(unique_id).split(".")[0]
        for unique_id in unique_ids
        if name_of(unique_id).startswith(sabotage.caught_by)
        and unique_id.startswith("unit_test.") == (sabotage.net == "unit")
    }
    assert caught_by, f"no node is called {sabotage.caught_by}"
    # The nodes and their changed parents. Selecting a model also selects its unit tests.
    net = {
        "data": ("--indirect-selection", "empty", "--exclude-resource-type", "unit_test"),
        "unit": ("--exclude-resource-type", "test"),
    }[sabotage.net]
    changed = (f"state:modified+,+{name}" for name in sorted(caught_by))
    return ("build", *net, "--select", *changed)


@pytest.fixture(scope="session")
def sound_copy(shared_folder: Path) -> Path:
    """Return a parsed copy of the unchanged project."""

    def make(project: Path) -> None:
        copy_project(project)
        parsed = run(project, "parse")
        assert parsed.returncode == 0, parsed.stdout[-4000:] + parsed.stderr

    return made_once(shared_folder / "sound", make)


@pytest.fixture
def project(sound_copy: Path, built_warehouse: Path, tmp_path: Path) -> Path:
    """Return a copy of the project with its warehouse, for sabotage."""
    copy_project(tmp_path)
    (tmp_path / "target").mkdir()
    shutil.copy2(sound_copy / "target" / "partial_parse.msgpack", tmp_path / "target")
    for built in (built_warehouse, built_warehouse.with_name("bank_history_sample.duckdb")):
        shutil.copy2(built, tmp_path)
    return tmp_path


def test_unchanged_copy_equals_the_project_that_passed(
    project: Path, built_target: Path, build_results: dict[str, str]
) -> None:
    assert set(build_results.values()) == {"success", "pass", "no-op"}
    assert len(build_results) > 200
    listed = run(
        project, *("--quiet", "ls", "--select", "state:modified"), "--state", str(built_target)
    )
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert not listed.stdout.strip()


def test_sabotages_are_unique() -> None:
    assert len({sabotage.name for sabotage in SABOTAGES}) == len(SABOTAGES) >= 10
    assert all(edit.old != edit.new for sabotage in SABOTAGES for edit in sabotage.edits)


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_sabotage_fails_a_dbt_test(
    sabotage: Sabotage, project: Path, built_target: Path, built_manifest: dict[str, Any]
) -> None:
    apply(sabotage.edits, project)
    command = selection(sabotage, [*built_manifest["nodes"], *built_manifest["unit_tests"]])
    ran = run(project, *command, "--state", str(built_target))
    assert ran.returncode != 0, f"{sabotage.name} went unnoticed"
    failed = [
        name_of(result["unique_id"])
        for result in run_results(project / "target")
        if result["status"] in ("fail", "error")
    ]
    print(f"{sabotage.name}: {', '.join(failed)}")
    assert any(name.startswith(sabotage.caught_by) for name in failed), (
        f"the run failed elsewhere: {failed or ran.stdout[-2000:]}"
    )
