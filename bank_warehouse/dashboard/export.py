"""The pages as one self-contained HTML file, with the same charts as on the server."""

import html
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bank_warehouse.dashboard import components, layout
from bank_warehouse.dashboard.access import EVERYONE
from bank_warehouse.dashboard.html import DRAWING
from bank_warehouse.dashboard.page_model import Page
from bank_warehouse.dashboard.pages import PAGES, Context, make_page
from bank_warehouse.dashboard.pages.quality import moment
from bank_warehouse.dashboard.snapshots import Snapshot, open_snapshot
from bank_warehouse.dashboard.views import View
from bank_warehouse.publish import current_release
from bank_warehouse.whole_files import written_whole

STYLE = Path(__file__).parent / "assets" / "dashboard.css"
NAMES = {"className": "class", "tabIndex": "tabindex"}
MORE_STYLE = """
.what, .mark { cursor: default; }
.contents { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; padding: 0; list-style: none; }
main > section > h1 { margin-top: 2.2rem; }
.short { cursor: help; }
"""


def write_export(publish_dir: Path, target: Path, cubes_dir: Path | None = None) -> int:
    """Write the pages of the current release, without filters, to a file.

    Args:
        publish_dir: folder of the releases.
        target: the file.
        cubes_dir: folder that keeps the cubes; None to keep none.

    Returns:
        The size of the file in bytes.

    Raises:
        PublishError: There is no release, it is damaged, or this user may not read it.
        DashboardError: The release cannot be shown, or the cubes cannot be written.
        NotWrittenError: The file cannot be written.
    """
    text = export(open_snapshot(current_release(publish_dir), EVERYONE, cubes_dir))
    with written_whole(target) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    return len(text.encode("utf-8"))


def export(snapshot: Snapshot) -> str:
    """Return the pages of a snapshot as an HTML document."""
    manifest = snapshot.release.manifest
    style = STYLE.read_text("utf-8") + MORE_STYLE
    pages = [make_page(Context(snapshot, View(name))) for name in PAGES]
    contents = "".join(
        f'<li><a href="#{page.name}">{html.escape(page.title)}</a></li>' for page in pages
    )
    facts = (
        f"As of <b>{manifest['as_of_date']}</b> · Release <b>{snapshot.release.number}</b> · "
        f"published {moment(manifest['published_at'])}"
    )
    banner = "".join(markup(layout.invented(snapshot), ""))
    # The policy allows only the styles in this document.
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{layout.TITLE}, as of {manifest["as_of_date"]}</title>
<style>{style}</style>
</head>
<body>
<header class="top"><span class="brand">{layout.TITLE}</span>
<div class="facts">{facts}</div></header>
{banner}
<main>
<nav aria-label="Pages"><ul class="contents">{contents}</ul></nav>
{"".join(_section(page) for page in pages)}
</main>
<footer>These pages show totals, never individual customers. Written by the dashboard of the
bank customer warehouse from release {snapshot.release.number}.</footer>
</body>
</html>
"""


def _section(page: Page) -> str:
    view = View(page.name)
    blocks = "".join(
        "".join(markup(components.block(block, view, is_static=True), f"{page.name}-"))
        for block in page.blocks
    )
    return (
        f'<section aria-labelledby="{page.name}"><h1 id="{page.name}">{html.escape(page.title)}'
        f'</h1><p class="lead">{html.escape(page.lead)}</p><div class="blocks">{blocks}</div>'
        "</section>"
    )


def markup(component: Any, prefix: str) -> Iterator[str]:
    """Yield a tree of HTML elements as text.

    Args:
        component: an element, a drawing, text, a number, a list of these, or None.
        prefix: put before each id, because all pages are in one document.
    """
    if component is None:
        return
    if isinstance(component, list | tuple):
        for each in component:
            yield from markup(each, prefix)
        return
    if not isinstance(component, dict):
        yield html.escape(str(component), quote=False)
        return
    props = dict(component["props"])
    if component["type"] == DRAWING:
        yield props["markup"]
        return
    tag = str(component["type"]).lower()
    children = props.pop("children", None)
    yield f"<{tag}{''.join(_attributes(props.items(), prefix))}>"
    yield from markup(children, prefix)
    yield f"</{tag}>"


def _attributes(props: Iterable[tuple[str, Any]], prefix: str) -> Iterator[str]:
    for name, value in props:
        if value is None or value is False:
            continue
        text = str(value)
        if name == "style":
            text = "; ".join(f"{key}: {each}" for key, each in value.items())
        elif name in ("id", "aria-labelledby"):
            text = prefix + text
        elif name == "data-tip":
            # Without a script, the hint is a title attribute, which browsers show as a tooltip.
            yield f' title="{html.escape(text)}"'
            continue
        yield f' {NAMES.get(name, name)}="{html.escape(text)}"'
