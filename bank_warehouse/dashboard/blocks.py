"""What stands on a page, whoever shows it: a browser, a CSV file or a file to send."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bank_warehouse.dashboard.drawings import Plot
from bank_warehouse.dashboard.numbers import Number, exact, short
from bank_warehouse.metrics import Metric

NOBODY = "No customer meets these filters."

NOT_TESTED = "Not tested"

Verdict = Literal["real", "chance", "untested"]


@dataclass(frozen=True)
class Cell:
    """A value as it is shown.

    Attributes:
        text: for people.
        value: the value itself, for files.
        exact: the value in full, where `text` is shorter; empty where it is not.
        href: address of its details; empty for nothing.
        share: length of its bar or strength of its tint, from 0 to 1; null without one.
        tone: `good`, `warn`, `bad`, or `pale` for what could be chance; empty for none.
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
        """Return a metric's value."""
        full, brief = exact(value, metric), short(value, metric)
        return cls(brief, value, full if full != brief else "", href)

    @classmethod
    def said(cls, value: object, href: str = "", tone: str = "") -> "Cell":
        """Return a text, a count or a date as it is; `-` for nothing."""
        if value is None:
            return cls("-", None, href=href)
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(f"{value:,}", value, href=href, tone=tone)
        return cls(str(value), value, href=href, tone=tone)


@dataclass(frozen=True)
class Column:
    """The head of a column.

    Attributes:
        label: for people.
        definition: what it means; empty where the label says it.
        is_number: whether it is set to the right.
    """

    label: str
    definition: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Mark:
    """Whether a difference is real or could be chance, in a few words and in full."""

    verdict: Verdict
    short: str
    text: str

    @property
    def is_pale(self) -> bool:
        """Whether nothing is known to differ: strong colours would say that something does."""
        return self.verdict == "chance" or self.short == NOT_TESTED


@dataclass(frozen=True)
class Choice:
    """A menu of which one is chosen: label, then address and whether it is on for each."""

    label: str
    options: tuple[tuple[str, str, bool], ...]

    @property
    def chosen(self) -> str:
        """The label of the option that is on."""
        return next((label for label, _, on in self.options if on), "")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a page.

    Attributes:
        name: unique on the page; also the name of its file.
        title: for people.
        note: a sentence below the title.
        hint: what can be done here; left out of a file, where nothing can.
        mark: whether what it compares is real or could be chance.
        choices: menus.
        is_whole: whether it shows all customers whatever the filters are.
        width: how much of a row of the page it takes: `third`, `half`, `full`; `half tall` takes
            two rows.
    """

    name: str
    title: str
    note: str = ""
    hint: str = ""
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
    """Numbers in a row."""

    tiles: tuple[Tile, ...]
    width: str = "full"


@dataclass(frozen=True, kw_only=True)
class Table(Block):
    """Rows with heads; a cell with a share has a bar.

    Attributes:
        columns: heads.
        rows: cells.
        is_folded: whether it opens only when asked to.
        is_cards: whether each row is a card where the screen is narrow.
        empty: what is said where there are no rows.
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
        side: what the rows are.
        top: what the columns are, and in which direction they go.
        columns: heads of the columns.
        rows: head of the row, then cells; a cell's share is its tint.
        more: heads of further columns, which have no tint.
        legend: what the palest and the strongest tint stand for, in between what is tinted.
        empty: what is said where all cells are empty.
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
    """A drawing with its figures as a table.

    Attributes:
        plot: what is drawn; null where there is nothing.
        summary: what it shows, in a sentence, for who does not see it.
        table: the same as a table.
    """

    plot: Plot | None
    summary: str
    table: Table


@dataclass(frozen=True)
class Answer:
    """A finding in a sentence, what supports it, and where to look.

    Attributes:
        text: the sentence.
        support: what a reader has to know about it.
        statistics: figures of the test behind it; empty where there is none.
        link: what the address leads to; empty for nothing.
        href: address.
    """

    text: str
    support: str = ""
    statistics: str = ""
    link: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers(Block):
    """What a reader with ten seconds should know."""

    answers: tuple[Answer, ...]
    width: str = "full"


@dataclass(frozen=True, kw_only=True)
class Note(Block):
    """Words in place of figures: why there are none."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: in its address.
        title: for people.
        lead: what it answers, in a sentence.
        blocks: in reading order.
        detail: the details of the cell that was clicked on.
    """

    name: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    detail: tuple[Block, ...] = field(default=())


def as_table(block: Block) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return heads and rows of a block, as they go into a file."""
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
