"""Does a measure differ between the values of a dimension by more than chance?

There are two tests, both computed from counts: Kruskal-Wallis for measures that have an order, and
Pearson's chi-square for two dimensions. The procedure of Benjamini and Hochberg controls the false
discovery rate in each of two families of p-values: money by dimensions derived from money (where
differences are expected), and everything else. In a single family, the many differences of the
first would make chance findings in the second more likely: Efron (2008), "Simultaneous inference:
when should hypothesis testing problems be combined?", Annals of Applied Statistics 2, 197-223.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from bank_warehouse.inference.libraries import stats

SMALL_COUNT = 5
"""With fewer customers in a group, or expected in a cell, the approximation is inaccurate."""
SMALL_SHARE = 0.2
"""The largest share of small groups or cells for which the approximation is used."""

KRUSKAL_WALLIS = "Kruskal-Wallis"
CHI_SQUARE = "Chi-square"

EFFECT_SIZE_NAMES = {KRUSKAL_WALLIS: "Epsilon squared", CHI_SQUARE: "Cramer's V"}

MONEY = "money by money"
CATEGORIES = "categories"

TESTED = pa.schema(
    [
        ("dimension", pa.string()),
        ("measure", pa.string()),
        ("method", pa.string()),
        ("family", pa.string()),
        ("customers", pa.int64()),
        ("statistic", pa.float64()),
        ("degrees_of_freedom", pa.int64()),
        ("p_value", pa.float64()),
        ("adjusted_p_value", pa.float64()),
        ("effect_size", pa.float64()),
        ("effect_size_name", pa.string()),
        ("comparable_effect_size", pa.float64()),
    ]
)
"""The columns of `compare_dimensions`."""


@dataclass(frozen=True)
class Comparison:
    """The result of one test.

    Attributes:
        customers: How many customers were compared.
        statistic: The test statistic, which follows a chi-square distribution if there is no
            difference; None if there are fewer than two different values to compare.
        degrees_of_freedom: The degrees of freedom of that distribution; None if there is no
            statistic.
        p_value: The probability of a statistic at least as large without any difference; None if
            there is too little data for the approximation.
        effect_size: 0 (no difference) to 1, whatever the number of customers.
        comparable_effect_size: The effect size on the scale of the limits for small, medium and
            large effects.
    """

    customers: int
    statistic: float | None = None
    degrees_of_freedom: int | None = None
    p_value: float | None = None
    effect_size: float | None = None
    comparable_effect_size: float | None = None


def kruskal_wallis(
    counts: Sequence[int], twice_rank_sums: Sequence[int], ties: float
) -> Comparison:
    """Compare groups by the sums of their ranks, with mid-ranks for ties.

    H = 12 / (N (N + 1)) sum n_g (R_g / n_g - (N + 1) / 2)^2, divided by 1 - T / (N^3 - N):
    Kruskal and Wallis (1952), "Use of ranks in one-criterion variance analysis", JASA 47,
    583-621, formulas 1.1 and 1.3. Ranks are measured from the mean rank, so that no
    digits are lost if N is large. Effect size epsilon squared = H / (N - 1): Kelley (1935), in
    the form of Tomczak and Tomczak (2014), "The need to report effect size estimates
    revisited", Trends in Sport Sciences 21.

    Args:
        counts: Shape (g,): the customers of each group, at least 1.
        twice_rank_sums: Shape (g,): twice the sum of the ranks of each group, whole numbers.
        ties: T, the sum of t^3 - t over the values that t customers share.

    Returns:
        The test. It has no p-value if fewer than two groups have at least `SMALL_COUNT` customers,
        or if the share of smaller groups is above `SMALL_SHARE`. It has no statistic if there are
        fewer than two groups, or if all customers have the same value.
    """
    total = sum(counts)
    tie_correction = 1 - ties / (float(total) ** 3 - total) if total > 1 else 0.0
    if len(counts) < 2 or tie_correction <= 0:
        return Comparison(total)
    between = math.fsum(
        (rank_sum - count * (total + 1)) ** 2 / (4 * count)
        for count, rank_sum in zip(counts, twice_rank_sums, strict=True)
    )
    statistic = 12 / (total * (total + 1)) * between / tie_correction
    degrees = len(counts) - 1
    small = sum(count < SMALL_COUNT for count in counts)
    is_enough = len(counts) - small >= 2 and small <= SMALL_SHARE * len(counts)
    effect_size = min(statistic / (total - 1), 1.0)  # rounding may exceed 1
    return Comparison(
        customers=total,
        statistic=statistic,
        degrees_of_freedom=degrees,
        p_value=float(stats.chi2.sf(statistic, degrees)) if is_enough else None,
        effect_size=effect_size,
        comparable_effect_size=effect_size,
    )


def chi_square(counts: npt.NDArray[np.int64]) -> Comparison:
    """Compare two dimensions by the customers in each of their cells.

    Statistic: Pearson (1900), without continuity correction. There is a p-value only if at least 1
    customer is expected in every cell, and at least 5 in four fifths of the cells: Cochran (1954),
    "Some methods for strengthening the common chi-square tests", Biometrics 10, 417-451. Effect
    size V: Cramér (1946), "Mathematical methods of statistics", p. 282; comparable across tables as
    Cohen's w = V sqrt(min(r, c) - 1): Cohen (1988), "Statistical power analysis", chapter 7.

    Args:
        counts: Shape (r, c): customers of row value r and column value c.

    Returns:
        The test. It has no p-value if Cochran's rule is not met, and no statistic if fewer than two
        rows or columns have customers.
    """
    table = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = int(table.sum())
    rows, columns = table.shape
    if min(rows, columns) < 2:
        return Comparison(total)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    statistic = math.fsum(((table - expected) ** 2 / expected).ravel())
    degrees = (rows - 1) * (columns - 1)
    is_enough = expected.min() >= 1 and np.mean(expected < SMALL_COUNT) <= SMALL_SHARE
    smaller_side = min(rows, columns) - 1
    return Comparison(
        customers=total,
        statistic=statistic,
        degrees_of_freedom=degrees,
        p_value=float(stats.chi2.sf(statistic, degrees)) if is_enough else None,
        effect_size=min(math.sqrt(statistic / (total * smaller_side)), 1.0),
        comparable_effect_size=math.sqrt(statistic / total),
    )


def benjamini_hochberg(p_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the p-values adjusted for the rate of false discoveries.

    The step-up procedure of Benjamini and Hochberg (1995), "Controlling the false discovery
    rate", JRSS B 57, 289-300; as adjusted p-values: Yekutieli and Benjamini (1999), Journal of
    Statistical Planning and Inference 82, 171-196.

    Args:
        p_values: Shape (m,), 0 to 1, in any order; without missing values.

    Returns:
        Shape (m,), in the same order: the lowest false discovery rate at which each test would be
        a discovery. Rounding never makes it less than the p-value.
    """
    count = len(p_values)
    descending = np.argsort(-p_values, kind="stable")
    steps = p_values[descending] * count / np.arange(count, 0, -1)
    adjusted = np.empty(count)
    adjusted[descending] = np.minimum.accumulate(np.minimum(steps, 1.0))
    return np.maximum(adjusted, p_values)


