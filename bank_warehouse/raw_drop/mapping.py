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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bank_warehouse.raw_drop.errors import DropError, refuse_unprintable
from bank_warehouse.raw_drop.schema import TABLES, RawTable, header_key

MAPPING_NAMES = ("mapping.yml", "mapping.yaml")
_PARTS = ("columns", "values", "absent")
_NONE = (None, "", "~", "null")
"""How YAML writes an empty value."""


@dataclass(frozen=True)
class TableNames:
    """The entries of the mapping file for one table.

    Attributes:
        source: the file, for messages.
        columns: canonical column name to its header in this drop.
        values: canonical column name to the bank's values and their meanings.
        absent: canonical names of columns declared absent.
    """

    source: str = ""
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
        return self.tables.get(table.name, NO_NAMES)


def find_mapping(folder: Path) -> Path | None:
    """Return the mapping file in `folder`, or None."""
    return next((folder / name for name in MAPPING_NAMES if (folder / name).is_file()), None)


def read_mapping(path: Path, source: str = "") -> DropMapping:
    """Read a mapping file.

    Args:
        path: the file.
        source: its name in messages; empty for the name of `path`.

    Raises:
        DropError: it cannot be read, is malformed, has an unknown table, column or key, names one
            thing twice, or declares a required column absent.
    """
    refuse_unprintable(str(path))
    source = source or path.name
    import yaml

    try:
        top = _mapping(source, "the file", _loaded(source, path.read_text("utf-8-sig")) or {})
    except OSError as problem:
        raise DropError(
            f"{path}: the mapping file cannot be read: {problem.strerror or problem}. Make the "
            "file readable, or correct the path if BANK_RAW_MAPPING or --mapping names it."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        reason = " ".join(str(problem).split())
        raise DropError(f"{source}: not YAML in UTF-8 ({reason}). Correct the file.") from None
    unknown = [str(name) for name in top if name not in TABLES]
    if unknown:
        raise DropError(
            f"{source}: {', '.join(unknown)}: no such table. The tables are {', '.join(TABLES)}."
        )
    return DropMapping(
        source, {name: _table_names(source, TABLES[name], given) for name, given in top.items()}
    )


def _loaded(source: str, text: str) -> Any:
    """Return YAML with every scalar as text, because YAML reads `No` as false and `01` as 1."""
    import yaml

    class TextLoader(yaml.BaseLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            lines: dict[str, int] = {}
            for key, _ in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and key.value in lines:
                    raise DropError(
                        f"{source}, line {line}: {key.value!r} is already defined on "
                        f"line {lines[key.value]}. Remove one of the two."
                    )
                lines[str(key.value)] = line
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader=TextLoader)  # noqa: S506


def _table_names(source: str, table: RawTable, given: Any) -> TableNames:
    parts = {
        part: None if value in _NONE else value
        for part, value in _mapping(source, table.name, {} if given in _NONE else given).items()
    }
    unknown = [str(part) for part in parts if part not in _PARTS]
    if unknown:
        raise DropError(
            f"{source}: {table.name}: {', '.join(unknown)}: unknown key. The keys of a table are "
            f"{', '.join(_PARTS)}."
        )
    given_columns = _mapping(source, "columns", parts.get("columns") or {})
    columns = {_column(source, table, ours): str(header) for ours, header in given_columns.items()}
    given_values = _mapping(source, "values", parts.get("values") or {})
    values = {
        _column(source, table, ours): {
            theirs: str(meaning) for theirs, meaning in _mapping(source, ours, pairs or {}).items()
        }
        for ours, pairs in given_values.items()
    }
    for part in (given_columns, given_values):
        _refuse_twice(source, part, lambda ours: _column(source, table, ours))
    _refuse_twice(source, columns.values(), header_key)
    for pairs in values.values():
        _refuse_twice(source, pairs, lambda theirs: theirs.strip().lower(), pairs.__getitem__)
    absent = parts.get("absent") or []
    if not isinstance(absent, list):
        raise DropError(f"{source}: {table.name}: `absent` must be a list of column names.")
    names = frozenset(_column(source, table, name) for name in absent)
    required = [c.header for c in table.columns if c.required and c.name in names]
    if required:
        raise DropError(
            f"{source}: {', '.join(required)} of {table.name} cannot be absent. The optional "
            "columns of this table are: "
            f"{', '.join(c.header for c in table.columns if not c.required) or 'none'}."
        )
    return TableNames(source, columns, values, names)


def _refuse_twice(
    source: str,
    names: Iterable[str],
    key_of: Callable[[str], str],
    meaning_of: Callable[[str], str] | None = None,
) -> None:
    """Refuse two names in a part of the mapping file that are read as the same name.

    Names with the same meaning are accepted if `meaning_of` is given.
    """
    first: dict[str, str] = {}
    for name in names:
        other = first.get(key_of(name))
        if other is not None:
            if meaning_of and meaning_of(other) == meaning_of(name):
                continue
            both = "occurs twice" if other == name else f"and {other!r} are the same name"
            raise DropError(f"{source}: {name!r} {both}, with two meanings. Keep one of them.")
        first[key_of(name)] = name


def _mapping(source: str, what: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise DropError(f"{source}: {what}: expected pairs of name and value, not {given!r}.")
    return given


def _column(source: str, table: RawTable, name: Any) -> str:
    key = header_key(str(name))
    for column in table.columns:
        if key in column.keys[:2]:
            return column.name
    raise DropError(
        f"{source}: {name!r} is not a column of {table.name}. Its columns are "
        f"{', '.join(column.header for column in table.columns)}."
    )
