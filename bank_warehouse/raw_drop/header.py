"""Which column of a file is which column of its table."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.schema import RawColumn, RawTable, normalise


@dataclass(frozen=True)
class HeaderMap:
    """Where the columns of a table stand in one file.

    Attributes:
        positions: canonical column name to position (0-based) in the file; an optional column
            that the file lacks is absent here.
        names: the headers of the file, trimmed, without blank ones at the end.
        warnings: columns that are ignored, optional columns that are missing.
    """

    positions: dict[str, int]
    names: tuple[str, ...]
    warnings: tuple[str, ...]


def count_matches(cells: Sequence[str], table: RawTable) -> int:
    """Return how many cells of a possible header line name a column of `table`."""
    known = {normalise(name) for column in table.columns for name in _spellings(column)}
    return len({normalise(cell) for cell in cells} & known)


def map_header(file: str, cells: Sequence[str], table: RawTable) -> HeaderMap:
    """Match the header `cells` of `file` with the columns of `table`.

    A column's own name goes before its aliases, so a copy that has both `BRId` and
    `Banking Relationship` gives the id.

    Raises:
        DropError: a header twice, two columns for one, or required columns missing (all of them
            are listed, each with the nearest header found).
    """
    names = tuple(" ".join(cell.replace("\ufeff", "").split()) for cell in cells)
    while names and not names[-1]:  # lines that end in a separator
        names = names[:-1]
    where: dict[str, int] = {}
    for position, name in enumerate(names):
        key = normalise(name)
        if key and key in where:
            raise DropError(
                f"{file}, row 1: the header {name!r} stands twice (columns {where[key] + 1} and "
                f"{position + 1}). Remove or rename one of the two columns."
            )
        if key:
            where[key] = position

    positions: dict[str, int] = {}
    missing = []
    warnings = []
    for column in table.columns:
        own = [key for key in (normalise(column.name), normalise(column.header)) if key in where]
        other = [key for alias in column.aliases if (key := normalise(alias)) in where]
        if own:
            positions[column.name] = where[own[0]]
        elif len(other) > 1:
            both = " and ".join(repr(names[where[key]]) for key in other)
            raise DropError(f"{file}, row 1: {both} both mean {column.header!r}. Keep one of them.")
        elif other:
            positions[column.name] = where[other[0]]
        elif column.required:
            missing.append(column)
        else:
            warnings.append(
                f"{file}: has no column {column.header!r}: {column.name} is null for its rows."
            )

    taken = set(positions.values())
    spare = [name for index, name in enumerate(names) if name and index not in taken]
    if missing:
        wanted = "; ".join(column.header + _nearest(column.header, spare) for column in missing)
        plural = "s" if len(missing) > 1 else ""
        raise DropError(
            f"{file}, row 1: {len(missing)} required column{plural} missing: {wanted}. "
            f"Add the column{plural}, or correct the header{plural}."
        )
    if spare:
        warnings.append(f"{file}: columns ignored: {', '.join(spare)}.")
    return HeaderMap(positions, names, tuple(warnings))


def _spellings(column: RawColumn) -> tuple[str, ...]:
    return (column.name, column.header, *column.aliases)


def _nearest(header: str, spare: Sequence[str]) -> str:
    by_key = {normalise(name): name for name in spare}
    close = difflib.get_close_matches(normalise(header), by_key, n=1, cutoff=0.6)
    return f" (nearest in the file: {by_key[close[0]]!r})" if close else ""
