"""Statistics in the marts match numpy and scipy for all customers of the sample.

The marts compute the statistics in SQL, from sums. These tests compute them from individual
customers and, where possible, with a different formula.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from python_checks.expectations.columns import PRODUCT_BALANCES as PRODUCTS

# The Lorenz curves replace each amount with the mean of its bucket. The two differ by less than a
# thousandth.
BUCKET_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def customers(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return all customers with their dimensions, and with amounts as float64."""
    frame = warehouse.sql(
        "select positions.*, customers.loyalty_classification, customers.occupation_family,"
        " customers.age_band, customers.risk_weighting"
        " from marts.fct_customer_positions as positions"
        " inner join marts.dim_customers as customers using (customer_key)"
    ).df()
    money = [*PRODUCTS.values(), "estimated_income", "total_loans", "total_deposits"]
    money += ["core_deposits", "fee_income", "net_position", "superannuation_savings"]
    return frame.astype(dict.fromkeys(money, "float64"))


def gini(amounts: np.ndarray) -> float:
    """Return the Gini coefficient of n amounts.

    The formula is the sum of (2 i - n - 1) x_i, divided by n times the sum of x_i. The amounts x_i
    are sorted, and i is the rank from 1 to n.
    """
    ordered = np.sort(amounts)
    ranks = np.arange(1, len(ordered) + 1)
    return float(((2 * ranks - len(ordered) - 1) * ordered).sum() / len(ordered) / ordered.sum())


def lorenz(amounts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the Lorenz curve at the given shares, interpolated linearly between customers."""
    ends = np.concatenate([[0.0], np.cumsum(np.sort(amounts))]) / amounts.sum()
    return np.asarray(np.interp(shares, np.linspace(0, 1, len(ends)), ends))


def test_concentration_matches_individual_customers(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame
) -> None:
    curves = warehouse.sql(
        "select * from marts.fct_balance_concentration order by measure, percentile"
    ).df()
    assert curves["measure"].nunique() == 13
    for measure, curve in curves.groupby("measure"):
        amounts = customers[measure].to_numpy()
        assert len(curve) == 100
        first = curve.iloc[0]
        assert first["customers"] == len(amounts)
        assert first["gini"] == pytest.approx(gini(amounts), abs=BUCKET_TOLERANCE)
        index = float(((amounts / amounts.sum()) ** 2).sum())
        assert first["herfindahl_index"] == pytest.approx(index, rel=1e-9)
        expected = lorenz(amounts, curve["percentile"].to_numpy() / 100)
        np.testing.assert_allclose(curve["cumulative_share"], expected, atol=BUCKET_TOLERANCE)
        top = 1 - lorenz(amounts, np.array([0.9]))[0]
        assert first["top_decile_share"] == pytest.approx(top, abs=BUCKET_TOLERANCE)


def test_pairs_match_individual_customers(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame
) -> None:
    frame = warehouse.sql("select * from marts.fct_product_pairs").df()
    pairs = frame.set_index(["product", "other_product"]).to_dict("index")
    assert len(pairs) == len(PRODUCTS) * (len(PRODUCTS) - 1)
    for product, other_product in itertools.permutations(PRODUCTS, 2):
        pair = pairs[(product, other_product)]
        balance = customers[PRODUCTS[product]].to_numpy()
        other_balance = customers[PRODUCTS[other_product]].to_numpy()
        correlation = stats.pearsonr(balance, other_balance).statistic
        assert pair["balance_correlation"] == pytest.approx(correlation, abs=1e-9)
        held, other_held = balance != 0, other_balance != 0
        assert pair["holders_of_both"] == (held & other_held).sum()
        lift = (held & other_held).mean() / held.mean() / other_held.mean()
        assert pair["lift"] == pytest.approx(lift, rel=1e-12)
        share = other_held[held].mean()
        assert pair["share_of_holders_with_other"] == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize(
    "dimension", ["loyalty_classification", "occupation_family", "age_band", "risk_weighting"]
)
def test_profile_intervals_equal_student_t(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame, dimension: str
) -> None:
    profiles = warehouse.execute(
        "select * from marts.fct_segment_profiles where dimension = ?", [dimension]
    ).df()
    by_value = profiles.set_index("value").to_dict("index")
    groups = dict(list(customers.groupby(customers[dimension].astype(str))))
    assert set(by_value) == set(groups)
    measures = ["estimated_income", "total_loans", "total_deposits", "core_deposits"]
    for value, group in groups.items():
        assert len(group) > 1
        profile = by_value[value]
        for measure in [*measures, "fee_income", "net_position"]:
            amounts = group[measure].to_numpy()
            # Above 1,000 degrees of freedom, the marts use the quantile for 1,000.
            freedom = min(len(amounts) - 1, 1000)
            lower, upper = stats.t.interval(
                0.95, freedom, loc=amounts.mean(), scale=stats.sem(amounts)
            )
            computed = [profile[f"mean_{measure}{end}"] for end in ("", "_lower", "_upper")]
            np.testing.assert_allclose(computed, [amounts.mean(), lower, upper], rtol=1e-9)
            median = float(profile[f"median_{measure}"])
            assert median == pytest.approx(np.median(amounts), abs=0.0051)


def test_source_profile_equals_numpy(
    warehouse: duckdb.DuckDBPyConnection, customers: pd.DataFrame
) -> None:
    profile = warehouse.sql("select * from quality.fct_source_profile").df()
    by_column = profile.set_index("column_name").to_dict("index")
    quarantined = warehouse.sql("select count(*) from quality.fct_quarantined_clients").fetchone()
    assert quarantined == (0,)
    shares = [0.01, 0.25, 0.5, 0.75, 0.99]
    names = ["percentile_1", "quartile_1", "median", "quartile_3", "percentile_99"]
    for column in [*PRODUCTS.values(), "estimated_income", "superannuation_savings"]:
        amounts = customers[column].to_numpy()
        row = by_column[column]
        assert row["mean"] == pytest.approx(amounts.mean(), rel=1e-12)
        assert row["standard_deviation"] == pytest.approx(amounts.std(ddof=1), rel=1e-9)
        assert row["zero_count"] == (amounts == 0).sum()
        quantiles = np.quantile(amounts, shares, method="inverted_cdf")
        np.testing.assert_allclose([row[name] for name in names], quantiles, rtol=1e-12)
