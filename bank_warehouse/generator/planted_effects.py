"""Effects that can be planted in the data, to test whether an analysis finds them.

Without a planted effect, the look-alike is like the bank's data: categories without signal, no
clusters, and a risk weighting that rises with money. Each effect changes one thing.
"""

from collections.abc import Callable, Mapping, MutableMapping

import numpy as np

from bank_warehouse.generator import domains
from bank_warehouse.generator.randomness import Integers, Unsigned, stream_key, uniforms

Columns = MutableMapping[str, Integers]

PLATINUM = list(domains.LOYALTY_CLASSIFICATION_COUNTS).index("Platinum")
DIFFERENCE_FACTOR = 2
CLUSTER_SHARE = 0.4
CLUSTER_FACTOR = 20
LENDING = ("Credit Card Balance", "Bank Loans", "Business Lending")
DEPOSITS = ("Bank Deposits", "Saving Accounts", "Checking Accounts", "Foreign Currency Account")


def plant_difference(columns: Columns, seed: int, rows: Unsigned) -> None:  # noqa: ARG001
    """Double the foreign currency account of Platinum customers."""
    is_platinum = columns["Loyalty Classification"] == PLATINUM
    columns["Foreign Currency Account"][is_platinum] *= DIFFERENCE_FACTOR


def plant_cluster(columns: Columns, seed: int, rows: Unsigned) -> None:
    """Multiply the loans of four in ten customers by 20, and the deposits of the others."""
    is_borrower = uniforms(stream_key(seed, "planted cluster"), rows) < CLUSTER_SHARE
    for names, is_larger in ((LENDING, is_borrower), (DEPOSITS, ~is_borrower)):
        for name in names:
            columns[name][is_larger] *= CLUSTER_FACTOR


def plant_driver(columns: Columns, seed: int, rows: Unsigned) -> None:  # noqa: ARG001
    """Raise the risk weighting of owners of three properties by one; lower that of non-owners."""
    properties, risk = columns["Properties Owned"], columns["Risk Weighting"]
    highest = max(domains.RISK_WEIGHTING_COUNTS)
    lowest = min(domains.RISK_WEIGHTING_COUNTS)
    moved = risk + (properties == max(domains.PROPERTY_COUNTS)) - (properties == 0)
    columns["Risk Weighting"] = np.clip(moved, lowest, highest)


PLANTS: Mapping[str, Callable[[Columns, int, Unsigned], None]] = {
    "difference": plant_difference,
    "cluster": plant_cluster,
    "driver": plant_driver,
}
"""The effects: functions of the columns (changed in place), the seed and the rows."""
