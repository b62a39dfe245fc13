"""Tests of differences match scipy and statsmodels, and a planted difference is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from bank_warehouse.inference.differences import (
    benjamini_hochberg,
    chi_square,
    compare_dimensions,
    kruskal_wallis,
)
from bank_warehouse.inference.drivers import BALANCES
from python_checks.testing.dbt import run_dbt
from python_checks.testing.model_runner import load_clients, read_nodes, run_models, warehouse
from python_checks.testing.paths import ORIGINAL

CUSTOMERS = 2_000
MANY_CUSTOMERS = 24_000
MEASURES = (
    "estimated_income", "credit_card_balance", "bank_deposits", "total_loans", "fee_income",
    "net_position", "loan_to_deposit_ratio", "liquidity_cover", "risk_weighting",
)  # fmt: skip
MONEY = [*BALANCES, "total_loans", "total_deposits", "core_deposits", "fee_income"]
MARTS = ("fct_segment_differences", "fct_risk_drivers", "fct_cluster_centroids")


@pytest.fixture(scope="module")
def nodes(built_target: Path) -> Mapping[str, Any]:
    return read_nodes(built_target)


def table(connection: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    return connection.execute(f"select * from {name} order by all").df()


def from_ranks(values: np.ndarray, groups: np.ndarray) -> tuple[list[int], list[int], float]:
    ranks = stats.rankdata(values)
    names = np.unique(groups)
    counts = [int((groups == name).sum()) for name in names]
    sums = [round(2 * ranks[groups == name].sum()) for name in names]
    shared = np.unique(values, return_counts=True)[1].astype(float)
    return counts, sums, float((shared**3 - shared).sum())


@pytest.mark.parametrize("distinct", [2, 5, 50, 10_000])
def test_kruskal_wallis_equals_scipy(distinct: int) -> None:
    random = np.random.default_rng(distinct)
    values = random.integers(0, distinct, 400)
    groups = random.integers(0, 6, 400)
    ours = kruskal_wallis(*from_ranks(values, groups))
    theirs = stats.kruskal(*(values[groups == group] for group in range(6)))
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-10)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.degrees_of_freedom == 5
    assert ours.effect_size == pytest.approx(theirs.statistic * 401 / (400**2 - 1), rel=1e-10)


def test_disjoint_groups_have_the_largest_effect() -> None:
    comparison = kruskal_wallis(*from_ranks(np.repeat([1, 2], 50), np.repeat(["a", "b"], 50)))
    assert comparison.effect_size == pytest.approx(1)


@pytest.mark.parametrize(
    ("counts", "has_p_value"),
    [([5, 5], True), ([5, 4], False), ([5, 5, 5, 5, 4], True), ([5, 5, 5, 4], False)],
)
def test_no_p_value_for_small_groups(counts: list[int], has_p_value: bool) -> None:
    groups = np.repeat(np.arange(len(counts)), counts)
    comparison = kruskal_wallis(*from_ranks(np.arange(len(groups)), groups))
    assert (comparison.p_value is not None) == has_p_value
    assert comparison.statistic is not None


def test_rounding_does_not_lower_an_adjusted_p_value() -> None:
    p_values = np.append(np.linspace(1e-3, 0.9, 51), 0.9968441654882634)
    assert p_values[-1] * 52 / 52 < p_values[-1]
    assert (benjamini_hochberg(p_values) >= p_values).all()


@pytest.mark.parametrize(("counts", "values"), [([9], [1] * 9), ([5, 5], [7] * 10), ([], [])])
def test_nothing_to_compare_gives_no_statistic(counts: list[int], values: list[int]) -> None:
    groups = np.repeat(np.arange(len(counts)), counts)
    comparison = kruskal_wallis(*from_ranks(np.array(values), groups))
    assert comparison.statistic is None
    assert comparison.p_value is None


@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (5, 2)])
def test_chi_square_and_cramers_v_equal_scipy(shape: tuple[int, int]) -> None:
    counts = np.random.default_rng(shape[0]).integers(5, 40, shape)
    ours = chi_square(counts)
    theirs = stats.chi2_contingency(counts, correction=False)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-10)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.degrees_of_freedom == theirs.dof
    cramers_v = stats.contingency.association(counts, method="cramer")
    assert ours.effect_size == pytest.approx(cramers_v, rel=1e-10)
    cohens_w = cramers_v * np.sqrt(min(shape) - 1)
    assert ours.comparable_effect_size == pytest.approx(cohens_w, rel=1e-10)


def test_chi_square_follows_cochrans_rule() -> None:
    assert chi_square(np.array([[30, 30], [30, 30]])).p_value is not None
    assert chi_square(np.array([[4, 4], [30, 30]])).p_value is None
    assert chi_square(np.array([[30, 30, 0], [30, 30, 0]])).degrees_of_freedom == 1
    assert chi_square(np.array([[30, 30]])).statistic is None


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_adjusted_p_values_equal_statsmodels(count: int) -> None:
    p_values = np.random.default_rng(count).uniform(0, 1, count) ** 3
    adjusted = benjamini_hochberg(p_values)
    if count:
        expected = multipletests(p_values, method="fdr_bh")[1]
        np.testing.assert_allclose(adjusted, expected, rtol=1e-12)
    else:
        assert len(adjusted) == 0


def test_adjusted_p_values_are_not_below_the_p_values() -> None:
    # In doubles, 0.985758318042367 * 3 / 3 is 0.9857583180423669. Such rounding is not rare.
    p_values = np.random.default_rng(1).uniform(size=2_000)
    for count in range(1, 60):
        rows_of_tests = np.sort(p_values[: 30 * count].reshape(30, count), axis=1)
        for row in rows_of_tests:
            assert (benjamini_hochberg(row) >= row).all(), row


def test_pair_of_dimensions_is_one_test_in_two_rows() -> None:
    ranks = pd.DataFrame(
        {
            "dimension": ["a", "a"], "value": ["x", "y"], "measure": "money",
            "customers": [6, 6], "twice_rank_sum": [60, 96], "tie_sum": 0.0,
        }
    )  # fmt: skip
    crossed = pd.DataFrame(
        {
            "dimension": "a", "other_dimension": "b", "value": ["x", "x", "y", "y"],
            "other_value": ["u", "v", "u", "v"], "customers": [30, 31, 31, 30],
        }
    )  # fmt: skip
    nothing = pd.DataFrame({"dimension": [], "measure": []})
    rows = compare_dimensions(ranks, crossed, nothing, ["b"]).to_pylist()
    assert [(row["dimension"], row["measure"]) for row in rows] == [
        ("a", "b"), ("a", "money"), ("b", "a"),
    ]  # fmt: skip
    family = benjamini_hochberg(np.array([rows[0]["p_value"], rows[1]["p_value"]]))
    assert [row["adjusted_p_value"] for row in rows] == pytest.approx([*family, family[0]])
    excluded = pd.DataFrame({"dimension": ["b"], "measure": ["a"]})
    left = compare_dimensions(ranks, crossed, excluded, ["b"]).to_pylist()
    assert [(row["dimension"], row["measure"]) for row in left] == [("a", "money")]


def test_warehouse_statistics_equal_scipy(built_warehouse: Path) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        customers = connection.execute("select * from intermediate.int_customers_segmented").df()
        rows = table(connection, "marts.fct_segment_differences").to_dict("records")
    customers["loyalty_classification_and_occupation_family"] = (
        customers["loyalty_classification"].astype(str)
        + " / "
        + customers["occupation_family"].astype(str)
    )
    methods = {"Kruskal-Wallis": 0, "Chi-square": 0, "Not tested": 0}
    for row in rows:
        methods[row["method"]] += 1
        dimension, measure = row["dimension"], row["measure"]
        if row["method"] == "Kruskal-Wallis":
            known = customers[customers[measure].notna()]
            groups = [group.to_numpy(float) for _, group in known.groupby(dimension)[measure]]
            expected = stats.kruskal(*groups).statistic
        elif row["method"] == "Chi-square":
            counts = pd.crosstab(customers[dimension], customers[measure]).to_numpy()
            expected = stats.chi2_contingency(counts, correction=False).statistic
        else:
            continue
        assert row["statistic"] == pytest.approx(expected, rel=1e-6, abs=1e-9), row
    assert methods["Kruskal-Wallis"] > 240
    assert methods["Chi-square"] > 160


def test_many_customers_are_ranked_by_buckets(nodes: Mapping[str, Any]) -> None:
    """The statistic equals scipy's for the buckets and is close to scipy's for the values."""
    with warehouse() as connection:
        load_clients(connection, MANY_CUSTOMERS, 2)
        run_models(connection, nodes, ["int_differences_tested"])
        customers = table(connection, "intermediate.int_customers_segmented")
        tested = table(connection, "intermediate.int_differences_tested")
        buckets = connection.execute(
            "select max(n) from (select count(distinct bucket) n "
            "from intermediate.int_distributions group by measure_number)"
        ).fetchone()
    assert buckets is not None
    assert buckets[0] < MANY_CUSTOMERS
    statistics = tested.set_index(["dimension", "measure"])["statistic"]
    for dimension in ("risk_weighting", "nationality"):
        for measure in MEASURES:
            if measure == dimension:
                continue
            values = customers[measure].to_numpy(float)
            unit = 0.0001 if "ratio" in measure or "cover" in measure else 0.01
            if measure == "risk_weighting":
                unit = 1
            bucketed = np.floor(np.arcsinh(values / unit) * 64)
            groups = [customers[dimension] == value for value in customers[dimension].unique()]
            known = ~np.isnan(values)
            on_buckets = stats.kruskal(*(bucketed[group & known] for group in groups)).statistic
            on_values = stats.kruskal(*(values[group & known] for group in groups)).statistic
            ours = statistics[dimension, measure]
            assert ours == pytest.approx(on_buckets, rel=1e-6)
            # The effect size of n customers is the statistic divided by n - 1.
            assert abs(ours - on_values) / (known.sum() - 1) < 0.0001


def test_row_order_and_threads_do_not_change_a_table(nodes: Mapping[str, Any]) -> None:
    results = []
    for is_reversed, threads in ((False, 1), (True, 2)):
        with warehouse(threads) as connection:
            load_clients(connection, CUSTOMERS, 4, is_reversed=is_reversed)
            run_models(connection, nodes, MARTS)
            names = [nodes[name]["relation_name"] for name in (*MARTS, "fct_customer_segments")]
            results.append([table(connection, name) for name in names])
    for first, second in zip(*results, strict=True):
        assert len(first) > 0
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_only_the_planted_difference_is_found(nodes: Mapping[str, Any]) -> None:
    with warehouse() as connection:
        load_clients(connection, CUSTOMERS, 5, "difference")
        run_models(connection, nodes, ["fct_segment_differences"])
        found = connection.execute(
            "select dimension, measure from marts.fct_segment_differences "
            "where family = 'categories' and verdict like 'more than chance%' "
            "and dimension not in ('banking_relationship', 'investment_advisor') order by all"
        ).fetchall()
    assert ("loyalty_classification", "foreign_currency_account") in found
    assert {measure for _, measure in found} == {"foreign_currency_account"}


@pytest.mark.skipif(not ORIGINAL.exists(), reason="the original data pack is not available")
def test_the_original_pack_differs_by_risk_but_hardly_by_category(tmp_path: Path) -> None:
    """Every amount differs by risk weighting, but hardly any measure differs by category."""
    built = run_dbt(
        tmp_path, "build", "--select", "+fct_segment_differences",
        "--exclude-resource-type", "test", "unit_test", BANK_RAW_DIR=str(ORIGINAL),
    )  # fmt: skip
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as connection:
        rows = table(connection, "marts.fct_segment_differences")
    categories = rows[rows["family"] == "categories"]
    assert len(categories) > 300
    is_found = categories["verdict"].str.startswith("more than chance")
    assert is_found.sum() <= 0.05 * len(categories)
    risk = rows[(rows["dimension"] == "risk_weighting") & (rows["family"] == "money by money")]
    amounts = risk[risk["measure"].isin(MONEY)]
    assert len(amounts) == len(MONEY)
    assert amounts["verdict"].str.startswith("more than chance").all()
    assert (amounts["effect_size"] > 0.06).all()
