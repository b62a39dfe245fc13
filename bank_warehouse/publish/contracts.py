"""The contract of a mart with its readers (columns, types, grain), and which changes break it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

RESTRICTED_SCHEMA = "restricted"

# Synonyms of types, and the names that DuckDB prints.
_SYNONYMS = {
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "INT8": "BIGINT",
    "LONG": "BIGINT",
    "TEXT": "VARCHAR",
    "STRING": "VARCHAR",
    "BOOL": "BOOLEAN",
    "FLOAT8": "DOUBLE",
}


@dataclass(frozen=True)
class Column:
    """A column: its type as DuckDB prints it, whether it may be null, and its description."""

    name: str
    type: str
    is_nullable: bool
    description: str


@dataclass(frozen=True)
class Contract:
    """A mart under contract.

    Attributes:
        schema: `marts`, `quality` or `restricted`.
        name: Name of the table, unique in the project.
        description: The grain, then the purpose of the table.
        columns: In the order of the table.
        grain: Columns that together are unique and never null, from the tests of the mart.
        references: Pairs of a column and the mart that it refers to, from the `relationships`
            tests.
        is_published: False for a table that is never part of a release.
    """

    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]
    grain: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    is_published: bool

    @property
    def relation(self) -> str:
        """The name with its schema, such as `marts.dim_customers`."""
        return f"{self.schema}.{self.name}"

    @property
    def is_restricted(self) -> bool:
        """Whether the mart is in the schema that a release contains only if requested."""
        return self.schema == RESTRICTED_SCHEMA


def canonical_type(text: str) -> str:
    """Return a type as DuckDB prints it: `decimal(18, 2)` becomes `DECIMAL(18,2)`."""
    plain = re.sub(r"\s+", "", text).upper()
    if plain.startswith("NUMERIC"):
        plain = "DECIMAL" + plain.removeprefix("NUMERIC")
    return _SYNONYMS.get(plain, plain)


def to_json(contract: Contract) -> dict[str, Any]:
    """Return the contract in the form used in records and manifests."""
    return asdict(contract)


def from_json(written: Mapping[str, Any]) -> Contract:
    """Return the contract that :func:`to_json` wrote; other keys are ignored.

    Raises:
        KeyError: A key is missing.
    """
    return Contract(
        schema=written["schema"],
        name=written["name"],
        description=written["description"],
        columns=tuple(
            Column(
                column["name"],
                canonical_type(column["type"]),
                bool(column["is_nullable"]),
                column["description"],
            )
            for column in written["columns"]
        ),
        grain=tuple(written["grain"]),
        references=tuple((column, mart) for column, mart in written["references"]),
        is_published=bool(written["is_published"]),
    )


def from_dbt(models: Iterable[Mapping[str, Any]]) -> tuple[Contract, ...]:
    """Return the contracts of the marts that :func:`.records.describe_build` describes.

    Args:
        models: For each mart, its `schema`, `name`, `description`, `is_published`, `columns`
            (each with name, data_type, description and constraints, which have a type) and `tests`
            (each with name, column and arguments).

    Returns:
        The contracts, sorted by schema and name. The grain comes from the test
        `unique_combination_of_columns`, or else is the first column with a `unique` test.
    """
    contracts = []
    for model in models:
        grain = _grain(model["tests"])
        never_null = set(grain)
        references = []
        for test in model["tests"]:
            arguments = test["arguments"]
            if test["name"] == "rows_are_sound":
                never_null |= set(arguments.get("not_null", ()))
            elif test["name"] == "not_null":
                never_null.add(test["column"])
            elif test["name"] == "relationships":
                target = re.search(r"ref\(\s*['\"]([^'\"]+)['\"]\s*\)", arguments["to"])
                if target:
                    references.append((test["column"], target[1]))
        columns = tuple(
            Column(
                name=column["name"],
                type=canonical_type(column["data_type"]),
                is_nullable=all(one["type"] != "not_null" for one in column["constraints"])
                and column["name"] not in never_null,
                description=" ".join(column["description"].split()),
            )
            for column in model["columns"]
        )
        contracts.append(
            Contract(
                schema=model["schema"],
                name=model["name"],
                description=" ".join(model["description"].split()),
                columns=columns,
                grain=grain,
                references=tuple(sorted(references)),
                is_published=bool(model["is_published"]),
            )
        )
    return tuple(sorted(contracts, key=lambda contract: (contract.schema, contract.name)))


def _grain(tests: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    for test in tests:
        if test["name"] == "unique_combination_of_columns":
            return tuple(test["arguments"]["combination_of_columns"])
    for test in tests:
        if test["name"] == "unique":
            return (test["column"],)
    return ()


def breaking_changes(before: Iterable[Contract], after: Iterable[Contract]) -> list[str]:
    """Return the changes from `before` to `after` that break readers, one line each.

    A removed mart or column breaks readers, and so does a change of schema, type or grain. New
    marts and columns do not. Tables that are never published do not count.
    """
    now = {contract.name: contract for contract in after if contract.is_published}
    changes = []
    for old in before:
        if not old.is_published:
            continue
        new = now.get(old.name)
        if new is None:
            changes.append(f"{old.relation} was removed")
            continue
        if new.schema != old.schema:
            changes.append(f"{old.relation} has moved to {new.relation}")
        types = {column.name: column.type for column in new.columns}
        for column in old.columns:
            if column.name not in types:
                changes.append(f"{old.relation}: column {column.name} was removed")
            elif types[column.name] != column.type:
                changes.append(
                    f"{old.relation}: column {column.name} was {column.type}, "
                    f"is now {types[column.name]}"
                )
        if sorted(old.grain) != sorted(new.grain):
            changes.append(
                f"{old.relation}: grain was ({', '.join(old.grain)}), "
                f"is now ({', '.join(new.grain)})"
            )
    return changes
