"""What of a row may be shown in a message: keys masked, personal data never."""

from collections.abc import Sequence
from typing import Any

# Columns whose values name a person, and those that hold whole raw rows. By the name in the
# warehouse and by the header as delivered, in lower case.
PERSONAL_COLUMNS = frozenset(
    {
        "client_id",
        "client id",
        "client_name",
        "name",
        "banking_contact",
        "banking contact",
        "location_id",
        "location id",
        "raw_text",
        "raw_line",
    }
)
KEY_COLUMNS = frozenset({"customer_key", "client_key"})
MAXIMUM_TEXT = 60


def masked_key(key: object) -> str:
    """Return a key with its middle hidden: enough to find the row, not to copy the key."""
    text = str(key)
    return text if len(text) < 9 else f"{text[:4]}…{text[-4:]}"


def shown_value(column: str, value: object) -> str:
    """Return `value` of `column` as it may be printed, at most `MAXIMUM_TEXT` characters."""
    if value is None:
        return "null"
    if column.lower() in PERSONAL_COLUMNS:
        return "(hidden)"
    if column.lower() in KEY_COLUMNS:
        return masked_key(value)
    text = " ".join(str(value).split())
    return text if len(text) <= MAXIMUM_TEXT else text[: MAXIMUM_TEXT - 1] + "…"


def shown_row(columns: Sequence[str], row: Sequence[Any]) -> str:
    """Return a row as `column = value` pairs, masked."""
    return ", ".join(
        f"{column} = {shown_value(column, value)}"
        for column, value in zip(columns, row, strict=True)
    )
