"""Display names, and identifiers that stay the same from one run to the next."""

import re
import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://example.org/bank-warehouse/power-bi")
"""Namespace of all identifiers. The address is only a name and does not resolve."""

_WORDS = {"as of": "as-of", "id": "id", "ids": "ids"}


def identifier(*path: str) -> str:
    """Return the identifier of the object at `path`, which depends only on the path.

    It is a version 5 UUID (RFC 9562, section 5.5), because Power BI's lineage tags are UUIDs.
    """
    return str(uuid.uuid5(NAMESPACE, "/".join(path)))


def short_identifier(*path: str) -> str:
    """Return 20 hexadecimal digits that identify a page, visual or filter, as in Desktop."""
    return uuid.uuid5(NAMESPACE, "/".join(path)).hex[:20]


def for_people(name: str) -> str:
    """Return a snake-case name as words: `as_of_date` is `As-of date`."""
    words = name.replace("_", " ")
    for said, written in _WORDS.items():
        words = re.sub(rf"\b{said}\b", written, words)
    return words[:1].upper() + words[1:]


def table_for_people(mart: str) -> str:
    """Return a mart's display name, without prefix: `fct_product_gaps` is `Product gaps`."""
    return for_people(re.sub(r"^(dim|fct)_", "", mart))


def reading_name(mart: str, column: str) -> str:
    """Return the name of the measure that reads a column of a result table."""
    return f"{for_people(column)} ({table_for_people(mart).lower()})"
