"""The mapping file of a drop: another bank's names for the columns and their values.

The file `mapping.yml` is in the folder of the tables:

    clients:
      columns:
        Client ID: KUNDENNR
      values:
        Fee Structure:
          Hoch: High
      absent: [Banking Contact]

Under `columns`, the project's name is left of each colon; under `values`, the bank's value is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bank_warehouse.raw_drop.errors import DropError, refuse_unprintable
from bank_warehouse.raw_drop.schema import TABLES, RawTable, header_key

MAPPING_NAMES = ("mapping.yml", "mapping.yaml")
_PARTS = ("columns", "values", "absent")


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
        path: the file, or null.
        tables: table name to its entries.
    """

    path: Path | None = None
    tables: Mapping[str, TableNames] = field(default_factory=dict)

    def of(self, table: RawTable) -> TableNames:
        """Return the entries for a table."""
        return self.tables.get(table.name, NO_NAMES)


def find_mapping(folder: Path) -> Path | None:
    """Return the mapping file in `folder`."""
    return next((folder / name for name in MAPPING_NAMES if (folder / name).is_file()), None)


def read_mapping(path: Path | None) -> DropMapping:
    """Read a mapping file.

    Raises:
        DropError: it cannot be read, or names an unknown table or column.
    """
    if path is None:
        return DropMapping()
    refuse_unprintable(str(path))
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise DropError(
            f"{path}: the mapping file cannot be read: {problem.strerror or problem}. Correct the "
            "path, or unset BANK_RAW_MAPPING."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        reason = " ".join(str(problem).split())
        raise DropError(f"{path.name}: not YAML in UTF-8 ({reason}). Correct the file.") from None
    top = _mapping(path.name, "the file", loaded or {})
    unknown = [str(name) for name in top if name not in TABLES]
    if unknown:
        raise DropError(
            f"{path.name}: {', '.join(unknown)}: no such table. The tables are {', '.join(TABLES)}."
        )
    return DropMapping(
        path, {name: _table_names(path.name, TABLES[name], given) for name, given in top.items()}
    )


def _table_names(source: str, table: RawTable, given: Any) -> TableNames:
    parts = _mapping(source, table.name, given or {})
    unknown = [str(part) for part in parts if part not in _PARTS]
    if unknown:
        raise DropError(
            f"{source}: {table.name}: {', '.join(unknown)}: unknown key. The keys of a table are "
            f"{', '.join(_PARTS)}."
        )
    columns = {
        _column(source, table, ours): str(theirs)
        for ours, theirs in _mapping(source, "columns", parts.get("columns") or {}).items()
    }
    values = {
        _column(source, table, ours): {
            str(theirs): str(meaning)
            for theirs, meaning in _mapping(source, str(ours), pairs or {}).items()
        }
        for ours, pairs in _mapping(source, "values", parts.get("values") or {}).items()
    }
    absent = parts.get("absent") or []
    if not isinstance(absent, list):
        raise DropError(f"{source}: absent of {table.name} is not a list of column names.")
    names = frozenset(_column(source, table, name) for name in absent)
    required = [c.header for c in table.columns if c.required and c.name in names]
    if required:
        raise DropError(
            f"{source}: {', '.join(required)} of {table.name} cannot be absent: scores, bands "
            "and totals depend on it. Only "
            f"{' and '.join(c.header for c in table.columns if not c.required) or 'none'} can be."
        )
    return TableNames(source, columns, values, names)


def _mapping(source: str, what: str, given: Any) -> dict[Any, Any]:
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
