"""Match the columns of a file with the columns of its table."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.mapping import NO_NAMES, TableNames
from bank_warehouse.raw_drop.proofs import CURRENCIES
from bank_warehouse.raw_drop.schema import RawColumn, RawTable, exact_key, header_key, without_mark

# What pivot tables, queries and data models add to the name of a column.
_AGGREGATE = re.compile(
    r"^(?:sum|average|avg|mean|min|max|minimum|maximum|first|last)(?: of |\s*\(\s*)(.+?)\)?$",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"^[^\[\]]*\[([^\[\]]+)\]$")
_BEHIND_POINT = re.compile(r"^[^.]+\.([^.]+)$")
_BEFORE_REMARK = re.compile(r"^(.+?)\s*\([^()]*\)$")
_WRAPPINGS = (_AGGREGATE, _IN_BRACKETS, _BEHIND_POINT, _BEFORE_REMARK)
_PREFIXES = ("customer", "customers", "client")
_MOST_WRAPPINGS = 3
_MOST_SHOWN = 30
_GARBLED = "\ufffd"

# Text in brackets, and signs before or after a word.
_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|(?<!\S)[^\w\s]+|[^\w\s]+(?!\S)")
_PERIOD_END = re.compile(
    r"\b(?:day|week|month|quarter)(?:'?s)?[ -]?end"
    r"|\b(?:end|(?:last|first) day) of (?:the )?(?:day|week|month|quarter)\b"
    r"|\bfin (?:de |du )?(?:mois|mes)\b"
)
_WORD = re.compile(r"[^\W\d_]+|[0-9]+|[%‰]")
_UNITS = frozenset(
    {
        *("k", "t", "tsd", "000", "1000", "000s", "thousand", "thousands", "hundred", "hundreds"),
        *("m", "mm", "mn", "mio", "million", "millions", "b", "bn", "billion", "billions"),
        *("lakh", "lakhs", "crore", "crores", "cent", "cents", "pence"),
        *("%", "‰", "pct", "percent", "percentage", "ratio", "share", "log", "ln"),
        *("hour", "hours", "hourly", "day", "days", "daily", "week", "weeks", "weekly"),
        *("month", "months", "monthly", "quarter", "quarters", "quarterly"),
        *("tausend", "millionen", "monat", "monate", "monatlich", "milliers", "mois", "mensuel"),
        *("miles", "millones", "mes", "meses", "mensual", "тыс", "млн", "мес", "千", "万", "月"),
    }
)
"""Words in a header remark that show that the numbers are not in the unit of the column."""

_OTHER_CURRENCIES = frozenset(
    {
        *("AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "HKD", "HUF", "IDR", "ILS"),
        *("INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PKR", "PLN", "RON", "RUB"),
        *("SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "VND", "ZAR"),
    }
)


@dataclass(frozen=True)
class HeaderMap:
    """The positions of a table's columns in one file.

    Attributes:
        positions: canonical column name to position (0-based) in the file; an optional column
            that the file lacks is absent here.
        names: the headers of the file, trimmed, without blank ones at the end.
        warnings: warnings about guessed headers, ignored columns and missing optional columns.
        currencies: canonical name of each column whose header names a currency, and its code.
    """

    positions: dict[str, int]
    names: tuple[str, ...]
    warnings: tuple[str, ...]
    currencies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Assignment:
    """The header of each column.

    Attributes:
        positions: canonical column name to position.
        guessed: columns whose header is neither their own name nor an alias.
        rivals: column name to the positions of the headers, if several could mean the column.
    """

    positions: dict[str, int]
    guessed: tuple[str, ...]
    rivals: dict[str, tuple[int, ...]]


def trimmed_names(cells: Iterable[str]) -> tuple[str, ...]:
    """Return header cells without byte-order marks, extra blanks and blank cells at the end."""
    bare = (without_mark(cell.strip()).replace("\ufeff", "") for cell in cells)
    names = tuple(" ".join(cell.split()) for cell in bare)
    while names and not names[-1]:  # for lines that end in a separator
        names = names[:-1]
    return names


def matched_columns(
    cells: Sequence[str], table: RawTable, names: TableNames = NO_NAMES
) -> dict[str, int]:
    """Return the columns of `table` that a possible header names, with their positions."""
    return _assign(trimmed_names(cells), table, names).positions


def has_own_code(cells: Sequence[str], table: RawTable) -> bool:
    """Return whether a header has the lookup's own name for its code, not an alias such as `ID`."""
    code = table.columns[0]
    return any(header_key(cell) in (code.keys[0], code.keys[1]) for cell in cells)


def known_keys(table: RawTable, names: TableNames, mapped: HeaderMap) -> dict[str, str]:
    """Return the :func:`header_key` of every accepted header, mapped to its column."""
    keys = {key: column.name for column in table.columns for key in column.keys[2:]}
    keys |= {key: column.name for column in table.columns for key in column.keys[:2]}
    keys |= {header_key(theirs): name for name, theirs in names.columns.items()}
    return keys | {header_key(mapped.names[at]): name for name, at in mapped.positions.items()}


