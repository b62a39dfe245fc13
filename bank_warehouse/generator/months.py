"""The same bank some months later: customers have joined and left, and balances have changed.

Membership and balances in a month depend only on the seed, the number of customers in the first
month, the row and the month. So the packs of two months have the same people, and each can be
created without the other.
"""

from collections.abc import MutableMapping
from datetime import date

import numpy as np
import numpy.typing as npt

from bank_warehouse.generator import calibration, domains
from bank_warehouse.generator.randomness import (
    Integers,
    Unsigned,
    integers_below,
    stream_key,
    uniforms,
)

MOST_MONTHS = 60
"""Up to this month, there are enough unused ids for the customers who join."""

JOINING_SHARE = 0.012
"""Customers who join in a month, as a share of those of the first month."""
LEAVING_SHARE = 0.01
"""Customers who leave in a month, as a share of the current ones."""
LARGEST_MOVE = 0.1
"""Each month, every balance is multiplied by a factor between 1 minus this and 1 plus this."""
REGRADED_SHARE = 0.02
"""Customers whose risk weighting the bank changes by one in a month, as a share."""

Columns = MutableMapping[str, Integers]


def joined_by(customers: int, months: int) -> int:
    """Return how many customers join within `months` if the first month has `customers`."""
    return months * _joining_in_a_month(customers)


def as_of_date(months: int) -> date:
    """Return the last day of a month; month 0 is the last December of the calibration."""
    first = _month_start(months + 1)
    return date.fromordinal(first.toordinal() - 1)


def month_of_joining(customers: int, rows: Unsigned) -> Integers:
    """Return the month in which each row joined: 0 for the first `customers`, then 1, 2, ..."""
    later = rows.astype(np.int64) - customers
    month: Integers = np.where(later < 0, 0, 1 + later // _joining_in_a_month(customers))
    return month


def is_with_the_bank(
    customers: int, months: int, seed: int, rows: Unsigned
) -> npt.NDArray[np.bool_]:
    """Return whether each row has joined and has not left by month `months`; nobody returns."""
    joined = month_of_joining(customers, rows)
    stays = joined <= months
    for month in range(1, months + 1):
        leaves = uniforms(stream_key(seed, f"leaves in month {month}"), rows) < LEAVING_SHARE
        stays &= ~(leaves & (joined < month))
    return stays


def joining_days(customers: int, seed: int, rows: Unsigned) -> Integers:
    """Return the joining dates of rows that joined after the first month.

    Each is a random day of the month in which the row joined, as days since 1970-01-01.
    """
    months = month_of_joining(customers, rows)
    epoch = date(1970, 1, 1)
    starts = np.array(
        [(_month_start(month) - epoch).days for month in range(int(months.max(initial=0)) + 2)]
    )
    lengths = starts[months + 1] - starts[months]
    day = (uniforms(stream_key(seed, "day joined"), rows) * lengths).astype(np.int64)
    result: Integers = starts[months] + day
    return result


def move(columns: Columns, customers: int, months: int, seed: int, rows: Unsigned) -> None:
    """Change balances and risk weightings in place, for each month since a customer joined.

    Args:
        columns: The columns of the rows, money in cents.
        customers: The number of customers in the first month.
        months: The month of the pack.
        seed: The seed of the pack.
        rows: Shape (n,): row numbers from 0.
    """
    joined = month_of_joining(customers, rows)
    lowest, highest = min(domains.RISK_WEIGHTING_COUNTS), max(domains.RISK_WEIGHTING_COUNTS)
    for month in range(1, months + 1):
        is_there = joined < month
        for name in calibration.QUANTILES:
            chance = uniforms(stream_key(seed, f"{name} moves in month {month}"), rows)
            factor = 1 + LARGEST_MOVE * (2 * chance - 1)
            moved = np.rint(columns[name] * factor).astype(np.int64)
            columns[name] = np.where(is_there, moved, columns[name])
        chance = uniforms(stream_key(seed, f"regraded in month {month}"), rows)
        is_up = integers_below(2, stream_key(seed, f"grade of month {month}"), rows)
        step = np.where(is_there & (chance < REGRADED_SHARE), 2 * is_up - 1, 0)
        columns["Risk Weighting"] = np.clip(columns["Risk Weighting"] + step, lowest, highest)


def _joining_in_a_month(customers: int) -> int:
    return max(1, round(customers * JOINING_SHARE))


def _month_start(month: int) -> date:
    """Return the first day of a month; month 0 is the last December of the calibration."""
    year, place = divmod(11 + month, 12)
    return date(max(calibration.CLIENTS_BY_YEAR_JOINED) + year, place + 1, 1)
