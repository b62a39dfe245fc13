"""The disk space that the build of a drop needs, and whether it is free.

The constants were measured in builds of 1 to 10 million generated customers with DuckDB 1.5.5.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bank_warehouse.engine import memory_limit, temp_directory
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.settings import bytes_of

WAREHOUSE_BYTES = 550
"""Bytes of the warehouse file per customer, including the old copy of a replaced table."""

WORKING_BYTES = 610
"""Bytes per customer that the widest test needs. What exceeds the memory limit goes to disk."""

MODEL_WORKING_BYTES = 310
"""The same if no tests run: what the widest models that are built at the same time need."""

SAMPLE_BYTES = 1 << 20

WORTH_SAYING = 50_000_000
"""Smaller amounts of disk space, in bytes, are not reported."""


@dataclass(frozen=True)
class Need:
    """The disk space that a build needs, in bytes.

    Attributes:
        rows: approximate number of customers in the drop.
        warehouse: path of the file that is built.
        warehouse_bytes: bytes needed on the disk of that file.
        spill: folder for what does not fit in memory.
        spill_bytes: bytes needed on the disk of that folder.
    """

    rows: int
    warehouse: Path
    warehouse_bytes: int
    spill: Path
    spill_bytes: int


def estimated_rows(path: Path) -> int:
    """Estimate the number of lines below the header of a text file from its first lines.

    Args:
        path: a text file, not compressed.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    lines = sample.count(b"\n") + (len(sample) < SAMPLE_BYTES and not sample.endswith(b"\n"))
    return max(0, round(path.stat().st_size * lines / max(len(sample), 1)) - 1)


def need_of(rows: int, warehouse: Path, *, with_tests: bool = True) -> Need:
    """Return the disk space needed to build `rows` customers into the file `warehouse`.

    Args:
        rows: approximate number of customers in the drop.
        warehouse: the file that is built.
        with_tests: whether tests run too, as in `dbt build` but not in `dbt run`.

    Raises:
        SettingError: BANK_MEMORY_LIMIT is not an amount of memory.
    """
    working_bytes = rows * (WORKING_BYTES if with_tests else MODEL_WORKING_BYTES)
    spill_bytes = max(0, round(working_bytes - bytes_of(memory_limit())))
    spill = temp_directory(warehouse) or warehouse.parent
    return Need(rows, warehouse, rows * WAREHOUSE_BYTES, spill, spill_bytes)


def require_disk_space(need: Need) -> str:
    """Refuse a build that needs more disk space than is free.

    Returns:
        A sentence that gives the space needed; empty if little space is needed.

    Raises:
        DropError: a disk has less free space than the build needs; the message gives both numbers
            and the remedy.
    """
    wanted: dict[int, list[tuple[Path, int, str]]] = {}
    existing = need.warehouse.stat().st_size if need.warehouse.is_file() else 0
    # A build reuses at least the space of the existing warehouse file.
    for folder, amount, remedy in (
        (
            need.warehouse.parent,
            max(0, need.warehouse_bytes - existing),
            "set BANK_WAREHOUSE to a file on another disk",
        ),
        (
            need.spill,
            need.spill_bytes,
            "set BANK_TEMP_DIRECTORY to a folder on another disk, raise BANK_MEMORY_LIMIT",
        ),
    ):
        there = _existing(folder)
        wanted.setdefault(there.stat().st_dev, []).append((there, amount, remedy))
    for places in wanted.values():
        amount = sum(amount for _, amount, _ in places)
        free = shutil.disk_usage(places[0][0]).free
        if amount > free:
            remedies = ", ".join(remedy for _, amount, remedy in places if amount)
            raise DropError(
                f"{places[0][0]}: the build needs about {_size(amount)} more on this disk, but "
                f"only {_size(free)} is free. In all, {_text_of(need)}. To continue, "
                f"{remedies}, or free some space. Then build again."
            )
    is_little = need.warehouse_bytes + need.spill_bytes < WORTH_SAYING
    return "" if is_little else f"{_text_of(need)}."


def _text_of(need: Need) -> str:
    text = f"{need.rows:,} customers need about {_size(need.warehouse_bytes)} for the warehouse"
    if need.spill_bytes:
        text += f" and up to {_size(need.spill_bytes)} for what does not fit in memory"
    return text


def _existing(folder: Path) -> Path:
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder


def _size(amount: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