def map_header(
    file: str, cells: Sequence[str], table: RawTable, names: TableNames = NO_NAMES, row: int = 1
) -> HeaderMap:
    """Match the header `cells` of `file` with the columns of `table`.

    A column's own name takes precedence over its aliases: if a file has both `BRId` and `Banking
    Relationship`, `BRId` is read. A header to which a tool added text, such as `Sum of Age` or
    `Table1[Age]`, is matched if it can mean only one column.

    Args:
        file: the file, and its sheet, for messages.
        cells: its header.
        table: the table it holds.
        names: the entries of the mapping file for the table.
        row: the row of the header, for messages.

    Raises:
        DropError: a header occurs twice, the mapping file names a header that is not there, two
            headers mean one column, a header gives a different unit or an unknown currency, or
            required columns are missing.
    """
    shown = trimmed_names(cells)
    require_names_once(file, shown, row)
    found = _assign(shown, table, names)
    positions = found.positions
    headers = {column.name: column.header for column in table.columns}
    mistakes = []
    absent = [
        f"{headers[name]!r} to {theirs!r}"
        for name, theirs in names.columns.items()
        if name not in positions
    ]
    if absent:
        there_is_no = "there is no such header" if len(absent) == 1 else "there are no such headers"
        garbled = " Some are not UTF-8: name their encoding in BANK_RAW_ENCODING."
        mistakes.append(
            f"{file}, row {row}: {names.source} maps {' and '.join(absent)}, but {there_is_no}. "
            f"The headers are: {listed(shown)}.{garbled if _GARBLED in ''.join(shown) else ''} "
            f"Correct {names.source}."
        )
    for name, places in found.rivals.items():
        both = " and ".join(repr(shown[place]) for place in places)
        mistakes.append(
            f"{file}, row {row}: {both} both mean {headers[name]!r}. Keep one of them, or name "
            f"the right one in {names.source}."
        )
    if mistakes:
        raise DropError(*mistakes)
    currencies = _currencies(file, shown, positions, table, names, row)
    warnings = [
        f"{file}: the header {shown[positions[name]]!r} is read as {headers[name]!r}."
        for name in found.guessed
    ]
    missing = [
        column for column in table.columns if column.required and column.name not in positions
    ]
    taken = set(positions.values())
    spare = [name for index, name in enumerate(shown) if name and index not in taken]
    if missing:
        wanted = "; ".join(column.header + _nearest(column.header, spare) for column in missing)
        plural = "s" if len(missing) > 1 else ""
        unused = f" Headers not used: {listed(spare)}." if spare else " Every header is used."
        raise DropError(
            f"{file}, row {row}: {len(missing)} required column{plural} missing: "
            f"{wanted}.{unused} Add the column{plural}, correct the header{plural}, or map the "
            f"headers to columns in {names.source}."
        )
    warnings.extend(
        f"{file}: has no column {column.header!r}: {column.name} is null for its rows."
        for column in table.columns
        if column.name not in positions and column.name not in names.absent
    )
    if spare:
        warnings.append(f"{file}: columns ignored: {', '.join(spare)}.")
    return HeaderMap(positions, shown, tuple(warnings), currencies)


def _currencies(
    file: str,
    shown: Sequence[str],
    positions: Mapping[str, int],
    table: RawTable,
    names: TableNames,
    row: int,
) -> dict[str, str]:
    """Return the currency of each money column whose header names one.

    Raises:
        DropError: a header gives a different unit or an unknown currency.
    """
    found = {}
    for column in table.columns:
        if column.kind not in ("money", "whole") or column.name not in positions:
            continue
        header = shown[positions[column.name]]
        remark = " ".join(_REMARK.findall(unicodedata.normalize("NFKC", header)))
        words = _words(remark)
        codes = [code for code, forms in CURRENCIES.items() if not {*forms}.isdisjoint(words)]
        if codes and column.kind == "money":
            found[column.name] = codes[0]
        fault = "" if column.name in names.columns else unit_fault(header)
        if fault:
            raise DropError(
                f"{file}, row {row}: the header {header!r} means {column.header!r}, but "
                f"{fault}. Convert the column, and export it with the header {column.header!r}. If "
                f"the cells are right as they are, name this header in {names.source}."
            )
    return found


def unit_fault(header: str) -> str:
    """Return why amounts below a header cannot be read as they are; empty if they can."""
    remark = " ".join(_REMARK.findall(unicodedata.normalize("NFKC", header)))
    bare = re.sub("us[$]|usd|eur|gbp|[$€£]", " ", _PERIOD_END.sub("", remark.lower()))
    units = _WORD.findall(bare)
    if len(units) > 1:  # among words, a single letter is not a unit
        units = [unit for unit in units if len(unit) > 1 or not unit.isascii() or unit == "%"]
    if not _UNITS.isdisjoint(units):
        return "it gives a different unit"
    if any(_is_other_currency(word) for word in _words(remark)):
        return f"its currency is not one of {', '.join(CURRENCIES)}"
    return ""


