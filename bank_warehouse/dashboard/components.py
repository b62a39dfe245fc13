"""Render blocks as HTML elements that work with keyboards and screen readers.

Each choice is a link or a button with an address, which assets/dashboard.js follows without
reloading the page. The address holds the whole state of a page.
"""

from collections.abc import Sequence
from typing import Any

from bank_warehouse.dashboard.drawings import drawing
from bank_warehouse.dashboard.html import Children, Element, drawn, element
from bank_warehouse.dashboard.page_model import (
    Answers,
    Block,
    Cell,
    Chart,
    Choice,
    Column,
    Heat,
    Mark,
    Note,
    Page,
    Table,
    Tiles,
)
from bank_warehouse.dashboard.views import View
from bank_warehouse.numbers import count

SIGNS = {"real": "✓", "chance": "≈", "untested": "○"}
HEAT_STEPS = 9


def block(shown: Block, view: View, *, is_static: bool = False) -> Element:
    """Return a block as a section of the page.

    Args:
        shown: the block.
        view: the view of the page.
        is_static: whether the block is for an exported file, without menus, links or downloads.
    """
    head: Children = [element("H2", shown.title, id=f"title-{shown.name}")]
    if shown.mark is not None:
        head.append(_mark(shown.mark))
    if shown.is_whole and view.filters:
        head.append(element("Span", "All customers, unfiltered", className="pill"))
    body: Children = [element("Div", head, className="head")]
    if shown.note:
        body.append(element("P", shown.note, className="note"))
    if shown.choices:
        body.append(
            element(
                "P",
                "; ".join(f"{one.label}: {one.chosen}" for one in shown.choices),
                className="note",
            )
            if is_static
            else element("Div", [menu(choice) for choice in shown.choices], className="choices")
        )
    if isinstance(shown, Tiles):
        body.append(_tiles(shown))
    elif isinstance(shown, Heat):
        body.append(_heat(shown, is_static))
    elif isinstance(shown, Table):
        body.append(_table(shown, is_static))
    elif isinstance(shown, Chart):
        body += _chart(shown, is_static)
    elif isinstance(shown, Answers):
        body.append(_answers(shown, is_static))
    elif isinstance(shown, Note):
        body.append(element("P", shown.text, className=f"empty {shown.tone}"))
    if not is_static and not isinstance(shown, Note):
        body.append(
            element(
                "A",
                "CSV",
                href=f"/csv/{view.page}/{shown.name}.csv{view.search()}",
                className="csv",
                download="",
                more={"aria-label": f"Download as CSV: {shown.title}"},
            )
        )
    return element(
        "Section",
        body,
        className=f"block {shown.width} is-{type(shown).__name__.lower()}",
        id=f"block-{shown.name}",
        more={"aria-labelledby": f"title-{shown.name}"},
    )


def page(shown: Page, view: View) -> Children:
    """Return the main part of a page."""
    found: Children = [
        element("H1", shown.title),
        element("P", shown.lead, className="lead"),
    ]
    if view.dropped:
        found.append(
            element(
                "P",
                "Parts of the address that were ignored: " + ", ".join(view.dropped),
                className="warning",
                role="note",
            )
        )
    if shown.detail:
        found.append(_drawer(shown.detail, view))
    found.append(element("Div", [block(each, view) for each in shown.blocks], className="blocks"))
    return found


def _drawer(blocks: Sequence[Block], view: View) -> Element:
    close = link("Close", view.with_cell().address(), className="close")
    return element(
        "Aside",
        [close, *(block(each, view) for each in blocks)],
        className="drawer",
        id="detail",
        tabIndex="-1",
        more={"aria-label": "Details"},
    )


def link(text: Any, address: str, **options: Any) -> Element:
    """Return a link that is followed without reloading the page."""
    return element("A", text, href=address, more={"data-nav": "1", **options})


def menu(choice: Choice) -> Element:
    """Return a menu from which one option is chosen."""
    return element(
        "Details",
        [
            element(
                "Summary",
                [
                    element("Span", f"{choice.label}: ", className="soft"),
                    element("B", choice.chosen),
                ],
            ),
            element(
                "Ul",
                [
                    element(
                        "Li", link(label, address, **({"aria-current": "true"} if is_on else {}))
                    )
                    for label, address, is_on in choice.options
                ],
            ),
        ],
        className="menu",
    )


