"""The mapping file of a drop: another bank's names for the columns and their values.

The file is `mapping.yml` or `mapping.yaml` next to the tables or in their archive, unless
BANK_RAW_MAPPING or --mapping names another:

    clients:
      columns:
        Client ID: KUNDENNR
      values:
        Fee Structure:
          Hoch: High
      absent: [Banking Contact]

An entry is `project's header: bank's header` under `columns`, and `bank's value: project's value`
under `values`. Every value is read as text, so `No` and `01` stay as the bank wrote them.
"""

import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bank_warehouse.raw_drop.errors import DropError, refuse_unprintable
from bank_warehouse.raw_drop.proofs import INVISIBLE
from bank_warehouse.raw_drop.schema import TABLES, RawTable, exact_key, header_key

MAPPING_NAMES = ("mapping.yml", "mapping.yaml")
_PARTS = ("columns", "values", "absent")
UNKNOWN = "???"
"""What a person must fill in, in a proposed mapping file."""
_MOST_BYTES = 1024 * 1024
_MOST_SHOWN = 300
_UNUSABLE = frozenset({"\0", *map(chr, range(0xD800, 0xE000))})
_NONE = ("~", "null")
"""Words with which YAML writes an empty value."""


@dataclass(frozen=True)
class TableNames:
    """The entries of the mapping file for one table.

    Attributes:
        source: the file, for messages.
        columns: canonical column name to its header in this drop.
        values: canonical column name to the bank's values and their meanings.
        absent: canonical names of columns declared absent.
    """

    source: str = MAPPING_NAMES[0]
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()


NO_NAMES = TableNames()


@dataclass(frozen=True)
class DropMapping:
    """The mapping file of a drop.

    Attributes:
        source: the file, for messages; empty if there is none.
        tables: table name to its entries.
    """

    source: str = ""
    tables: Mapping[str, TableNames] = field(default_factory=dict)

    def of(self, table: RawTable) -> TableNames:
        """Return the entries for a table."""
        return self.tables.get(table.name, TableNames(self.source or MAPPING_NAMES[0]))