def _words(remark: str) -> list[str]:
    return [word.strip("()[].,:;") for word in remark.upper().split()]


def _is_other_currency(word: str) -> bool:
    known = {form for forms in CURRENCIES.values() for form in forms}
    return word in _OTHER_CURRENCIES or (
        word not in known and any(unicodedata.category(letter) == "Sc" for letter in word)
    )


def require_names_once(file: str, shown: Sequence[str], row: int = 1) -> None:
    """Refuse a header that occurs twice.

    Raises:
        DropError: a header occurs twice; the message gives the positions of both columns.
    """
    where: dict[str, int] = {}
    for position, name in enumerate(shown):
        key = header_key(name)
        if key and key in where:
            raise DropError(
                f"{file}, row {row}: the header {name!r} occurs twice (columns {where[key] + 1} "
                f"and {position + 1}). Remove or rename one of the two columns."
            )
        if key:
            where[key] = position


def _assign(shown: Sequence[str], table: RawTable, names: TableNames) -> _Assignment:
    where = {header_key(name): place for place, name in reversed([*enumerate(shown)]) if name}
    where.pop("", None)
    positions: dict[str, int] = {}
    rivals: dict[str, tuple[int, ...]] = {}
    exact = {exact_key(name): place for place, name in reversed([*enumerate(shown)])}
    for name, theirs in names.columns.items():
        if exact_key(theirs) in exact:
            positions[name] = exact[exact_key(theirs)]
    left = [c for c in table.columns if c.name not in names.columns and c.name not in names.absent]
    for own in (True, False):  # a column's own name takes precedence over any alias
        for column in left:
            keys = column.keys[:2] if own else column.keys[2:]
            free = set(where.values()) - set(positions.values())
            places = tuple(dict.fromkeys(where[key] for key in keys if where.get(key) in free))
            if column.name in positions or not places:
                continue
            if len(places) > 1:
                rivals[column.name] = places
            positions[column.name] = places[0]
    guessed = _guess(shown, table, [c for c in left if c.name not in positions], positions, rivals)
    return _Assignment(positions, guessed, rivals)


def _guess(
    shown: Sequence[str],
    table: RawTable,
    left: Sequence[RawColumn],
    positions: dict[str, int],
    rivals: dict[str, tuple[int, ...]],
) -> tuple[str, ...]:
    """Match columns with headers, ignoring what tools add to a header, then by last aliases.

    Returns:
        The names of the columns found; they are also added to `positions`, and to `rivals` if
        several headers could mean the column.
    """
    guessed = []
    for is_last in (False, True):
        taken = set(positions.values())
        forms = {
            place: {header_key(name)} if is_last else _bare_forms(name, table)
            for place, name in enumerate(shown)
            if name and place not in taken
        }
        known = set().union(*forms.values())
        claims: dict[str, list[int]] = {}
        for column in left:
            keys = map(header_key, column.last_aliases) if is_last else column.keys
            meant = known.intersection(keys)
            if meant and column.name not in positions:
                claims[column.name] = [place for place, form in forms.items() if meant & form]
        claimed = [place for places in claims.values() for place in places]
        for name, places in claims.items():
            if len(places) > 1:
                rivals[name] = tuple(places)
            if claimed.count(places[0]) == 1:
                positions[name] = places[0]
                guessed.append(name)
    return tuple(guessed)


@lru_cache(maxsize=4096)
def _bare_forms(name: str, table: RawTable) -> frozenset[str]:
    """Return the possible keys of a header after removing what tools add to it."""
    texts = {name}
    for _ in range(_MOST_WRAPPINGS):
        texts |= {
            match.group(1) for text in texts for form in _WRAPPINGS if (match := form.match(text))
        }
    keys = {header_key(text) for text in texts}
    prefixes = {*(() if table.is_lookup else _PREFIXES), *map(header_key, table.stems)}
    return frozenset(keys) | {
        key.removeprefix(prefix) for key in keys for prefix in prefixes if len(key) > len(prefix)
    }


def listed(names: Sequence[str]) -> str:
    """Return headers in quotes, shortened if there are many."""
    shown = ", ".join(repr(name) for name in names[:_MOST_SHOWN] if name) or "none"
    more = len(names) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _nearest(header: str, spare: Sequence[str]) -> str:
    by_key = {header_key(name): name for name in spare}
    close = difflib.get_close_matches(header_key(header), by_key, n=1, cutoff=0.6)
    return f" (nearest in the file: {by_key[close[0]]!r})" if close else ""
