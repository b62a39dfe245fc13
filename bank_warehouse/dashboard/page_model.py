"""The content of a page, whether it is shown in a browser, a CSV file or an HTML file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bank_warehouse.dashboard.drawings import Plot
from bank_warehouse.dashboard.numbers import Number, exact, short
from bank_warehouse.metrics import Metric

NOBODY = "No customers match these filters."

NOT_TESTED = "Not tested"

Verdict = Literal["real", "chance", "untested"]


@dataclass(frozen=True)
class Cell:
    """A displayed value.

    Attributes:
        text: displayed text.
        value: the unrounded value, for files.
        exact: the value in full, if `text` is shorter; otherwise empty.
        href: address of its details; empty if there are none.
        share: length of its bar or strength of its tint, from 0 to 1; None if it has none.
        tone: CSS class, such as `bad`, or `pale` for what could be chance; empty for none.
        more: a second line.
    """

    text: str
    value: object = None
    exact: str = ""
    href: str = ""
    share: float | None = None
    tone: str = ""
    more: str = ""

    @classmethod
    def of(cls, value: Number | None, metric: Metric, href: str = "") -> "Cell":
        """Return the cell of a metric's value."""
        full, brief = exact(value, metric), short(value, metric)
        return cls(brief, value, full if full != brief else "", href)

    @classmethod
    def said(cls, value: object, href: str = "", tone: str = "") -> "Cell":
        """Return a cell with a piece of text, a count or a date; `-` for None."""
        if value is None:
            return cls("-", None, href=href)
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(f"{value:,}", value, href=href, tone=tone)
        return cls(str(value), value, href=href, tone=tone)


@dataclass(frozen=True)
class Column:
    """The head of a column.

    Attributes:
        label: displayed text.
        definition: what it means; empty if the label is enough.
        is_number: whether it is aligned to the right.
    """

    label: str
    definition: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Mark:
    """Whether a difference is real, could be chance or is untested, in short and in full."""

    verdict: Verdict
    short: str
    text: str

    @property
    def is_pale(self) -> bool:
        """Whether strong colours would mislead: the difference could be chance or is not tested."""
        return self.verdict == "chance" or self.short == NOT_TESTED


@dataclass(frozen=True)
class Choice:
    """A menu with one chosen option: its label, and each option with its address and state."""

    label: str
    options: tuple[tuple[str, str, bool], ...]

    @property
    def chosen(self) -> str:
        """The label of the chosen option."""
        return next((label for label, _, on in self.options if on), "")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a page.

    Attributes:
        name: unique on the page; also used in the name of its file.
        title: displayed title.
        note: a sentence below the title.
        mark: whether its differences are real or could be chance; None if it needs no mark.
        choices: menus.
        is_whole: whether it ignores the filters and shows all customers.
        width: its share of the page width: `third`, `half`, `full`; `half tall` spans two rows.
    """

    name: str
    title: str
    note: str = ""
    mark: Mark | None = None
    choices: tuple[Choice, ...] = ()
    is_whole: bool = False
    width: str = "half"


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number with its name."""

    label: str
    definition: str
    cell: Cell
    aside: str = ""


@dataclass(frozen=True, kw_only=True)
class Tiles(Block):
    """A row of tiles."""

    tiles: tuple[Tile, ...]
    width: str = "full"


@dataclass(frozen=True, kw_only=True)
class Table(Block):
    """A table; a cell with a share has a bar.

    Attributes:
        columns: the heads of the columns.
        rows: the cells of each row.
        is_folded: whether it is collapsed at first.
        is_cards: whether each row becomes a card on a narrow screen.
        empty: text shown if there are no rows.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_folded: bool = False
    is_cards: bool = False
    empty: str = NOBODY


@dataclass(frozen=True, kw_only=True)
class Heat(Block):
    """A table whose cells are tinted by their value.

    Attributes:
        side: label of the rows, with the direction of their values if it is not obvious.
        top: the same for the columns.
        columns: heads of the columns.
        rows: the head of each row, then its cells; a cell's share is its tint.
        more: heads of further columns without a tint.
        legend: the tinted measure, then the meaning of the palest and the strongest tint.
        empty: text shown if all cells are empty.
    """

    side: str
    top: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    more: tuple[Column, ...] = ()
    legend: tuple[str, str, str] = ("", "", "")
    empty: str = NOBODY


@dataclass(frozen=True, kw_only=True)
class Chart(Block):
    """A chart with its figures as a table.

    Attributes:
        plot: the chart; None if there is nothing to draw.
        summary: what it shows, in a sentence for readers who cannot see it.
        table: the same figures as a table.
    """

    plot: Plot | None
    summary: str
    table: Table


@dataclass(frozen=True)
class Answer:
    """A finding in a sentence, with its support and a link.

    Attributes:
        text: the sentence.
        support: what a reader must know to interpret it.
        statistics: figures of its statistical test; empty if there is none.
        link: text of the link; empty if there is none.
        href: address of the link.
    """

    text: str
    support: str = ""
    statistics: str = ""
    link: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers(Block):
    """The findings that a reader should see first."""

    answers: tuple[Answer, ...]
    width: str = "full"


@dataclass(frozen=True, kw_only=True)
class Note(Block):
    """A message that explains why there are no figures."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: its name in addresses.
        title: displayed title.
        lead: what the page answers, in a sentence.
        blocks: in reading order.
        detail: the details of the chosen cell.
    """

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    detail: tuple[Block, ...] = field(default=())


def as_table(block: Block) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return the heads and rows of a block for a file."""
    if isinstance(block, Tiles):
        return ("measure", "value"), [(tile.label, tile.cell.value) for tile in block.tiles]
    if isinstance(block, Table):
        heads = [column.label for column in block.columns]
        return heads, [[cell.value for cell in row] for row in block.rows]
    if isinstance(block, Heat):
        heads = [block.side, *block.columns, *(column.label for column in block.more)]
        return heads, [[head, *(cell.value for cell in row)] for head, row in block.rows]
    if isinstance(block, Answers):
        heads = ["answer", "support", "statistics"]
        return heads, [[each.text, each.support, each.statistics] for each in block.answers]
    if isinstance(block, Chart):
        return as_table(block.table)
    if isinstance(block, Note):
        return ("note",), [(block.text,)]
    message = f"{type(block).__name__} has no table."
    raise TypeError(message)
