"""Numbers as text, by the format strings that the metrics carry and that Power BI reads too."""

import re
from decimal import Decimal

NOTHING = "n/a"

_FORMAT = re.compile(r"(?P<thousands>#,)?0(?:\.(?P<decimals>0+))?(?P<percent>%)?")


def format_value(value: float | Decimal | None, number_format: str) -> str:
    """Return a number as text.

    Args:
        value: the number; null where a ratio has nothing to divide by.
        number_format: `0`, before it `#,` for thousands in groups, after it a point and as many
            zeros as decimals are shown, then `%` for a share in per cent: `#,0.00`, `0.0%`.

    Returns:
        The text; `n/a` for null.

    Raises:
        ValueError: The format is none of these.
    """
    found = _FORMAT.fullmatch(number_format)
    if found is None:
        message = f"The format {number_format!r} is not known; write it like '#,0.00' or '0.0%'."
        raise ValueError(message)
    if value is None:
        return NOTHING
    # Decimal throughout: 0.285 per cent as a float is 28.499999... and rounds the wrong way.
    exact = Decimal(str(value)) * (100 if found["percent"] else 1)
    decimals = len(found["decimals"] or "")
    text = f"{exact:{',' if found['thousands'] else ''}.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text + (found["percent"] or "")
