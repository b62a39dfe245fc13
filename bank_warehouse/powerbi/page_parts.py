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
    "decompositionTreeVisual": ("Analyze", "ExplainBy"),
    "textbox": (),
    "pageNavigator": (),
    "actionButton": (),
}
"""Visual types that the report uses, and the roles that each of them has."""

MEASURE_ROLES = frozenset({"Data", "Y", "X", "Size", "Analyze"})
"""Roles that take measures only."""

CATEGORY_ROLES = frozenset({"Category", "Series", "Rows", "Columns", "ExplainBy"})
"""Roles that take columns only."""

CHARTS = frozenset({"clusteredBarChart", "clusteredColumnChart"})
"""Charts whose marks can carry the number that they show."""

PHONE_WIDTH = 324
"""Pixels across a phone, as Power BI counts them."""

ALL_CUSTOMERS = "all customers"
"""What the title and the alt text of a visual say that no slicer reaches."""


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
    """A filter: only rows whose column has one of these values; with `is_not`, none of them."""

    field: Field
    values: tuple[str | float, ...]
    is_not: bool = False


@dataclass(frozen=True)
class Top:
    """A filter: only the `count` values of a column with the highest measure."""

    count: int
    field: Field
    by: Field


@dataclass(frozen=True)
class Link:
    """What a button does.

    Attributes:
        kind: Back, or Bookmark.
        target: key of the bookmark; empty for Back.
        text: on the button.
    """

    kind: str
    text: str
    target: str = ""


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
        title: for people; what the visual shows, not what type it is.
        alt: what somebody who does not see it needs to know.
        roles: the fields of each role.
        finding: name of a text measure that says what is found; it becomes the title, and
            `title` the line below it.
        heat: names of the measures that colour the cells of a matrix.
        parameter: name of the field parameter that chooses the measure of the last role.
        tooltip: key of the tooltip page shown on hovering; empty for Power BI's own.
        only: filters of this visual.
        top: filter of this visual to the highest.
        chosen: value that a slicer has on opening, one at a time; empty for any number.
        sort: measure or column by which it is sorted, descending; none for its own order.
        text: paragraphs of a text box: the first is a heading where `is_heading`.
        is_heading: the first paragraph is the heading of the page.
        sync: name of the group of slicers that move together; empty for none.
        link: what a button does.
        is_whole: no slicer of customers reaches it: it shows all customers, and looks so.
        has_trend: draws the trend line through the points.
        in_thousands: a table shows amounts of money in thousands.
        is_list: lists as many rows as there are, and scrolls.
        widths: of the columns of a table, in pixels; none where Power BI fits them.
        on_phone: is part of the phone layout.
        is_tall: needs more height on a phone than others of its type.
    """

    key: str
    kind: str
    place: Place
    title: str
    alt: str
    roles: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    finding: str = ""
    heat: tuple[str, ...] = ()
    parameter: str = ""
    tooltip: str = ""
    only: tuple[Only, ...] = ()
    top: Top | None = None
    chosen: str | float = ""
    sort: Field | None = None
    text: tuple[str, ...] = ()
    is_heading: bool = False
    sync: str = ""
    link: Link | None = None
    is_whole: bool = False
    has_trend: bool = False
    in_thousands: bool = False
    is_list: bool = False
    widths: tuple[int, ...] = ()
    on_phone: bool = True
    is_tall: bool = False


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


@dataclass(frozen=True)
class Bookmark:
    """A saved state of the report.

    Attributes:
        key: names it; part of its identifier.
        title: for people.
        page: key of the page that it opens.
        stays: it changes only slicers and opens no page: the reset of one page.
    """

    key: str
    title: str
    page: str
    stays: bool = False
