"""Recognise which raw table a file or sheet holds by its headers. Its name is only a hint."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.header import (
    has_own_code,
    listed,
    matched_columns,
    trimmed_names,
)
from bank_warehouse.raw_drop.mapping import DropMapping
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, RawTable

# A header with this many client columns is no coincidence, whatever the file's name.
_SURE_CLIENTS = 8
# A table of clients has at least one of these; a pivot table of their amounts has none.
_OF_CLIENTS = {"client_id", "name", "joined_bank"}
# The most columns that a lookup may have, without and with a hint from its name. A wider table with
# the columns `ID` and `Gender` may be unrelated.
_LOOKUP_WIDTH = 3
_HINTED_LOOKUP_WIDTH = 6
_VALUE = re.compile(r"^[-+(]?[$€£]?\s*[0-9][0-9.,:/\-\s)%]*$")


@dataclass(frozen=True)
class HeaderLine:
    """A line that may be the header of a table.

    Attributes:
        number: its position among the lines examined (0-based).
        cells: its cells.
        matches: number of columns of the table that the cells name.
        table: the table whose header it is, or None.
    """

    number: int
    cells: tuple[str, ...]
    matches: int
    table: RawTable | None


@dataclass(frozen=True)
class _Fit:
    sureness: int
    matches: int
    table: RawTable


def best_header(
    lines: Iterable[tuple[int, Sequence[str]]], hint: RawTable | None, mapping: DropMapping
) -> HeaderLine | None:
    """Return the line that is the header; None if all lines are blank.

    A header further down must match twice as well as one above it. Otherwise it is a repeated
    header, and the lines between them are rows.

    Args:
        lines: number and cells of each line, in order; a line may occur several times, split in
            different ways.
        hint: the table that the name of the file or sheet suggests.
        mapping: the mapping file of the drop.
    """
    best: HeaderLine | None = None
    best_rank = (0, 0, 0)
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if best is not None and is_row_of_values(cells):  # most lines are rows
            continue
        fit = _fit(cells, hint, mapping)
        table, matches, sureness = (fit.table, fit.matches, fit.sureness) if fit else (None, 0, 0)
        if best is not None and number > best.number and best.table is not None:
            if matches < 2 * best.matches:
                continue
        elif best is not None and number > best.number and table is None:
            continue
        rank = (sureness, matches, len(cells))
        if best is not None and number == best.number and rank <= best_rank:
            continue
        best, best_rank = HeaderLine(number, tuple(cells), matches, table), rank
    return best


def _fit(cells: Sequence[str], hint: RawTable | None, mapping: DropMapping) -> _Fit | None:
    """Return the table that best matches these header cells; None if no single one does."""
    fits = []
    width = sum(bool(name) for name in trimmed_names(cells))
    for table in TABLES.values():
        found = matched_columns(cells, table, mapping.of(table))
        matches = len(found)
        is_hinted = hint is not None and hint.name == table.name
        if table.name == CLIENTS.name:
            if matches >= _SURE_CLIENTS and not _OF_CLIENTS.isdisjoint(found):
                fits.append(_Fit(3, matches, table))
        elif matches == len(table.columns):
            most = _HINTED_LOOKUP_WIDTH if is_hinted else _LOOKUP_WIDTH
            if width <= most or has_own_code(cells, table):
                fits.append(_Fit(2, matches, table))
        elif is_hinted and matches:
            fits.append(_Fit(1, matches, table))
    if not fits:
        return None
    best = max(fit.sureness for fit in fits)
    fits = [fit for fit in fits if fit.sureness == best]
    hinted = [fit for fit in fits if hint is not None and fit.table.name == hint.name]
    own = [fit for fit in fits if has_own_code(cells, fit.table)]
    chosen = own if len(own) == 1 else hinted or fits
    return chosen[0] if len(chosen) == 1 else None


def is_row_of_values(cells: Sequence[str]) -> bool:
    """Return whether cells look like a row: at least three in ten are numbers or dates."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) > 1 and sum(map(bool, map(_VALUE.match, filled))) >= 0.3 * len(filled)


def refuse_rows_above(
    where: str, above: Sequence[tuple[int, Sequence[str]]], header_row: int, width: int
) -> None:
    """Refuse a header with rows of its table above it, because these rows would be lost.

    Args:
        where: the file or sheet.
        above: number (1-based) and cells of each line above the header.
        header_row: the row of the header, 1-based.
        width: number of cells of the header.

    Raises:
        DropError: there are such rows.
    """
    rows = [
        (number, cells)
        for number, cells in above
        if sum(bool(cell.strip()) for cell in cells) > 0.6 * width
        and not cells[0].lstrip().startswith("#")
        and (width > 2 or is_row_of_values(cells))
    ]
    if rows:
        numbers = ", ".join(str(number) for number, _ in rows)
        plural = "s" if len(rows) > 1 else ""
        raise DropError(
            f"{where}, row{plural} {numbers}: above the header, which is in row {header_row}, but "
            f"as wide as a row of the table, such as {_shown(rows[0][1])}. Move the header above "
            f"{'them' if plural else 'it'}, or remove {'them' if plural else 'it'}."
        )


def describe_unknown(where: str, header: HeaderLine, mapping: DropMapping, row: int = 1) -> str:
    """Return why a file was not recognised, with the table it is most similar to."""
    if is_row_of_values(header.cells):
        wanted = ", ".join(column.header for column in CLIENTS.columns[:4])
        return (
            f"{where}, row {row}: no header line found, only values: {_shown(header.cells)}. "
            f"Export the table with its column names in the first line ({wanted}, ...)."
        )
    names = [name for name in trimmed_names(header.cells) if name]
    found = {
        table: matched_columns(header.cells, table, mapping.of(table)) for table in TABLES.values()
    }
    nearest = max(found, key=lambda table: len(found[table]))
    has = [column.header for column in nearest.columns if column.name in found[nearest]]
    like = (
        f"The most similar table is {nearest.name}: {len(has)} of its {len(nearest.columns)} "
        f"columns are there ({', '.join(has)})"
        if has
        else "It has no column of any known table"
    )
    return (
        f"{where}, row {row}: the columns match no known table: {listed(names)}. {like}. "
        "Deliver a table with the headers in docs/raw-drops.md, or map the headers to columns "
        f"in {mapping.of(nearest).source}."
    )


def _shown(cells: Sequence[str]) -> str:
    text = ", ".join(cell.strip() for cell in cells)
    return repr(text[:80] + ("..." if len(text) > 80 else ""))
