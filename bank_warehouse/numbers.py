"""Numbers, dates and lists as text for sentences: `148 million`, `31%`, `30 November 2021`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

Number = float | Decimal

STEPS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def amount(value: Number) -> str:
    """Return an amount with at most three significant digits: `4.5 billion`, `12,000`, `850`."""
    number = float(value)
    if abs(number) < 100:
        return f"{round(number)}"
    number = _two_or_three(number)
    for step, name in STEPS:
        if abs(number) >= step:
            return f"{_trimmed(number / step)} {name}"
    return f"{number:,.0f}"


def share(value: Number) -> str:
    """Return a share in per cent; 0% and 100% mean exactly none and exactly all."""
    per_cent = float(value) * 100
    if 0 < per_cent < 1:
        return "under 1%"
    if 99 < per_cent < 100:
        return "over 99%"
    return f"{per_cent:.0f}%"


def times(value: Number) -> str:
    """Return a factor: `3.1 times`."""
    return f"{_trimmed(float(value))} times"


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun: `1 customer`, `1,200 customers`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def day(value: date) -> str:
    """Return a date in words: `30 November 2021`."""
    return f"{value.day} {value:%B %Y}"


def listed(texts: Sequence[str], word: str = "and") -> str:
    """Join strings into a list in words: `a, b and c`."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def _two_or_three(number: float) -> float:
    """Round to two significant digits; to three for hundreds, or if the first digit is 1."""
    if number == 0:
        return 0.0
    digits = f"{abs(number):e}"
    place = int(digits.partition("e")[2])
    figures = 3 if digits[0] == "1" or place % 3 == 2 else 2
    return round(number, figures - 1 - place)


def _trimmed(number: float) -> str:
    """Return a number below a thousand without needless decimals: 1.2, 17, 148."""
    decimals = 1 if abs(number) < 10 else 0
    return f"{number:.{decimals}f}".removesuffix(".0")
