"""The state of a page, read from its address.

Addresses can be shared, so they are not trusted. Their parts are only compared with known names and
the release's values. Unknown parts are ignored, and the page lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from bank_warehouse.dashboard.cubes import FILTERS, SHOWN_BY

UNKNOWN = "(none)"
"""How a missing value is written in addresses and on pages."""

LONGEST = 4_000
"""Maximum number of characters that are read from an address."""


@dataclass(frozen=True)
class View:
    """A page with its filters and choices.

    Attributes:
        page: name of the page, such as `risk`.
        filters: the values allowed for each dimension; other dimensions are not restricted.
        by: dimension of the comparison, if the page has one.
        show: the chosen metric.
        cell: dimensions and values of the chosen cell; empty if there is none.
        dropped: parts of the address that were ignored.
    """

    page: str
    filters: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    by: str | None = None
    show: str | None = None
    cell: tuple[tuple[str, object], ...] = ()
    dropped: tuple[str, ...] = ()

    def address(self) -> str:
        """Return the path and query string of the view."""
        return f"/{self.page if self.page != 'overview' else ''}{self.search()}"

    def search(self) -> str:
        """Return the query string with its question mark; empty if nothing is chosen."""
        parts = [(name, text_of(value)) for name in FILTERS for value in self.filters.get(name, ())]
        parts += [(key, text) for key, text in (("by", self.by), ("show", self.show)) if text]
        parts += [("cell", f"{name}:{text_of(value)}") for name, value in self.cell]
        return f"?{'&'.join(_part(*part) for part in parts)}" if parts else ""

    def toggled(self, name: str, value: object) -> "View":
        """Return the view with a value added to a filter, or removed from it if it is set."""
        chosen = self.filters.get(name, ())
        left = tuple(each for each in chosen if each != value)
        return self.filtered(name, left if value in chosen else (*chosen, value))

    def filtered(self, name: str, values: Sequence[object]) -> "View":
        """Return the view with a filter set to these values, or removed if there are none."""
        filters = {key: each for key, each in self.filters.items() if key != name}
        if values:
            filters[name] = tuple(values)
        return replace(self, filters=filters, dropped=())

    def with_cell(self, *cell: tuple[str, object]) -> "View":
        """Return the view with the details of a cell, or without details if no cell is given."""
        return replace(self, cell=cell, dropped=())


@lru_cache(maxsize=4_096)
def _part(name: str, text: str) -> str:
    """Return a part of an address, cached because addresses share the same few parts."""
    return urlencode({name: text})


def text_of(value: object) -> str:
    """Return a value of a dimension as text."""
    return UNKNOWN if value is None else str(value)


def read_view(
    page: str, search: str, values_of: Callable[[str], Sequence[object]], metrics: Sequence[str]
) -> View:
    """Read an address.

    Args:
        page: name of the page.
        search: the query string, with or without the question mark.
        values_of: function that returns the values of a dimension.
        metrics: names of metrics that may be shown.

    Returns:
        The view, with filters in the order of the values.
    """
    filters: dict[str, list[object]] = {}
    cell: dict[str, object] = {}
    by = show = None
    dropped = []
    for key, text in parse_qsl(search[:LONGEST].removeprefix("?"), keep_blank_values=True):
        if key in FILTERS:
            found = _value(text, values_of(key))
            if found:
                filters.setdefault(key, []).extend(found)
                continue
        elif key == "by" and text in (*FILTERS, *SHOWN_BY):
            by = text
            continue
        elif key == "show" and text in metrics:
            show = text
            continue
        elif key == "cell":
            name, _, value = text.partition(":")
            known = (*FILTERS, *SHOWN_BY)
            found = _value(value, values_of(name)) if name in known else ()
            if found and len({*cell, name} - set(FILTERS)) < 2:
                cell[name] = found[0]
                continue
        dropped.append(f"{key}={text}"[:60])
    ordered = {
        name: tuple(value for value in values_of(name) if value in filters[name])
        for name in FILTERS
        if name in filters
    }
    return View(page, ordered, by, show, tuple(cell.items()), tuple(dropped))


def _value(text: str, values: Sequence[object]) -> tuple[object, ...]:
    """Return a tuple of the value with this text, or an empty tuple."""
    return next(((value,) for value in values if text_of(value) == text), ())
