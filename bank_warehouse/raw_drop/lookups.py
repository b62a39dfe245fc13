"""The lookups of a drop: read from a file, or derived from the codes of the clients.

Unlike the clients, a lookup has no quarantine, so the drop is refused if a single row is bad.
"""

from collections import defaultdict
from collections.abc import Sequence

import duckdb

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.plan import TablePlan
from bank_warehouse.raw_drop.proofs import (
    INVISIBLE,
    NOTHING,
    cause_of_spoilt_id,
    clean_code,
    is_spoilt_id,
)
from bank_warehouse.raw_drop.schema import RawTable
from bank_warehouse.sql import quote_identifier, quote_literal

_MOST_ROWS = 1_000_000
_MOST_SHOWN = 3


def validate_lookup(
    connection: duckdb.DuckDBPyConnection, table: RawTable, plan: TablePlan
) -> tuple[str, tuple[str, ...]]:
    """Read a lookup, and refuse it if a row is malformed or ambiguous.

    Args:
        connection: an open DuckDB connection.
        table: the lookup.
        plan: how it is read.

    Returns:
        The select that reads the lookup without repeated rows, and the warnings.

    Raises:
        DropError: rows cannot be split into cells, cells are empty, codes are ambiguous or were
            changed by a spreadsheet, or there are too many rows. The message names up to
            three bad rows or ambiguous codes.
    """
    code, name = (column.name for column in table.columns)
    connection.execute(f"create or replace temp table lookup as {plan.sql}")
    found = connection.execute(
        f"select source_file, rowid - min(rowid) over (partition by source_file) + 2, "
        f"structural_fault, raw_line, {clean_code(quote_identifier(code))}, "
        f"trim({quote_identifier(name)}, {quote_literal(INVISIBLE)}), "
        f"{is_spoilt_id(quote_identifier(code))} "
        "from lookup order by rowid "
        f"limit {_MOST_ROWS + 1}"
    ).fetchall()
    spoilt = next((line for line in found if line[-1]), None)
    if spoilt:
        raise DropError(
            f"{spoilt[0]}, row {spoilt[1]}: {table.columns[0].header} is written as {spoilt[4]}: "
            f"{cause_of_spoilt_id(spoilt[4])}."
        )
    rows = [
        (file, row, fault, text, *("" if cell in NOTHING else cell for cell in cells))
        for file, row, fault, text, *cells, _ in found
    ]
    if len(rows) > _MOST_ROWS:
        raise DropError(
            f"{plan.files[0].relative}: more than {_MOST_ROWS:,} rows, so this is not a table "
            f"of {table.name}. Deliver one that names each code once."
        )
    header = " and ".join(column.header for column in table.columns)
    bad = [
        f"row {row} of {file}: " + (f"{fault} ({text[:60]!r})" if fault else _empty(table, key))
        for file, row, fault, text, key, label in rows
        if fault or not key or not label
    ]
    if bad:
        raise DropError(f"{table.name}: {_first(bad)}. Each row needs {header}. Correct the rows.")
    meanings: defaultdict[str, dict[str, str]] = defaultdict(dict)
    codes: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for file, row, _, _, key, label in rows:
        row_of_file = f"row {row} of {file}"
        for text in (key, label):
            meaning = f"{label!r} (code {key!r}, {row_of_file})"
            meanings[text.lower()].setdefault(label, meaning)
        codes[label.lower()].setdefault(key.lower(), f"{key!r} ({row_of_file})")
    unclear = [
        f"{text!r} could be {' or '.join(places.values())}"
        for text, places in meanings.items()
        if len(places) > 1
    ] or [
        f"{text!r} has the codes {' and '.join(places.values())}"
        for text, places in codes.items()
        if len(places) > 1
    ]
    if unclear:
        raise DropError(
            f"{table.name}: ambiguous: {_first(unclear)}. A code or name must mean one thing. "
            "Correct the rows, or rename one of the two entries that share a name."
        )
    repeats = len(rows) - len({row[4].lower() for row in rows})
    if not repeats:
        return plan.sql, ()
    first = (
        f"select * from (\n{plan.sql}\n)\nqualify row_number() over (partition by "
        f"{clean_code(quote_identifier(code), is_compared=True)}) = 1"
    )
    repeated = "1 row repeats" if repeats == 1 else f"{repeats} rows repeat"
    warning = f"{table.name}: {repeated} a code and its name. Each code is read only once."
    return first, (warning,)


def derived_lookup(table: RawTable, clients: TablePlan) -> TablePlan:
    """Return the plan of a lookup that was not delivered, derived from the codes of the clients.

    A code with a digit and no blank is an id: `7` becomes `Advisor 7`. Any other code is itself a
    name.
    """
    code, name = (quote_identifier(column.name) for column in table.columns)
    label = (
        "case when regexp_matches(code, '[0-9]') and not contains(code, ' ') "
        f"then {quote_literal(table.noun + ' ')} || code else code end"
    )
    sql = (
        f"select\n    code as {code},\n    {label} as {name},\n"
        f"    {quote_literal(clients.files[0].relative)} as source_file,\n"
        "    cast(null as varchar) as structural_fault,\n    cast(null as varchar) as raw_line\n"
        f"from (\nselect min(code) as code\nfrom (\nselect {clean_code(code)} as code\n"
        f"from (\n{clients.sql}\n)\nwhere structural_fault is null\n)\n"
        f"where code not in ({', '.join(map(quote_literal, sorted(NOTHING)))})\n"
        f"and not {is_spoilt_id('code')}\n"
        "group by lower(code)\n)"
    )
    header = ",".join(column.header for column in table.columns)
    warning = (
        f"{table.name}: no file, so the codes of the clients serve as names, such as '{table.noun} "
        f"1'. To name them, put a file with the columns {header} next to the client file."
    )
    return TablePlan(table.name, clients.files, sql, (warning,), 0)


def _empty(table: RawTable, code: str | None) -> str:
    return f"{table.columns[1 if code else 0].header} is empty"


def _first(found: Sequence[str]) -> str:
    more = len(found) - _MOST_SHOWN
    return "; ".join(found[:_MOST_SHOWN]) + (f"; and {more} more" if more > 0 else "")
