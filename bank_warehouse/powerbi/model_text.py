"""Reads the semantic model back from its files, for the checks.

Like Power BI, this reader uses only the files, and none of the code that wrote them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bank_warehouse.powerbi import tmdl_reader
from bank_warehouse.powerbi.tmdl_reader import Node, split_column

REFERENCE = re.compile(
    r"'(?P<table>(?:[^']|'')+)'(?:\[(?P<column>(?:[^\]]|\]\])+)\])?"
    r"|\[(?P<measure>(?:[^\]]|\]\])+)\]"
)
"""A reference to a table, a column or a measure in DAX."""

_TEXT = re.compile(r'"(?:[^"]|"")*"')
_WITHOUT_TOTAL = re.compile(r"\b((MIN|MAX|SELECTEDVALUE)X?|ISINSCOPE)\(")


@dataclass
class ModelText:
    """The objects of a semantic model, by name.

    Attributes:
        columns: the columns of each table.
        measures: each measure with its table.
        tables: all tables.
        relationships: in the order of the files.
        roles: row-level security roles.
        expressions: parameters and functions.
        kinds: every kind of object in the files.
        shown: table and name of each column that the report shows or filters by.
    """

    columns: dict[str, dict[str, Node]] = field(default_factory=dict)
    measures: dict[str, tuple[str, Node]] = field(default_factory=dict)
    tables: dict[str, Node] = field(default_factory=dict)
    relationships: list[Node] = field(default_factory=list)
    roles: dict[str, Node] = field(default_factory=dict)
    expressions: dict[str, Node] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    shown: set[tuple[str, str]] = field(default_factory=set)

    def query(self, table: str) -> str:
        """Return the M or DAX code that returns the rows of a table."""
        partitions = self.tables[table].of("partition")
        return "\n".join(each.properties.get("source", "") for each in partitions)

    def filtered_by(self, table: str) -> frozenset[str]:
        """Return `table` and the tables whose filters reach it through active relationships."""
        reached, open_ends = {table}, [table]
        while open_ends:
            for parent in self.parents.get(open_ends.pop(), set()) - reached:
                reached.add(parent)
                open_ends.append(parent)
        return frozenset(reached)

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        """For each table, the tables whose filters reach it through one active relationship."""
        found: dict[str, set[str]] = {}
        for each in self.relationships:
            if each.properties.get("isActive") != "false":
                child, _ = split_column(each.properties.get("fromColumn", "?.?"))
                parent, _ = split_column(each.properties.get("toColumn", "?.?"))
                found.setdefault(child, set()).add(parent)
        return found

    @cached_property
    def columns_in_dax(self) -> frozenset[tuple[str, str]]:
        """Table and name of each column that a measure, a calculated column or a role reads."""
        texts = [measure.text for _, measure in self.measures.values()]
        texts += [each.text for columns in self.columns.values() for each in columns.values()]
        texts += [each.text for role in self.roles.values() for each in role.of("tablePermission")]
        return frozenset(
            (found["table"].replace("''", "'"), found["column"])
            for text in texts
            for found in REFERENCE.finditer(code_of(text))
            if found["column"]
        )

    def measures_in(self, measure: str) -> frozenset[str]:
        """Return a measure and all measures that it uses; empty if it does not exist."""
        found: set[str] = set()
        open_ends = [measure]
        while open_ends:
            name = open_ends.pop()
            if name in self.measures and name not in found:
                found.add(name)
                open_ends += [
                    each["measure"].replace("]]", "]")
                    for each in REFERENCE.finditer(code_of(self.measures[name][1].text))
                    if each["measure"]
                ]
        return frozenset(found)

    def tables_in(self, measure: str) -> frozenset[str]:
        """Return the tables that a measure is computed from, directly or through other measures."""
        return frozenset(
            each["table"].replace("''", "'")
            for name in self.measures_in(measure)
            for each in REFERENCE.finditer(code_of(self.measures[name][1].text))
            if each["table"]
        )

    def has_total(self, measure: str) -> bool:
        """Whether a total of the measure has a meaning.

        A total of lowest, highest or selected values has none.
        """
        return not any(
            _WITHOUT_TOTAL.search(code_of(self.measures[name][1].text))
            for name in self.measures_in(measure)
        )

    def is_wide(self, table: str, column: str) -> bool:
        """Whether a column may hold integers beyond the 15 digits that a visual shows exactly.

        The column's Power Query type decides: keys have 64 bits; counts, years and classes have 32.
        """
        source = re.escape(self.columns[table][column].properties.get("sourceColumn", ""))
        query = self.query(table) if table in self.tables else ""
        return bool(re.search(rf'\{{"{source}", Int64\.Type\}}|\b{source} = Int64\.Type', query))


def code_of(text: str) -> str:
    """Return DAX with its string literals emptied, so that names in them are not references."""
    return _TEXT.sub('""', text)


def references(tree: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the kind, table and name of every column and measure in a part of a report."""
    if isinstance(tree, Mapping):
        for kind in ("Column", "Measure"):
            if kind in tree:
                inner = tree[kind]
                reference = inner.get("Expression", {}).get("SourceRef", {})
                yield kind, reference.get("Entity", ""), inner.get("Property", "")
        for value in tree.values():
            yield from references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from references(value)


def read(files: Mapping[str, str]) -> ModelText:
    """Return the model in a project's files, with the columns that the report uses."""
    model = ModelText()
    for path, text in files.items():
        if path.endswith(".tmdl"):
            _add(model, tmdl_reader.read(text.lstrip("\ufeff")))
        elif path.endswith(("/visual.json", "/page.json")):
            with suppress(ValueError):
                for kind, table, name in references(json.loads(text)):
                    if kind == "Column" and table:
                        model.shown.add((table, name))
    return model


def _kinds(node: Node) -> set[str]:
    return {node.kind}.union(*(_kinds(child) for child in node.children))


def _add(model: ModelText, nodes: Iterable[Node]) -> None:
    for node in nodes:
        model.kinds |= _kinds(node)
        if node.kind == "table":
            model.tables[node.name] = node
            model.columns[node.name] = {column.name: column for column in node.of("column")}
            for measure in node.of("measure"):
                model.measures[measure.name] = (node.name, measure)
        elif node.kind == "relationship":
            model.relationships.append(node)
        elif node.kind == "role":
            model.roles[node.name] = node
        elif node.kind == "expression":
            model.expressions[node.name] = node
