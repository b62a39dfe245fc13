"""Judge a drop as a whole after its rows are validated: the reasons to refuse it, and warnings."""

from collections.abc import Iterator, Mapping
from typing import Any

Facts = Mapping[str, Any]
"""What the macro facts_of_drop returns:

`files`: for each `file`, the number of `rows`, how many are `quarantined`, how many contradict what
the first rows prove (`contradicting`), the row of the first `other_header`, the `total` of all
amounts in valid rows, and the `largest` amount with its `largest_row`.
`reasons`: for each reason (or status, if there is no reason), the number of `rows` and the place of
the `first`. Empty unless too many rows, or all, are quarantined.
`near_duplicates`: the number of `rows` and of `people`.
"""

MOST = 10**16
"""Totals must be below this, because they are decimal(18, 2)."""

REASONS = {
    "ambiguous": "joined_bank could be day-first or month-first, and the file has both",
    "duplicate": "duplicate of another row",
}
"""For the record_status of valid rows that are quarantined, the reason in words."""


def contradicting_files(facts: Facts) -> list[str]:
    """Return the files with a cell that contradicts what the first rows of the file prove."""
    return [file["file"] for file in facts["files"] if file["contradicting"]]


def refusals(facts: Facts, max_quarantine_rate: float) -> Iterator[str]:
    """Yield the reasons to refuse a drop.

    Args:
        facts: what is known about the rows of the drop.
        max_quarantine_rate: the dbt variable.
    """
    files = facts["files"]
    if not files:
        yield (
            "The client file holds no rows. Deliver it again, or name another folder in "
            "BANK_RAW_DIR."
        )
    for file in files:
        if file["other_header"]:
            yield f"{file['file']}, {other_header(file['file'], file['other_header'])}"
    if facts["reasons"]:
        yield _too_many_quarantined(facts, max_quarantine_rate)
    total = sum(file["total"] for file in files)
    if total >= MOST:
        largest = max(files, key=lambda file: file["largest"] or 0)
        yield (
            f"The amounts of the drop add up to {total / 10**12:,.0f} trillion, but totals of "
            f"10,000 trillion or more do not fit. The largest amounts are in {largest['file']}, "
            f"row {largest['largest_row']}. Correct them, and export the file again."
        )


def warnings(facts: Facts, near_duplicates: str) -> Iterator[str]:
    """Yield the warnings of a build.

    Args:
        facts: what is known about the rows of the drop.
        near_duplicates: the dbt variable.
    """
    rows, people = facts["near_duplicates"]["rows"], facts["near_duplicates"]["people"]
    if rows:
        remedy = (
            'They are treated as duplicates, because near_duplicates is "quarantine".'
            if near_duplicates == "quarantine"
            else "Each counts as a separate customer. With near_duplicates set to "
            '"quarantine", they are treated as duplicates. Their keys are in '
            "staging.base_bank__client_duplicates."
        )
        yield (
            f"{rows:,} rows are {people:,} {'person' if people == 1 else 'people'} written in "
            "different ways: client id, name and joining date agree except for blanks, case or "
            f"composed accents. {remedy}"
        )


def other_header(file: str, row: int) -> str:
    """Return the reason to refuse a file whose `row` is a second header in another order."""
    name = file.rpartition("/")[2].partition(".")[0]
    return (
        f"row {row}: a header that has the columns in another order. Two files were joined, and "
        "every row below this header would be read into the wrong columns. Split the file there "
        f"into two, named {name}-1 and {name}-2."
    )


def _too_many_quarantined(facts: Facts, max_quarantine_rate: float) -> str:
    rows = sum(file["rows"] for file in facts["files"])
    quarantined = sum(file["quarantined"] for file in facts["files"])
    why = f"more than the share of {max_quarantine_rate} that max_quarantine_rate allows"
    remedy = ", or raise max_quarantine_rate if this loss is acceptable."
    if quarantined == rows:
        why = "and no customer is left"
    # If there is a second header in another order, it is usually the reason why the rows below it
    # are quarantined. A higher rate would not help.
    if quarantined == rows or any(file["other_header"] for file in facts["files"]):
        remedy = "."
    reasons = "\n".join(map(_reason, facts["reasons"]))
    return (
        f"{quarantined:,} of {rows:,} client rows are quarantined, {why}:\n{reasons}\n"
        f"Correct the file, or set raw_date_format or as_of_date where the reasons say so{remedy}"
    )


def _reason(found: Mapping[str, Any]) -> str:
    reason = REASONS.get(found["reason"], found["reason"])
    if found["rows"] == 1:
        return f"  1 row: {reason} ({found['first']})"
    return f"  {found['rows']:,} rows: {reason} (first: {found['first']})"
