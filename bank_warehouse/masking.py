"""Rows in messages: keys are masked, personal data is never shown."""

from collections.abc import Sequence
from typing import Any

# Columns that identify a person or hold whole raw rows: names in the warehouse and delivered
# headers, in lower case.
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

# Columns that a check creates. They hold names of tables or columns, or differences, never a
# client's cell.
WRITTEN_BY_CHECKS = frozenset({"difference", "kind", "mart", "mart_column"})
MAXIMUM_TEXT = 200


def masked_key(key: object) -> str:
    """Return a long key with its middle hidden: enough to find the row, but not the whole key."""
    text = str(key)
    return text if len(text) < 9 else f"{text[:4]}…{text[-4:]}"


def shown_value(column: str, value: object, known_texts: frozenset[str]) -> str:
    """Return the printable form of a value of `column`, at most `MAXIMUM_TEXT` characters.

    Text is printed only if it is in `known_texts`, such as the values of the reference seeds, or
    in a column that a check creates. Any other text might hold a name, so only its length is
    printed.
    """
    name = column.lower()
    if value is None:
        return "null"
    if name in KEY_COLUMNS:
        return masked_key(value)
    if name in PERSONAL_COLUMNS:
        return "(hidden)"
    text = str(value)
    if isinstance(value, str) and name not in WRITTEN_BY_CHECKS and value not in known_texts:
        return f"(text of {len(value)} characters)"
    return text if len(text) <= MAXIMUM_TEXT else text[: MAXIMUM_TEXT - 1] + "…"


def shown_row(columns: Sequence[str], row: Sequence[Any], known_texts: frozenset[str]) -> str:
    """Return a row as masked `column = value` pairs."""
    return ", ".join(
        f"{column} = {shown_value(column, value, known_texts)}"
        for column, value in zip(columns, row, strict=True)
    )
