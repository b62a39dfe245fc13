"""Reads TMDL text back into names, properties and expressions, for the checks.

It supports only the part of TMDL that the checks need: objects by indentation, `///` descriptions,
`key: value` properties, flags, and expressions after `=`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_OBJECT = re.compile(
    r"^(?P<kind>[A-Za-z]+)\s+(?P<name>'(?:[^']|'')+'|[^\s=:]+)(?:\s*=\s?(?P<text>.*))?$"
)
_PROPERTY = re.compile(r"^(?P<key>[A-Za-z]+)\s*(?::\s*(?P<value>.*)|=\s*(?P<text>.*))$")
_FENCE = "```"
"""Fence that may enclose an expression with several lines."""


@dataclass
class Node:
    """An object in TMDL.

    Attributes:
        kind: table, column, measure, relationship and so on.
        name: its name without quotes.
        text: expression after `=`, without its indentation.
        line: number of its first line.
        description: text of the `///` lines above it.
        properties: values by key; a flag has the value `true`.
        children: nested objects.
    """

    kind: str
    name: str
    text: str = ""
    line: int = 0
    description: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def of(self, kind: str) -> Iterator["Node"]:
        """Yield the children of one kind."""
        return (child for child in self.children if child.kind == kind)


def read(text: str) -> list[Node]:
    """Return the top-level objects."""
    lines = text.split("\n")
    root = Node("root", "")
    stack: list[tuple[int, Node]] = [(-1, root)]
    description: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        stripped = line.strip()
        if not stripped:
            continue
        depth = len(line) - len(line.lstrip("\t"))
        if stripped.startswith("///"):
            description.append(stripped[3:].strip())
            continue
        while stack[-1][0] >= depth:
            stack.pop()
        parent = stack[-1][1]
        known = _PROPERTY.match(stripped)
        if known and not _is_object(stripped):
            value = known["value"] or known["text"]
            if value in (None, "", _FENCE):
                value, place = _block(lines, place, depth)
            parent.properties[known["key"]] = value
            continue
        found = _OBJECT.match(stripped)
        if found is None:
            parent.properties[stripped] = "true"
            continue
        node = Node(
            found["kind"], unquote(found["name"]), line=place, description=" ".join(description)
        )
        description = []
        if found["text"] is not None:
            node.text = found["text"]
            if node.text in ("", _FENCE):
                node.text, place = _block(lines, place, depth)
        parent.children.append(node)
        stack.append((depth, node))
    return root.children


def _is_object(stripped: str) -> bool:
    return bool(re.match(r"^[A-Za-z]+\s+[^\s:=]", stripped)) and ":" not in stripped.split("=")[0]


def _block(lines: list[str], place: int, depth: int) -> tuple[str, int]:
    """Return the lines indented by at least `depth` + 2 tabs, and the index after them."""
    taken: list[str] = []
    while place < len(lines):
        line = lines[place]
        if line.strip() and len(line) - len(line.lstrip("\t")) < depth + 2:
            break
        taken.append(line)
        place += 1
    text = "\n".join(line[depth + 2 :] for line in taken).strip("\n")
    return text.removesuffix(_FENCE).strip("\n"), place


def unquote(name: str) -> str:
    """Return a name without TMDL's quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


@lru_cache(maxsize=1024)
def split_column(text: str) -> tuple[str, str]:
    """Return the table and column of `Table.'Column'`."""
    parts = re.findall(r"'(?:[^']|'')+'|[^.']+", text)
    table, column = (unquote(part) for part in parts)
    return table, column
