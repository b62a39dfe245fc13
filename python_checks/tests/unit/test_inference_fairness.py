"""Fairness between groups: compared with scipy and statsmodels, and checked on random counts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from bank_warehouse.inference.fairness import TESTED, compare_groups, two_rates

RATE = 0.05
ACTIONS = 4
GROUPS = {"nationality": 5, "gender": 2, "age_band": 6}


def counted(
    rows: list[tuple[str, str, str, int, int]], *, burdens: tuple[str, ...] = (), minimum: int = 50
) -> pd.DataFrame:
    """Return the input of `compare_groups`. `rows` gives its first five columns."""
    frame = pd.DataFrame(rows, columns=["action", "dimension", "value", "customers", "chosen"])
    frame["is_burden"] = frame["action"].isin(burdens)
    frame["is_large_enough"] = frame["customers"] >= minimum
    return frame


def drawn(seed: int, effect: float = 1.0) -> pd.DataFrame:
    """Return random counts. One group is chosen `effect` times as often for one action."""
    generator = np.random.default_rng(seed)
    rows = []
    for action in range(ACTIONS):
        for dimension, number in GROUPS.items():
            for value in range(number):
                customers = int(generator.integers(300, 900))
                is_planted = action == 0 and dimension == "gender" and value == 0
                rate = 0.1 * (effect if is_planted else 1)
                chosen = int(generator.binomial(customers, rate))
                rows.append((f"action {action}", dimension, f"group {value}", customers, chosen))
    return counted(rows)


@pytest.mark.parametrize(
    ("chosen", "customers", "other_chosen", "other_customers"),
    [(30, 300, 50, 310), (6, 60, 5, 50), (400, 1000, 430, 1000), (99, 100, 80, 100)],
)
def test_p_value_of_two_rates_equals_the_z_test(
    chosen: int, customers: int, other_chosen: int, other_customers: int
) -> None:
    _, expected = proportions_ztest([chosen, other_chosen], [customers, other_customers])
    found = two_rates(chosen, customers, other_chosen, other_customers)
    assert found == pytest.approx(expected, rel=1e-9)


def test_small_expected_counts_use_the_exact_test() -> None:
    # 9 of 109 are chosen, so 4.13 are expected in the smaller group: fewer than five.
    assert two_rates(1, 50, 8, 59) == pytest.approx(
        stats.fisher_exact([[1, 49], [8, 51]]).pvalue, rel=1e-12
    )
    # 10 of 100 are chosen, so five are expected in each group of 50, which is enough.
    expected = stats.chi2_contingency([[2, 48], [8, 42]], correction=False).pvalue
    assert two_rates(2, 50, 8, 50) == pytest.approx(expected, rel=1e-12)
    assert two_rates(0, 50, 0, 50) == two_rates(50, 50, 50, 50) == 1


def test_best_group_depends_on_whether_the_action_is_a_burden() -> None:
    rows = [
        (action, "gender", value, 200, chosen)
        for action in ("offer", "burden")
        for value, chosen in (("Female", 30), ("Male", 60))
    ]
    found = compare_groups(counted(rows, burdens=("burden",))).to_pandas()
    best = found.drop_duplicates("action").set_index("action")
    assert best["best_value"].to_dict() == {"burden": "Female", "offer": "Male"}
    assert best["best_chosen"].to_dict() == {"burden": 30, "offer": 60}
    assert found["p_value"].notna().sum() == 2
    assert found.loc[found["value"] == found["best_value"], "p_value"].isna().all()


def test_groups_that_are_too_small_are_neither_best_nor_tested() -> None:
    rows = [
        ("offer", "nationality", "Few", 49, 49),
        ("offer", "nationality", "First", 50, 10),
        ("offer", "nationality", "Second", 50, 10),
        ("offer", "nationality", "Third", 500, 50),
        ("nobody", "nationality", "Few", 49, 0),
    ]
    found = compare_groups(counted(rows)).to_pandas().set_index(["action", "value"])
    offer = found.loc["offer"]
    assert set(offer["best_value"]) == {"First"}
    assert set(offer["groups_compared"]) == {3}
    assert list(offer.index[offer["p_value"].notna()]) == ["Second", "Third"]
    assert offer.loc["Second", "p_value"] == 1
    # Three pairs could have been compared, so the p-value is tripled.
    expected = 3 * two_rates(50, 500, 10, 50)
    assert offer.loc["Third", "p_value"] == pytest.approx(min(expected, 1), rel=1e-12)
    assert pd.isna(found.loc[("nobody", "Few"), "best_value"])
    assert found.loc[("nobody", "Few"), "groups_compared"] == 0


def test_p_values_are_adjusted_together_in_any_row_order() -> None:
    frame = drawn(3)
    found = compare_groups(frame)
    assert found.schema.equals(TESTED)
    assert found.equals(compare_groups(frame.sample(frac=1, random_state=5)))
    tested = found.to_pandas().dropna(subset="p_value")
    expected = multipletests(tested["p_value"], method="fdr_bh")[1]
    np.testing.assert_allclose(tested["adjusted_p_value"], expected, rtol=1e-12)
    # Every group is tested, except the best one of each action and dimension.
    assert len(tested) == ACTIONS * (sum(GROUPS.values()) - len(GROUPS))


def test_without_comparable_groups_there_are_no_p_values() -> None:
    small = counted([("offer", "gender", "Male", 3, 1)])
    assert compare_groups(small).to_pandas()["adjusted_p_value"].isna().all()
    assert compare_groups(small.iloc[:0]).num_rows == 0


def test_false_findings_are_rare_and_a_planted_difference_is_found() -> None:
    def has_finding(seed: int, effect: float) -> bool:
        adjusted = compare_groups(drawn(seed, effect)).to_pandas()["adjusted_p_value"]
        return bool((adjusted <= RATE).any())

    seeds = range(200)
    false_findings = sum(has_finding(seed, 1.0) for seed in seeds)
    # At a true rate of 0.05, fewer than one trial in a hundred has 19 or more false findings.
    assert false_findings <= stats.binom.ppf(0.99, len(seeds), RATE)
    assert sum(has_finding(seed, 3.0) for seed in range(20)) == 20
