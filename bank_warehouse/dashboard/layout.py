"""The frame of all pages, and the page shown if there are no figures."""

from typing import Any, cast

from dash import dcc, html
from dash.development.base_component import Component

from bank_warehouse.dashboard import components
from bank_warehouse.dashboard.cubes import FILTERS
from bank_warehouse.dashboard.downloads import INVENTED, described
from bank_warehouse.dashboard.html import Element, element
from bank_warehouse.dashboard.pages import PAGES, Context, make_page
from bank_warehouse.dashboard.pages.quality import moment
from bank_warehouse.dashboard.snapshots import Snapshot
from bank_warehouse.dashboard.views import View, text_of
from bank_warehouse.publish.releases import SAMPLE

TITLE = "Bank customers"
LOOK_AGAIN = 20_000
"""How often an open page checks for a newer release, in milliseconds."""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>"""


def frame() -> Component:
    """Return the part of the document that stays the same while pages change."""
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Interval(id="tick", interval=LOOK_AGAIN),
            dcc.Store(id="shown"),
            dcc.Store(id="news"),
            html.Div(id="said", role="status", className="unseen"),
            html.Div(cast("Any", loading()), id="app"),
        ]
    )


def loading() -> Element:
    """Return the page shown until the first page has loaded."""
    return element(
        "Main",
        [
            element("P", "Loading the figures ...", className="lead"),
            element(
                "Div",
                [element("Div", className="ghost") for _ in range(8)],
                className="ghosts",
                more={"aria-hidden": "true"},
            ),
        ],
        id="main",
    )


def shown(snapshot: Snapshot, view: View) -> list[Element]:
    """Return a page with its header, menu and filters."""
    context = Context(snapshot, view)
    page = make_page(context)
    customers = context.ask(["customers"])[0][0]
    of_all = snapshot.ask(["customers"])[0][0]
    said = f"{page.title}: {customers:,} of {of_all:,} customers."
    return [
        element("A", "Skip to the figures", href="#main", className="skip"),
        _header(snapshot),
        *invented(snapshot),
        _navigation(view),
        _filters(context, customers, of_all),
        element(
            "Main",
            components.page(page, view),
            id="main",
            tabIndex="-1",
            more={
                "data-title": f"{page.title} · {TITLE}",
                "data-said": said,
                "data-view": view.address(),
            },
        ),
        element(
            "Footer",
            [
                "These pages show totals, never individual customers. Definitions are the same as "
                "in Power BI: see ",
                components.link("what the numbers mean", "/quality#title-definitions"),
                ".",
            ],
        ),
    ]


def invented(snapshot: Snapshot) -> list[Element]:
    """Return the banner that marks the figures of the shipped sample; empty for other releases."""
    if snapshot.release.manifest.get("source") != SAMPLE:
        return []
    return [element("P", INVENTED, className="invented", role="note")]


def _header(snapshot: Snapshot) -> Element:
    manifest = snapshot.release.manifest
    facts: list[Any] = [
        element("Span", ["As of ", element("B", manifest["as_of_date"])]),
        element(
            "Span",
            ["Release ", element("B", str(snapshot.release.number))],
            title=f"Published {moment(manifest['published_at'])}",
        ),
    ]
    if not snapshot.role.sees_all:
        facts.append(element("Span", snapshot.role.described, className="pill"))
    return element(
        "Header",
        [
            element("Span", TITLE, className="brand"),
            element("Div", facts, className="facts"),
            element(
                "Button",
                "Theme",
                type="button",
                id="theme",
                more={"aria-label": "Theme: switch between light and dark"},
            ),
        ],
        className="top",
    )


def _navigation(view: View) -> Element:
    links = []
    for name, (title, _) in PAGES.items():
        address = View(name, view.filters).address()
        current = {"aria-current": "page"} if name == view.page else {}
        links.append(element("Li", components.link(title, address, **current)))
    return element("Nav", element("Ul", links), className="pages", more={"aria-label": "Pages"})


def _filters(context: Context, customers: int, of_all: int) -> Element:
    view = context.view
    menus = []
    for name in FILTERS:
        chosen = view.filters.get(name, ())
        menus.append(
            components.filter_menu(
                name,
                context.label(name),
                [
                    (text_of(value), view.toggled(name, value).address(), value in chosen)
                    for value in context.snapshot.values(name)
                ],
            )
        )
    state: list[Any] = [
        element("Span", f"{customers:,} of {of_all:,} customers", className="count"),
        element("Span", described(context.snapshot, view) or "No filters", className="on-paper"),
    ]
    if view.filters:
        state.append(
            components.link("Clear the filters", View(view.page, {}, view.by, view.show).address())
        )
    return element(
        "Section",
        [element("Div", menus, className="menus"), element("Div", state, className="state")],
        className="filters",
        more={"aria-label": "Filters"},
    )


def state(title: str, text: str, *, kind: str = "error", again: bool = False) -> list[Element]:
    """Return a page that says why there are no figures, and what to do.

    Args:
        title: the problem.
        text: the reason and the remedy; each line is a paragraph, and backticks mark commands.
        kind: `empty`, `error` or `busy`.
        again: whether the browser should try again in a moment.
    """
    paragraphs = [element("P", _commands(line)) for line in text.split("\n") if line]
    return [
        element("Header", [element("Span", TITLE, className="brand")], className="top"),
        element(
            "Main",
            element(
                "Div",
                [element("H1", title), *paragraphs],
                className=f"standstill {kind}",
                role="alert" if kind == "error" else "status",
            ),
            id="main",
            tabIndex="-1",
            more={"data-title": f"{title} · {TITLE}", **({"data-again": "1"} if again else {})},
        ),
    ]


def _commands(line: str) -> list[Any]:
    return [
        element("Code", piece) if place % 2 else piece
        for place, piece in enumerate(line.split("`"))
    ]