def read_mapping(path: Path, source: str = "") -> DropMapping:
    """Read a mapping file.

    Args:
        path: the file.
        source: its name in messages; empty for the name of `path`.

    Raises:
        DropError: the file cannot be read, is malformed, has an unknown table, column or key, names
            one thing twice, or declares a required column absent. All mistakes are listed.
    """
    refuse_unprintable(str(path))
    if path.exists() and (not path.is_file() or path.stat().st_size > _MOST_BYTES):
        raise DropError(f"{path}: not a mapping file: it must be a text file of at most 1 MB.")
    reader = _Reader(source or path.name)
    import yaml

    try:
        mapping = reader.mapping(path.read_text("utf-8-sig"))
    except OSError as problem:
        raise DropError(
            f"{path}: the mapping file cannot be read: {problem.strerror or problem}. Make the "
            "file readable, or correct the path if BANK_RAW_MAPPING or --mapping names it."
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as problem:
        reason = " ".join(str(problem).split())[:_MOST_SHOWN]
        raise DropError(
            f"{reader.source}: not YAML in UTF-8 ({reason}). Correct the file."
        ) from None
    if reader.mistakes:
        raise DropError(*reader.mistakes)
    return mapping


class _Reader:
    """Reads a mapping file and collects its mistakes, as messages."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.mistakes: list[str] = []

    def mapping(self, text: str) -> DropMapping:
        top = self._pairs("the file", self._loaded(text))
        unknown = [name for name in top if name not in TABLES]
        if unknown:
            self._note(f"{', '.join(unknown)}: no such table. The tables are {', '.join(TABLES)}.")
        tables = {
            name: self._table(TABLES[name], given) for name, given in top.items() if name in TABLES
        }
        return DropMapping(self.source, tables)

    def _note(self, mistake: str) -> None:
        self.mistakes.append(f"{self.source}: {mistake}")

    def _loaded(self, text: str) -> Any:
        """Return YAML with every scalar as text: YAML reads `No` as false and `01` as 1."""
        import yaml

        source, mistakes = self.source, self.mistakes

        class TextLoader(yaml.BaseLoader):
            def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
                lines: dict[str, int] = {}
                for key, _ in node.value:
                    line = key.start_mark.line + 1
                    if isinstance(key, yaml.ScalarNode) and key.value in lines:
                        mistakes.append(
                            f"{source}, line {line}: {key.value!r} is already defined on "
                            f"line {lines[key.value]}. Remove one of the two."
                        )
                    lines[str(key.value)] = line
                return super().construct_mapping(node, deep)

        return yaml.load(text, Loader=TextLoader)  # noqa: S506

    def _table(self, table: RawTable, given: Any) -> TableNames:
        parts = self._pairs(table.name, given)
        unknown = [part for part in parts if part not in _PARTS]
        if unknown:
            self._note(
                f"{table.name}: {', '.join(unknown)}: unknown key. The keys of a table are "
                f"{', '.join(_PARTS)}."
            )
        columns = self._texts(self._by_column(table, "columns", parts.get("columns")))
        values = {
            name: self._texts(self._pairs(f"values of {name}", pairs))
            for name, pairs in self._by_column(table, "values", parts.get("values")).items()
        }
        self._note_twice(columns.values(), exact_key)
        for pairs in values.values():
            self._note_twice(
                pairs, lambda theirs: theirs.strip(INVISIBLE).casefold(), pairs.__getitem__
            )
        listed = parts.get("absent")
        if not isinstance(listed, list):
            if listed and listed not in _NONE:
                self._note(f"{table.name}: `absent` must be a list of column names.")
            listed = []
        absent = {header_key(str(name)): str(name) for name in listed}
        names = frozenset(self._by_column(table, "absent", dict.fromkeys(absent.values())))
        both = [column.header for column in table.columns if column.name in names & {*columns}]
        if both:
            self._note(f"{', '.join(both)} of {table.name}: mapped and absent. Remove one entry.")
        required = [c.header for c in table.columns if c.required and c.name in names]
        if required:
            optional = ", ".join(c.header for c in table.columns if not c.required) or "none"
            self._note(
                f"{', '.join(required)} of {table.name} cannot be absent. The optional columns of "
                f"this table are: {optional}."
            )
        return TableNames(self.source, columns, values, names)

    def _pairs(self, what: str, given: Any) -> dict[str, Any]:
        if not given or given in _NONE:
            return {}
        if not isinstance(given, dict):
            self._note(f"{what}: expected pairs of name and value, not {reprlib.repr(given)}.")
            return {}
        return given

    def _texts(self, pairs: Mapping[str, Any]) -> dict[str, str]:
        for name, value in pairs.items():
            if not isinstance(value, str):
                self._note(f"{name}: expected one header or value, not {reprlib.repr(value)}.")
            elif value == UNKNOWN:
                self._note(f"{name}: fill in {UNKNOWN}.")
            elif not _UNUSABLE.isdisjoint(name + value):
                self._note(f"{name!r}: NUL characters and surrogates cannot be read. Remove them.")
        return {name: value for name, value in pairs.items() if isinstance(value, str)}

    def _by_column(self, table: RawTable, part: str, given: Any) -> dict[str, Any]:
        """Return what is given for each column, by canonical column name."""
        pairs = self._pairs(part, given)
        self._note_twice(pairs, header_key)
        columns = {key: column.name for column in table.columns for key in column.keys[:2]}
        unknown = [repr(name) for name in pairs if header_key(name) not in columns]
        if unknown:
            are_not = "is not a column" if len(unknown) == 1 else "are not columns"
            self._note(
                f"{', '.join(unknown)} {are_not} of {table.name}. Its columns are "
                f"{', '.join(column.header for column in table.columns)}."
            )
        return {
            columns[header_key(name)]: value
            for name, value in pairs.items()
            if header_key(name) in columns
        }

    def _note_twice(
        self,
        names: Iterable[str],
        key_of: Callable[[str], str],
        meaning_of: Callable[[str], str] | None = None,
    ) -> None:
        """Note two names that are read as the same name, unless their meaning is the same."""
        first: dict[str, str] = {}
        for name in names:
            other = first.get(key_of(name))
            if other is None:
                first[key_of(name)] = name
                continue
            if meaning_of and meaning_of(other) == meaning_of(name):
                continue
            both = "occurs twice" if other == name else f"and {other!r} are the same name"
            self._note(f"{name!r} {both}, with two meanings. Keep one of them.")