def compare_dimensions(
    rank_sums: pd.DataFrame,
    crossed: pd.DataFrame,
    by_definition: pd.DataFrame,
    by_money: Collection[str],
) -> pa.Table:
    """Compare the values of every dimension by every measure, and every pair of dimensions.

    Args:
        rank_sums: One row per dimension, value and measure: `dimension`, `value`, `measure`,
            `customers`, `twice_rank_sum`, `tie_sum` (the same for all rows of a measure).
        crossed: One row per pair of dimensions and their values: `dimension`, `other_dimension`,
            `value`, `other_value`, `customers`; every pair once, in either order.
        by_definition: One row per `dimension` and `measure` that are not tested, because one
            defines the other; pairs of dimensions may be in either order.
        by_money: The dimensions that are based on money.

    Returns:
        `TESTED`, one row per tested dimension and measure, sorted by name. A pair of
        dimensions is listed in both orders, but counts as one test of its family. A dimension that
        is also a measure (the risk weighting) is never listed second in a pair, because its ranks
        are tested as a measure.
    """
    untested = set(zip(by_definition["dimension"], by_definition["measure"], strict=True))
    measures = set(rank_sums["measure"])
    money = measures | set(by_money)
    results: list[_Result] = []
    for (dimension, measure), groups in rank_sums.groupby(["dimension", "measure"]):
        if (dimension, measure) not in untested:
            ordered = groups.sort_values("value")
            counts = [int(count) for count in ordered["customers"]]
            sums = [int(rank_sum) for rank_sum in ordered["twice_rank_sum"]]
            comparison = kruskal_wallis(counts, sums, float(ordered["tie_sum"].iloc[0]))
            family = MONEY if dimension in by_money else CATEGORIES
            names: tuple[tuple[str, str], ...] = ((str(dimension), str(measure)),)
            results.append(_Result(names, KRUSKAL_WALLIS, family, comparison))
    for (first, second), cells in crossed.groupby(["dimension", "other_dimension"]):
        if not {(first, second), (second, first)} & untested:
            cross_table = cells.pivot(index="value", columns="other_value", values="customers")
            counts_of_cells = cross_table.sort_index().sort_index(axis=1).fillna(0)
            comparison = chi_square(counts_of_cells.to_numpy(dtype=np.int64))
            family = MONEY if {first, second} <= money else CATEGORIES
            both = ((str(first), str(second)), (str(second), str(first)))
            names = tuple(order for order in both if order[1] not in measures)
            results.append(_Result(names, CHI_SQUARE, family, comparison))
    return _as_table(results)


@dataclass(frozen=True)
class _Result:
    """A comparison with its names: one or two rows of the table."""

    names: tuple[tuple[str, str], ...]
    method: str
    family: str
    comparison: Comparison


def _as_table(results: Sequence[_Result]) -> pa.Table:
    """Return the results sorted by their names, with p-values adjusted within each family."""
    adjusted: dict[int, float] = {}
    for family in (MONEY, CATEGORIES):
        p_values = {
            place: result.comparison.p_value
            for place, result in enumerate(results)
            if result.family == family and result.comparison.p_value is not None
        }
        values = benjamini_hochberg(np.array(list(p_values.values()), dtype=np.float64))
        adjusted |= {place: float(value) for place, value in zip(p_values, values, strict=True)}
    rows = [
        {
            "dimension": dimension,
            "measure": measure,
            "method": result.method,
            "family": result.family,
            "customers": result.comparison.customers,
            "statistic": result.comparison.statistic,
            "degrees_of_freedom": result.comparison.degrees_of_freedom,
            "p_value": result.comparison.p_value,
            "adjusted_p_value": adjusted.get(place),
            "effect_size": result.comparison.effect_size,
            "effect_size_name": EFFECT_SIZE_NAMES[result.method],
            "comparable_effect_size": result.comparison.comparable_effect_size,
        }
        for place, result in enumerate(results)
        for dimension, measure in result.names
    ]
    rows.sort(key=lambda row: (str(row["dimension"]), str(row["measure"])))
    return pa.Table.from_pylist(rows, schema=TESTED)
