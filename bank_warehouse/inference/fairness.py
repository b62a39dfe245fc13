"""Are protected groups chosen for an action at rates that differ by more than chance?

Each group is compared with the best-treated one, which is chosen most often for an offer or least
often for a burden. The best of several groups is partly best by luck. So every p-value is
multiplied by the number of pairs that could have been compared (Bonferroni), which is valid
whichever group is best. The results of all actions are then adjusted together by the procedure of
Benjamini and Hochberg.
"""

import math

import pandas as pd
import pyarrow as pa

from bank_warehouse.inference.differences import SMALL_COUNT, benjamini_hochberg
from bank_warehouse.inference.libraries import stats

TESTED = pa.schema(
    [
        ("action", pa.string()),
        ("dimension", pa.string()),
        ("value", pa.string()),
        ("is_burden", pa.bool_()),
        ("customers", pa.int64()),
        ("chosen", pa.int64()),
        ("is_large_enough", pa.bool_()),
        ("groups_compared", pa.int64()),
        ("best_value", pa.string()),
        ("best_customers", pa.int64()),
        ("best_chosen", pa.int64()),
        ("p_value", pa.float64()),
        ("adjusted_p_value", pa.float64()),
    ]
)
"""The columns of `compare_groups`."""


def two_rates(chosen: int, customers: int, other_chosen: int, other_customers: int) -> float:
    """Return the two-sided p-value of the hypothesis that two rates are equal.

    Pearson's chi-square test of the two-by-two table, without continuity correction. Its statistic
    is the square of that of the z-test with pooled variance: Fleiss, Levin and Paik (2003),
    "Statistical methods for rates and proportions", chapter 3. If fewer than `SMALL_COUNT`
    customers are expected in a cell, Fisher's exact test is used: Fisher (1934), "Statistical
    methods for research workers", section 21.02.

    Args:
        chosen: Customers of the group who were chosen.
        customers: Customers of the group, at least 1.
        other_chosen: The same for the other group.
        other_customers: The same for the other group, at least 1.

    Returns:
        0 to 1; 1 if all or none are chosen.
    """
    total, total_chosen = customers + other_customers, chosen + other_chosen
    if total_chosen in (0, total):
        return 1.0
    smaller_side = min(total_chosen, total - total_chosen)
    if min(customers, other_customers) * smaller_side < SMALL_COUNT * total:
        table = [
            [chosen, customers - chosen],
            [other_chosen, other_customers - other_chosen],
        ]
        return float(stats.fisher_exact(table).pvalue)
    rate = total_chosen / total
    difference = chosen / customers - other_chosen / other_customers
    variance = rate * (1 - rate) * (1 / customers + 1 / other_customers)
    return float(stats.chi2.sf(difference**2 / variance, 1))


def compare_groups(counted: pd.DataFrame) -> pa.Table:
    """Compare the groups of each action and dimension with the best-treated one.

    Only groups that are large enough are compared. If several tie for best, the first in
    alphabetical order counts as the best.

    Args:
        counted: One row per action, dimension and value: `action`, `dimension`, `value`,
            `is_burden`, `customers`, `chosen`, `is_large_enough`.

    Returns:
        `TESTED`, one row per row of `counted`, sorted by action, dimension and value. There is no
        best group if none is large enough, and no p-value for the best group or for small groups.
    """
    ordered = counted.sort_values(["action", "dimension", "value"], ignore_index=True)
    compared = [
        _compare(group) for _, group in ordered.groupby(["action", "dimension"], sort=False)
    ]
    tested = pd.concat([ordered, pd.concat(compared)], axis=1) if compared else ordered
    columns = {name: tested.get(name, pd.Series(dtype=object)) for name in TESTED.names}
    frame = pd.DataFrame(columns)
    has_test = frame["p_value"].notna()
    p_values = frame.loc[has_test, "p_value"].to_numpy(dtype=float)
    frame["adjusted_p_value"] = pd.Series(
        benjamini_hochberg(p_values), index=frame.index[has_test], dtype=float
    )
    return pa.Table.from_pandas(frame, schema=TESTED, preserve_index=False)


def _compare(group: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons of the groups of one action and dimension, with the same index."""
    values = [str(value) for value in group["value"]]
    counts = [
        (int(chosen), int(customers))
        for chosen, customers in zip(group["chosen"], group["customers"], strict=True)
    ]
    large = [row for row, is_large in enumerate(group["is_large_enough"]) if is_large]
    sign = 1 if bool(group["is_burden"].iloc[0]) else -1
    best = min(
        large, key=lambda row: (sign * counts[row][0] / counts[row][1], values[row]), default=None
    )
    pairs = math.comb(len(large), 2)
    p_values = [
        min(two_rates(*counts[row], *counts[best]) * pairs, 1.0)
        if best is not None and row in large and row != best
        else None
        for row in range(len(group))
    ]
    return pd.DataFrame(
        {
            "groups_compared": len(large),
            "best_value": None if best is None else values[best],
            "best_customers": None if best is None else counts[best][1],
            "best_chosen": None if best is None else counts[best][0],
            "p_value": p_values,
        },
        index=group.index,
    )