def filter_menu(name: str, label: str, options: Sequence[tuple[str, str, bool]]) -> Element:
    """Return a menu from which several options can be chosen."""
    count = sum(is_on for _, _, is_on in options)
    chosen = ", ".join(text for text, _, is_on in options if is_on) or "all"
    return element(
        "Details",
        [
            element(
                "Summary",
                [
                    element("Span", f"{label}: ", className="soft"),
                    element("B", chosen if count < 3 else f"{count} chosen"),
                ],
            ),
            element(
                "Ul",
                [
                    element(
                        "Li",
                        element(
                            "Button",
                            text,
                            type="button",
                            more={
                                "data-nav": address,
                                "data-key": f"{name}:{text}",
                                "aria-pressed": "true" if is_on else "false",
                            },
                        ),
                    )
                    for text, address, is_on in options
                ],
                more={"aria-label": label},
            ),
        ],
        className="menu filter" + (" on" if count else ""),
        id=f"filter-{name}",
    )


def _mark(mark: Mark) -> Element:
    return element(
        "Button",
        [element("Span", SIGNS[mark.verdict], more={"aria-hidden": "true"}), " ", mark.short],
        type="button",
        className=f"mark {mark.verdict} tip",
        more={"data-tip": mark.text, "aria-label": f"{mark.short}: {mark.text}"},
    )


def definition(label: str, text: str) -> Element:
    """Return a small button that explains a label on hover, focus or touch."""
    return element(
        "Button",
        "?",
        type="button",
        className="tip what",
        more={"data-tip": text, "aria-label": f"{label}: {text}"},
    )


def _labelled(label: str, text: str) -> Children:
    """Return a label with its definition button, which never wraps onto a line of its own."""
    if not text:
        return [label]
    start, space, last = label.rpartition(" ")
    return [start + space, element("Span", [last, definition(label, text)], className="kept")]


def _tiles(shown: Tiles) -> Element:
    return element(
        "Dl",
        [
            element(
                "Div",
                [
                    element(
                        "Dt",
                        _labelled(tile.label, tile.definition),
                    ),
                    element(
                        "Dd",
                        [
                            _value(tile.cell),
                            *(
                                [element("Span", tile.aside, className="aside")]
                                if tile.aside
                                else []
                            ),
                        ],
                    ),
                ],
                className="tile",
            )
            for tile in shown.tiles
        ],
        className="tiles",
    )


def _value(cell: Cell) -> Any:
    if not cell.exact:
        return cell.text
    return element("Span", cell.text, title=cell.exact, className="short")


def _heads(columns: Sequence[Column]) -> Element:
    return element(
        "Thead",
        element(
            "Tr",
            [
                element(
                    "Th",
                    element(
                        "Span",
                        _labelled(column.label, column.definition),
                        className="label",
                    ),
                    scope="col",
                    className="number" if column.is_number else "",
                )
                for column in columns
            ],
        ),
    )


def _scroll(table: Element, title: str) -> Element:
    """Return a table that scrolls sideways on a narrow page, also by keyboard."""
    return element(
        "Div",
        table,
        className="scroll",
        tabIndex="0",
        role="region",
        more={"aria-label": f"{title}, table"},
    )


