"""Sums of every column of a table in DuckDB and in PostgreSQL, for comparison.

| type | what is summed | how it is compared |
| --- | --- | --- |
| integers, decimals | the values | equal |
| date, timestamp | whole seconds since 1970 | equal |
| boolean | 1 where true | equal |
| varchar | characters (code points) | equal |
| double | the values | equal within a billionth of the sum of absolute values |

Sums of doubles depend on the order of addition, which differs between the two engines.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from bank_warehouse.publish.contracts import Column
from bank_warehouse.sql import quote_identifier

TOLERANCE = 1e-9

Totals = dict[str, str]


def expressions(columns: Iterable[Column]) -> list[str]:
    """Return the SQL for the sums of columns, as text; both engines accept it.

    A double column has two sums: of its values and of its absolute values.
    """
    listed = []
    for column in columns:
        name = quote_identifier(column.name)
        if column.type == "DOUBLE":
            listed += [f"sum({name})", f"sum(abs({name}))"]
        elif column.type == "BOOLEAN":
            listed.append(f"sum(case when {name} then 1 else 0 end)")
        elif column.type == "DATE":
            listed.append(f"sum({name} - date '1970-01-01') * 86400")
        elif column.type == "TIMESTAMP":
            listed.append(f"sum(cast(floor(extract(epoch from {name})) as bigint))")
        elif column.type == "VARCHAR":
            listed.append(f"sum(length({name}))")
        else:
            listed.append(f"sum({name})")
    return [f"cast(coalesce({expression}, 0) as varchar)" for expression in listed]


def query(columns: Sequence[Column], source: str) -> str:
    """Return the query for the number of rows and the sums; `source` is quoted SQL."""
    return f"select {', '.join(['count(*)', *expressions(columns)])} from {source}"


def read(columns: Sequence[Column], row: Sequence[Any]) -> tuple[int, Totals]:
    """Return the number of rows and the sums by column from the result of :func:`query`.

    The sum of the absolute values of a double column has the key `<column> size`.
    """
    totals: Totals = {}
    values = iter(row)
    count = int(next(values))
    for column in columns:
        totals[column.name] = str(next(values))
        if column.type == "DOUBLE":
            totals[f"{column.name} size"] = str(next(values))
    return count, totals


def differences(
    columns: Iterable[Column], expected: Mapping[str, str], found: Mapping[str, str]
) -> list[str]:
    """Return the differing sums in words; empty if all agree."""
    wrong = []
    for column in columns:
        here, there = expected.get(column.name, "no sum"), found[column.name]
        try:
            if column.type == "DOUBLE":
                sized = f"{column.name} size"
                size = max(min(float(expected.get(sized, "")), float(found[sized])), 1.0)
                same = here.lower() == there.lower() or math.isclose(
                    float(here), float(there), rel_tol=0, abs_tol=TOLERANCE * size
                )
            else:
                same = Decimal(here) == Decimal(there)
        except (ValueError, InvalidOperation):
            same = False
        if not same:
            wrong.append(f"{column.name} sums to {there} instead of {here}")
    return wrong
