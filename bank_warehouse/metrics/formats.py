"""Format numbers as text, with the metrics' format strings, which Power BI also uses."""

import re
from decimal import Decimal

NOTHING = "n/a"

_FORMAT = re.compile(r"(?P<thousands>#,)?0(?:\.(?P<decimals>0+))?(?P<percent>%)?")


def format_value(value: float | Decimal | None, number_format: str) -> str:
    """Return a number as text.

    Args:
        value: the number; None if it is null, as for a ratio whose denominator is zero.
        number_format: a format string such as `0`, `#,0.00` or `0.0%`. `#,` groups thousands, the
            zeros after the point set the number of decimals, and `%` shows a percentage.

    Returns:
        The text; `n/a` for null.

    Raises:
        ValueError: The format is not supported.
    """
    found = _FORMAT.fullmatch(number_format)
    if found is None:
        message = f"The format {number_format!r} is not known; write it like '#,0.00' or '0.0%'."
        raise ValueError(message)
    if value is None:
        return NOTHING
    # Use decimals throughout: as a float, 0.285 is 28.499999... per cent, and such values can be
    # rounded the wrong way.
    exact = Decimal(str(value)) * (100 if found["percent"] else 1)
    decimals = len(found["decimals"] or "")
    text = f"{exact:{',' if found['thousands'] else ''}.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text + (found["percent"] or "")