def _table(shown: Table, is_static: bool) -> Element:
    if not shown.rows:
        return element("P", shown.empty, className="empty")
    rows = []
    for row in shown.rows:
        head: Children = [_behind(row[0], is_static)]
        if row[0].more:
            head.append(element("Span", row[0].more, className="more"))
        cells: Children = [element("Th", head, scope="row")]
        for column, cell in zip(shown.columns[1:], row[1:], strict=True):
            classes = ["number" if column.is_number else "text", cell.tone]
            inside: Any = _behind(cell, is_static)
            if cell.share is not None:
                classes.append("barred")
                amount = element("Span", inside, className="amount")
                inside = element("Div", [_bar(cell.share), amount], className="meter")
            label = {"data-label": column.label} if shown.is_cards else {}
            named = " ".join(filter(None, classes))
            cells.append(element("Td", inside, className=named, more=label))
        rows.append(element("Tr", cells))
    barred = any(cell.share is not None for cell in shown.rows[0])
    kinds = " ".join(kind for kind, on in (("bars", barred), ("cards", shown.is_cards)) if on)
    table = _scroll(
        element("Table", [_heads(shown.columns), element("Tbody", rows)], className=kinds),
        shown.title,
    )
    if shown.is_folded:
        opener = f"Show {count(len(rows), 'row')}"
        return element("Details", [element("Summary", opener), table], className="folded")
    return table


def _bar(share: float) -> Element:
    width = f"{max(0.0, min(share, 1.0)) * 100:.1f}%"
    bar = element("Span", className="bar", style={"width": width})
    return element("Span", bar, className="track")


def _behind(cell: Cell, is_static: bool) -> Any:
    value = _value(cell)
    if not cell.href or is_static:
        return value
    return link(value, cell.href)


def _heat(shown: Heat, is_static: bool) -> Element:
    if not any(cell.text for _, cells in shown.rows for cell in cells):
        return element("P", shown.empty, className="empty")
    more = [
        element("Th", _labelled(column.label, column.definition), scope="col", className="number",
                rowSpan=2)
        for column in shown.more
    ]  # fmt: skip
    heads = [
        element(
            "Tr",
            [
                element("Th", shown.side, scope="col", className="corner", rowSpan=2),
                element("Th", shown.top, scope="colgroup", colSpan=len(shown.columns),
                        className="top-label"),
                *more,
            ],
        ),
        element("Tr", [element("Th", name, scope="col", className="number")
                       for name in shown.columns]),
    ]  # fmt: skip
    rows = []
    for side, cells in shown.rows:
        line: Children = [element("Th", side, scope="row")]
        for cell in cells:
            step = "" if cell.share is None else f"tint heat-{round(cell.share * HEAT_STEPS)}"
            classes = " ".join(filter(None, ("number", step, cell.tone)))
            line.append(element("Td", _behind(cell, is_static), className=classes))
        rows.append(element("Tr", line))
    table = element("Table", [element("Thead", heads), element("Tbody", rows)], className="heat")
    return element("Div", [_scroll(table, shown.title), _legend(shown)])


def _legend(shown: Heat) -> Element | None:
    what, low, high = shown.legend
    if not what:
        return None
    mark = shown.mark
    pale = " pale" if mark is not None and mark.is_pale else ""
    steps = [element("I", className=f"tint heat-{step}{pale}") for step in range(HEAT_STEPS + 1)]
    return element(
        "P",
        [
            f"{what}: {low} ",
            element("Span", steps, className="steps", more={"aria-hidden": "true"}),
            f" {high}",
            f". Pale: {mark.short.lower()}." if mark is not None and pale else "",
        ],
        className="legend",
    )


def _chart(shown: Chart, is_static: bool) -> Children:
    if shown.plot is None:
        return [element("P", shown.table.empty, className="empty")]
    return [
        element(
            "Div",
            drawn(drawing(shown.plot, is_static=is_static)),
            role="img",
            className="picture",
            more={"aria-label": shown.summary},
        ),
        element(
            "Details",
            [element("Summary", "The figures as a table"), _table(shown.table, is_static)],
            className="figures",
        ),
    ]


def _answers(shown: Answers, is_static: bool) -> Element:
    lines = []
    for answer in shown.answers:
        inside: Children = [element("B", answer.text)]
        if answer.support:
            said: Children = [answer.support]
            if answer.statistics:
                said += (
                    [f" {answer.statistics}"]
                    if is_static
                    else [" ", definition("Statistics", answer.statistics)]
                )
            inside.append(element("Span", said, className="support"))
        if answer.href and not is_static:
            inside.append(link(answer.link, answer.href))
        lines.append(element("Li", inside))
    return element("Ol", lines, className="answers")


__all__ = ["block", "definition", "filter_menu", "link", "menu", "page"]
