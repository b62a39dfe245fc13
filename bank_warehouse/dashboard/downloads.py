"""The figures of a block as a CSV file that a spreadsheet can open safely."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import PurePath

from bank_warehouse.dashboard.page_model import Block, as_table
from bank_warehouse.dashboard.snapshots import Snapshot
from bank_warehouse.dashboard.views import View, text_of
from bank_warehouse.publish.releases import SAMPLE
from bank_warehouse.quarantine import harmless

INVENTED = "Invented data: the shipped sample of a bank that does not exist. No real people."
LONGEST_NAME = 150
"""Maximum number of characters in a file name before `.csv`; some systems allow only 255 bytes."""


@dataclass(frozen=True)
class Origin:
    """Where figures come from, so that a file can still be understood a year later.

    Attributes:
        file_name: describes the origin; shortened if necessary.
        as_of_date: date of the data.
        release: number of the release.
        source: `drop`, `not recorded`, or a notice that the data are invented.
        customers: which customers are counted: `all customers`, or the role, the filters or both
            in words.
    """

    file_name: str
    as_of_date: str
    release: int
    source: str
    customers: str


def described(snapshot: Snapshot, view: View) -> str:
    """Return the filters of a view in words; empty if there are none."""
    return "; ".join(
        f"{snapshot.dimension(name).label}: {', '.join(text_of(value) for value in values)}"
        for name, values in view.filters.items()
    )


def origin_of(snapshot: Snapshot, view: View, block: Block) -> Origin:
    """Return the origin of the figures of a block."""
    manifest = snapshot.release.manifest
    named = snapshot.role.described if not snapshot.role.sees_all else "all customers"
    filters = "" if block.is_whole else described(snapshot, view)
    is_sample = manifest.get("source") == SAMPLE
    if filters:
        named = filters if snapshot.role.sees_all else f"{named}; {filters}"
    parts = [
        view.page,
        block.name,
        manifest["as_of_date"],
        f"release {snapshot.release.number}",
        *(["invented"] if is_sample else []),
        named,
    ]
    return Origin(
        "_".join(_slug(part) for part in parts)[:LONGEST_NAME].rstrip("-_") + ".csv",
        manifest["as_of_date"],
        snapshot.release.number,
        INVENTED if is_sample else PurePath(manifest.get("source", "not recorded")).name,
        named,
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def csv_of(block: Block, origin: Origin) -> bytes:
    """Return the figures of a block in full, not shortened as on the page.

    Returns:
        CSV as defined in RFC 4180, in UTF-8 with a byte-order mark. Each row contains its origin.
        Text that a spreadsheet could run as a formula is prefixed with an apostrophe.
    """
    heads, rows = as_table(block)
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    said = (origin.customers, origin.as_of_date, origin.release, origin.source)
    for row in [(*heads, "Customers counted", "As of", "Release", "Source"), *(
        (*row, *said) for row in rows
    )]:  # fmt: skip
        writer.writerow([harmless(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig")
