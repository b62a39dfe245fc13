"""The classes that declare a page: fields, visuals, pages. They contain no JSON."""

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
"""Charts that show data labels."""

PHONE_WIDTH = 324
"""Width of a phone in Power BI's pixels."""

ALL_CUSTOMERS = "all customers"
"""Words in the title and alt text of each visual that no customer slicer reaches."""


@dataclass(frozen=True)
class Field:
    """A column (with its mart or seed) or a measure (without a table), and its header.

    `in_words` shows a column of codes as labels.
    """

    table: str
    name: str
    header: str = ""
    in_words: bool = False

    @property
    def is_measure(self) -> bool:
        """Whether the field is a measure."""
        return not self.table


def column(table: str, name: str, header: str = "") -> Field:
    """Return a column of a mart or seed, by its name in the warehouse."""
    return Field(table, name, header)


def in_words(table: str, name: str, header: str = "") -> Field:
    """Return a column of codes, shown as labels."""
    return Field(table, name, header, in_words=True)


def measure(name: str, header: str = "") -> Field:
    """Return a measure by its name in the model."""
    return Field("", name, header)


@dataclass(frozen=True)
class Only:
    """A filter that keeps the rows with one of these values; with `is_not`, all other rows."""

    field: Field
    values: tuple[str | float, ...]
    is_not: bool = False


@dataclass(frozen=True)
class Top:
    """A filter that keeps the `count` values of a column for which a measure is highest."""

    count: int
    field: Field
    by: Field


@dataclass(frozen=True)
class Link:
    """What a button does.

    Attributes:
        kind: Back, or Bookmark.
        text: the button's text.
        target: key of the bookmark; empty for Back.
    """

    kind: str
    text: str
    target: str = ""


@dataclass(frozen=True)
class Place:
    """Position and size of a visual, in pixels from the top left corner of the page."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Visual:
    """A visual of a page.

    Attributes:
        key: unique name on the page, from which the visual's identifier is derived.
        kind: type of the visual, one of ROLES.
        place: its position and size.
        title: its title, which says what it shows, not its type.
        alt: its alt text for screen readers.
        roles: the fields of each role.
        finding: name of the text measure with the finding. It becomes the title, and `title`
            becomes the line below.
        heat: names of the measures that colour the cells of a matrix.
        parameter: name of the field parameter that chooses the measure of the last role.
        tooltip: key of the tooltip page shown on hovering; empty for Power BI's own.
        only: filters of this visual.
        top: filter that keeps the highest values; None for none.
        chosen: value that a single-select slicer has on opening; empty for multi-select.
        sort: measure or column that it is sorted by, descending; None for Power BI's order.
        text: paragraphs of a text box.
        is_heading: whether the first paragraph of `text` is the heading of the page.
        sync: name of the group of synchronized slicers; empty for none.
        link: what a button does; None for other visuals.
        is_whole: no customer slicer reaches it. It shows all customers, and its style says so.
        has_trend: it has a trend line through the points.
        in_thousands: it is a table or matrix that shows money in thousands.
        is_list: it shows any number of rows and scrolls.
        without_totals: it has no row of totals, because its rows must not be added up.
        widths: column widths of a table in pixels; empty to let Power BI fit them.
        on_phone: it is part of the phone layout.
        is_tall: it needs more height on a phone than others of its type.
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
    without_totals: bool = False
    widths: tuple[int, ...] = ()
    on_phone: bool = True
    is_tall: bool = False


@dataclass(frozen=True)
class Page:
    """A page of the report.

    Attributes:
        key: unique name, from which the page's identifier is derived; part of its exposure's name.
        title: title on its tab.
        purpose: one sentence on what readers learn here.
        visuals: its visuals in tab order.
        height: in pixels.
        width: in pixels.
        kind: Drillthrough, Tooltip, or empty for a normal page.
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
        key: unique name, from which the bookmark's identifier is derived.
        title: display name.
        page: key of the page that it opens or resets.
        stays: it stays on the page and only resets the slicers.
    """

    key: str
    title: str
    page: str
    stays: bool = False
