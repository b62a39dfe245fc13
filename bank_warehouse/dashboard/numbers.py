"""Numbers for display: short, such as 4.38 bn, or exact."""

import re
from decimal import Decimal

from bank_warehouse.metrics import Metric, format_value

Number = float | Decimal

STEPS = ((10**12, "tn"), (10**9, "bn"), (10**6, "m"), (10**3, "k"))
SHORT_MONEY_FROM = 1_000
SHORT_COUNTS_FROM = 1_000_000
MONEY = "money"


def exact(value: Number | None, metric: Metric) -> str:
    """Return a number in full, in the format of its metric."""
    return format_value(value, metric.format)


def short(value: Number | None, metric: Metric) -> str:
    """Return a number with three significant figures if it is long, otherwise in full.

    Args:
        value: the number; None if there is none, as for a ratio with a denominator of 0.
        metric: its definition.

    Returns:
        Money of 1,000 or more and counts of 1,000,000 or more are shortened: `12.3 k`, `4.38 bn`.
    """
    if value is None:
        return exact(value, metric)
    size = abs(float(value))
    if metric.unit == MONEY:
        return shorten(value) if size >= SHORT_MONEY_FROM else exact(value, metric)
    if metric.format == "#,0" and size >= SHORT_COUNTS_FROM:
        return shorten(value)
    return exact(value, metric)


def axis_text(value: float, metric: Metric) -> str:
    """Return a number for an axis: as in tables, but without trailing zeros."""
    text = re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", short(value, metric))
    return re.sub(r"\.(?=\D|$)", "", text)


def shorten(value: Number) -> str:
    """Return a number with three significant figures, and k, m, bn or tn if it is large."""
    number = float(value)
    for place, (step, unit) in enumerate(STEPS):
        if abs(number) >= step:
            text = _three_figures(number / step)
            if text.lstrip("-") == "1000" and place > 0:
                return f"{'-' if number < 0 else ''}1.00 {STEPS[place - 1][1]}"
            return f"{text} {unit}"
    return _three_figures(number)


def _three_figures(number: float) -> str:
    size = abs(number)
    decimals = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{number:.{decimals}f}"
