"""What a block shows, as a CSV file that a spreadsheet can open without running anything."""

import csv
import io

from bank_warehouse.dashboard.blocks import Block, as_table
from bank_warehouse.quarantine import harmless


def csv_of(block: Block) -> bytes:
    """Return the figures of a block in full, not as they are shortened on the page.

    Returns:
        RFC 4180 in UTF-8 with a byte-order mark; texts that a spreadsheet could take for a formula
        have an apostrophe in front.
    """
    heads, rows = as_table(block)
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig")
