"""What a page is declared with: fields, visuals, pages. No JSON here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES: Mapping[str, tuple[str, ...]] = {
    "cardVisual": ("Data",),
    "slicer": ("Values",),
    "tableEx": ("Values",),
    "pivotTable": ("Rows", "Columns", "Values"),
    "clusteredBarChart": ("Category", "Series", "Y"),
    "clusteredColumnChart": ("Category", "Series", "Y"),
    "lineChart": ("Category", "Series", "Y"),
    "scatterChart": ("Category", "Series", "X", "Y", "Size"),
    "textbox": (),
}
"""Visual types that the report uses, and the roles that each of them has."""

MEASURE_ROLES = frozenset({"Data", "Y", "X", "Size"})
"""Roles that take measures only."""

CATEGORY_ROLES = frozenset({"Category", "Series", "Rows", "Columns"})
"""Roles that take columns only."""


@dataclass(frozen=True)
class Field:
    """A column (by mart or seed and source) or a measure (table empty), and its header.

    `in_words` takes the column beside a code that says the same for people.
    """

    table: str
    name: str
    header: str = ""
    in_words: bool = False

    @property
    def is_measure(self) -> bool:
        """Whether it is a measure."""
        return not self.table


def column(table: str, name: str, header: str = "") -> Field:
    """Return a column of a mart or seed, by its name in the warehouse."""
    return Field(table, name, header)


def in_words(table: str, name: str, header: str = "") -> Field:
    """Return the column beside a code that says the same for people."""
    return Field(table, name, header, in_words=True)


def measure(name: str, header: str = "") -> Field:
    """Return a measure by its name in the model."""
    return Field("", name, header)


@dataclass(frozen=True)
class Only:
    """A filter: only rows whose column has one of these values."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a visual is, in pixels from the top left corner of the page."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Visual:
    """A visual of a page.

    Attributes:
        key: names it within the page; part of its identifier.
        kind: type of the visual, one of ROLES.
        place: where it is.
        title: for people; what the visual says, not what type it is.
        alt: what somebody who does not see it needs to know.
        roles: the fields of each role.
        heat: name of the measure that colours the cells of a matrix.
        has_tooltip: shows the page "More than chance?" on hovering.
        only: filters of this visual.
        chosen: value that a slicer has on opening, one at a time; empty for any number.
        sort: measure or column by which it is sorted, descending; none for its own order.
        text: paragraphs of a text box: the first is a heading where `is_heading`.
        is_heading: the first paragraph is the heading of the page.
        sync: name of the group of slicers that move together; empty for none.
    """

    key: str
    kind: str
    place: Place
    title: str
    alt: str
    roles: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    heat: str = ""
    has_tooltip: bool = False
    only: tuple[Only, ...] = ()
    chosen: str = ""
    sort: Field | None = None
    text: tuple[str, ...] = ()
    is_heading: bool = False
    sync: str = ""


@dataclass(frozen=True)
class Page:
    """A page of the report.

    Attributes:
        key: names it; part of its identifier and the name of its exposure.
        title: on its tab.
        purpose: one sentence: what somebody learns here.
        visuals: in the order in which the tab key visits them.
        height: in pixels.
        width: in pixels.
        kind: "" for a page of its own, Drillthrough or Tooltip.
        drill: column that a drill-through page is filtered by.
    """

    key: str
    title: str
    purpose: str
    visuals: tuple[Visual, ...]
    height: int = 720
    width: int = 1280
    kind: str = ""
    drill: Field | None = None
