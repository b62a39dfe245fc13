"""Elements of a page in the form in which Dash sends them to the browser.

Dash's own classes check every attribute of every element, which took more than half of the time of
a page with some seven hundred of them. These are the same dictionaries, made at once. Names of
attributes are React's: `className`, `tabIndex`; those with a dash are given as a dictionary.
"""

from collections.abc import Mapping
from typing import Any

Element = dict[str, Any]
Children = list[Any]

HTML = "dash_html_components"
DRAWING = "Drawing"
"""HTML as it is: a component of assets/dashboard.js."""


def element(tag: str, children: Any = None, /, **props: Any) -> Element:
    """Return an HTML element.

    Args:
        tag: its name as Dash writes it: `Div`, `H2`, `A`.
        children: a text, an element, a list of these, or null.
        props: attributes; a dictionary of `more` is taken apart, for names like `aria-label`.
    """
    more: Mapping[str, Any] = props.pop("more", {})
    return {"type": tag, "namespace": HTML, "props": {"children": children, **props, **more}}


def drawn(markup: str) -> Element:
    """Return HTML of our own making as an element."""
    return {"type": DRAWING, "namespace": "bank", "props": {"markup": markup}}
