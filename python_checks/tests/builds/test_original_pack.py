"""The bank's original files, if available, give the figures that were counted independently."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

ORIGINAL = PROJECT / ".." / "shared" / "data" / "original"

pytestmark = pytest.mark.skipif(
    not ORIGINAL.is_dir(), reason="the original data pack is not available"
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Build a warehouse from the original files, with all data tests, and yield a connection."""
    folder: Path = tmp_path_factory.mktemp("original")
    run = run_dbt(folder, "build", BANK_RAW_DIR=str(ORIGINAL.resolve()))
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    with duckdb.connect(str(folder / "bank.duckdb"), read_only=True) as connection:
        yield connection


def test_counts_and_sums_have_the_known_values(original: duckdb.DuckDBPyConnection) -> None:
    found = original.execute(
        """
        select count(*), count(distinct client_key), sum(total_loans), sum(total_deposits),
            sum(core_deposits), sum(estimated_income), sum(superannuation_savings)
        from marts.fct_customer_positions
        """
    ).fetchone()
    assert found == (
        3000,
        2940,
        Decimal("4383966512.51"),
        Decimal("3766335079.58"),
        Decimal("1751654497.81"),
        Decimal("513915102.79"),
        Decimal("76594799.02"),
    )


def test_no_row_is_quarantined_and_totals_tie_out(original: duckdb.DuckDBPyConnection) -> None:
    found = original.execute(
        """
        select (select count(*) from quality.fct_quarantined_clients),
            (select count(*) from quality.fct_control_totals where difference <> 0)
        """
    ).fetchone()
    assert found == (0, 0)


def test_odd_joining_dates_and_shared_ids_are_flagged(original: duckdb.DuckDBPyConnection) -> None:
    found = original.execute(
        """
        select count(*) filter (where is_joined_before_birth),
            count(*) filter (where is_joined_as_minor),
            count(distinct client_key) filter (where has_shared_client_id),
            count(*) filter (where has_shared_client_id),
            count(*) filter (where has_unknown_occupation)
        from marts.dim_customers
        """
    ).fetchone()
    assert found is not None
    assert found[:3] == (49, 545, 59)
    assert found[3] == 3000 - 2940 + 59
    assert found[4] == 0


def test_joining_dates_have_the_known_range_and_gap(
    original: duckdb.DuckDBPyConnection,
) -> None:
    found = original.execute(
        """
        select cast(min(joined_date) as varchar), cast(max(joined_date) as varchar),
            count(*) filter (where joined_year in (1997, 1998)),
            count(*) filter (where joined_year = 2020)
        from marts.dim_customers
        """
    ).fetchone()
    assert found == ("1995-01-03", "2021-12-31", 0, 248)


def test_category_sizes_and_holders_of_every_product_have_the_known_values(
    original: duckdb.DuckDBPyConnection,
) -> None:
    profiles = {
        (dimension, value): customers
        for dimension, value, customers in original.execute(
            "select dimension, value, customers from marts.fct_segment_profiles"
        ).fetchall()
    }
    expected = {
        "loyalty_classification": {"Jade": 1331, "Silver": 767, "Gold": 585, "Platinum": 317},
        "fee_structure": {"High": 1476, "Mid": 962, "Low": 562},
        "risk_weighting": {"1": 836, "2": 1222, "3": 460, "4": 322, "5": 160},
        "properties_owned": {"0": 705, "1": 776, "2": 777, "3": 742},
    }
    for dimension, counts in expected.items():
        found = {value: rows for (name, value), rows in profiles.items() if name == dimension}
        assert found == counts
    holders = original.execute(
        "select count(*) from (select customer_key from marts.fct_product_holdings"
        " group by customer_key having bool_and(is_held))"
    ).fetchone()
    assert holders == (2926,)
