"""Data Docs that open without a network.

Great Expectations writes pages with style sheets and scripts from the internet, and an index that
is empty without them. This module removes the scripts and all remote files, adds one small style
sheet, and writes an index in plain HTML.
"""

import html
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_checks.expectations.runner import TableResult

STYLE_SHEET = Path(__file__).with_name("offline.css")

_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_REMOTE_LINK = re.compile(r"<link\b[^>]*https?://[^>]*>")
_REMOTE_IMAGE = re.compile(r"<img\b[^>]*https?://[^>]*>", re.DOTALL)


def make_offline(docs: Path, results: Sequence["TableResult"]) -> None:
    """Rewrite the site in `docs` so that it needs no network.

    Args:
        docs: Folder of the site that Great Expectations wrote.
        results: The results for the index, which lists failed tables first.
    """
    style = docs / "static" / "styles" / STYLE_SHEET.name
    style.write_text(STYLE_SHEET.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    for page in docs.rglob("*.html"):
        text = _REMOTE_IMAGE.sub("Index", page.read_text(encoding="utf-8"))
        text = _REMOTE_LINK.sub("", _SCRIPT.sub("", text))
        link = f'<link rel="stylesheet" href="{_relative(style, page)}">'
        page.write_text(
            text.replace("</head>", f"{link}</head>", 1), encoding="utf-8", newline="\n"
        )
    for sheet in (docs / "static" / "styles").glob("*.css"):
        text = re.sub(r"url\(['\"]?https?://[^)]*\)", "none", sheet.read_text(encoding="utf-8"))
        sheet.write_text(text, encoding="utf-8", newline="\n")
    (docs / "index.html").write_text(_index(docs, results), encoding="utf-8", newline="\n")


def _index(docs: Path, results: Sequence["TableResult"]) -> str:
    rows = []
    for result in sorted(results, key=lambda result: not result.failures):
        page = _page(docs, result)
        table = html.escape(result.table)
        linked = f'<a href="{_relative(page, docs / "index.html")}">{table}</a>' if page else table
        failed = len(result.failures)
        rows.append(
            f'<tr class="{"failed" if failed else "passed"}"><td>{html.escape(result.suite)}</td>'
            f'<td>{linked}</td><td class="number">{result.checked}</td>'
            f'<td class="number">{failed}</td><td>{"failed" if failed else "passed"}</td></tr>'
        )
    checked = sum(result.checked for result in results)
    failed = sum(len(result.failures) for result in results)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><title>Checks of the '
        'warehouse</title><link rel="stylesheet" '
        f'href="static/styles/{STYLE_SHEET.name}"></head><body><main '
        f'class="container-fluid"><h1>Checks of the warehouse</h1><p>{checked:,} expectations for '
        f"{len(results)} tables: {failed:,} "
        f"failed.</p><table><thead><tr><th>suite</th><th>table</th><th>checked</th><th>failed</th><th>result</th></tr></thead><tbody>{''.join(rows)}</tbody></table></main></body></html>\n"
    )


def _page(docs: Path, result: "TableResult") -> Path | None:
    name = f"warehouse-{result.suite}.{result.table}.html"
    return next((docs / "validations").rglob(name), None)


def _relative(target: Path, page: Path) -> str:
    return Path(os.path.relpath(target, page.parent)).as_posix()
