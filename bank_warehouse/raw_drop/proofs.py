"""What a file proves about how its dates and amounts are written.

`04-07-2015` is a day in April or in July, and `258.000` is 258 or 258 thousand. One cell cannot
show which, but its column can: a date such as `25-07-2015` fits only one order, and an amount such
as `1.234,56` fits only one decimal mark. So each column of a file is interpreted as a whole. A
proved notation is used. A column that fits two notations is refused; the message shows both
readings and the setting that decides between them. A declared setting needs no proof; the cells
that it decides are counted.

A spreadsheet that reads dates in the wrong order exchanges day and month only if the day is at most
12. So the order is in doubt if one notation has hardly any days above 12, or hardly any up to 12,
and the other dates of the file differ from it by more than chance.

Usually only the first rows of a file are examined. All rows are examined if the first ones prove
nothing or hold dates in two notations, or if a list of date formats is declared. The models
quarantine any cell further down that contradicts the proof. If there is such a cell, the whole file
is examined again, and refused if it proves something else.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from math import exp, lgamma
from types import MappingProxyType
from typing import Any

import duckdb

from bank_warehouse.drop_verdict import other_header
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.fallback_reader import OTHER_HEADER
from bank_warehouse.raw_drop.schema import RawTable
from bank_warehouse.sql import quote_identifier, quote_literal

AUTO = "auto"
ISO = "%Y-%m-%d"
DAY_FIRST = "%d-%m-%Y"
"""Used if no date of a file can be read in any format; the rows are then quarantined."""

HEAD_ROWS = 5_000
_MOST_SHOWN = 60
_CHANCE = 1e-4
_FEWEST_DAYS = 6
MARKS = (".", ",")
_PLAIN = "0.00"

CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "USD": ("US$", "$", "USD"),
    "EUR": ("€", "EUR"),
    "GBP": ("£", "GBP"),
}
"""How each currency is written in a cell. The macro money_pattern has the same list."""

INVISIBLE = "".join(
    chr(code)
    for code in (
        *(0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0xA0, 0xAD, 0x115F, 0x1160, 0x1680, 0x180E),
        *range(0x2000, 0x2010),
        *range(0x2028, 0x2030),
        *range(0x205F, 0x2065),
        *(0x2800, 0x3000, 0x3164, 0xFEFF, 0xFFA0),
    )
)
"""Invisible characters: blanks of every width, zero-width marks, the soft hyphen."""


def clean_code(cell: str, *, is_compared: bool = False) -> str:
    """Return SQL for a code without blanks around it. `1.0` becomes `1`.

    Args:
        cell: SQL of the code as delivered.
        is_compared: whether to return the code in lower case, for comparisons.
    """
    bare = f"trim({cell}, {quote_literal(INVISIBLE)})"
    code = (
        f"case when regexp_full_match({bare}, '[0-9]+[.]00?') "
        f"then split_part({bare}, '.', 1) else {bare} end"
    )
    return f"lower({code})" if is_compared else code


NOTHING = frozenset(
    {
        *("", "-", "--", "NULL", "null", "(null)", "None", "NA", "N/A", "n/a", "<NA>", "NaN"),
        *("nan", "NaT", "\\N", "(blank)", "#N/A", "#N/A N/A", "#NA", "#REF!", "#VALUE!"),
        *("#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
    }
)
"""What databases, pandas, R and spreadsheets write for an empty cell. `Null` can be a surname."""


SPOILT_ID = "=\".*|'.*[0-9].*|##+|[+-]?[0-9]([.,][0-9]+[eE][+]?|[eE][+])[0-9]+"
"""Pattern of ids that a program marked as text, wrote in scientific notation or replaced by `#`."""


@dataclass(frozen=True)
class Settings:
    """The dbt variables that decide how dates and amounts are read.

    Attributes:
        date_formats: what raw_date_format declares; None if each file must prove its own.
        decimal_mark: `auto`, `.` or `,`.
        rounding: `none` or `half_up`.
        tolerated: max_quarantine_rate, the share of rows that may be quarantined.
    """

    date_formats: tuple[str, ...] | None = None
    decimal_mark: str = AUTO
    rounding: str = "none"
    tolerated: float = 0.01

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """Return the settings that the macro raw_settings wrote."""
        return cls.from_variables(json.loads(text))

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> "Settings":
        """Return the settings from dbt variables that bank_warehouse.settings has checked."""
        declared: dict[str, Any] = {
            "raw_date_format": AUTO,
            "raw_decimal_mark": AUTO,
            "raw_money_rounding": "none",
            "max_quarantine_rate": 0.01,
        } | dict(variables)
        formats = declared["raw_date_format"]
        formats = (formats,) if isinstance(formats, str) else tuple(formats)
        return cls(
            date_formats=None if formats == (AUTO,) else formats,
            decimal_mark=declared["raw_decimal_mark"],
            rounding=declared["raw_money_rounding"],
            tolerated=float(declared["max_quarantine_rate"]),
        )


@dataclass(frozen=True)
class DateProof:
    """How the joining dates of a file are read, and why.

    Attributes:
        formats: the formats, in the order in which they are tried.
        basis: `proved`, `declared` or `typed` (the file holds dates, not text).
        dates: how many were examined.
        proving: how many of them fit only one order.
        undecided: how many fit two orders and were decided by a declared format, or are the reason
            for the refusal.
        quarantined: how many fit two orders and are quarantined, because they are few.
        example: one of the undecided or quarantined cells.
        readings: each format that fits an undecided notation, and how many dates it reads.
        refusal: why the file is refused, or None.
        cell: the cell that the refusal shows, or None.
        row: the first row that holds it; the header is row 1.
    """

    formats: tuple[str, ...]
    basis: str
    dates: int = 0
    proving: int = 0
    undecided: int = 0
    quarantined: int = 0
    example: str | None = None
    readings: tuple[tuple[str, int], ...] = ()
    refusal: str | None = None
    cell: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class MoneyProof:
    """How the amounts of a column of a file are read, and why.

    Attributes:
        mark: the decimal mark.
        basis: `proved`, `declared`, `typed`, or `same` if both marks give the same amounts.
        amounts: how many were examined.
        proving: how many of them fit only this mark.
        contradicting: how many fit only the other mark.
        undecided: how many fit both marks with different amounts, if the column does not prove one.
        unusual: how many fit both marks and are written unlike any amount that proves the mark.
        example: one of the undecided or unusual cells.
        unrounded: how many have fractions of a cent.
        currencies: currency code to the number of amounts with its sign or code, in the cell or
            in the header.
        is_accounting: whether a lone dash is zero, because the column has amounts in brackets,
            dashes after a currency sign, or dashes that a spreadsheet padded.
        refusal: why the file is refused, or None.
        cell: the cell that the refusal shows, or None.
        row: the first row that holds it; the header is row 1.
    """

    mark: str
    basis: str
    amounts: int = 0
    proving: int = 0
    contradicting: int = 0
    undecided: int = 0
    unusual: int = 0
    example: str | None = None
    unrounded: int = 0
    currencies: Mapping[str, int] = field(default_factory=dict)
    is_accounting: bool = False
    refusal: str | None = None
    cell: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class FileProof:
    """What a file proves.

    Attributes:
        file: its path relative to the raw folder.
        dates: proof of its joining dates.
        money: proof of each of its money columns.
        is_whole: whether all its rows were examined.
        ids: why its ids are refused, or None.
        header: why a header among its rows is refused, or None.
    """

    file: str
    dates: DateProof
    money: Mapping[str, MoneyProof]
    is_whole: bool = True
    ids: str | None = None
    header: str | None = None

    def with_currencies(self, currencies: Mapping[str, str]) -> "FileProof":
        """Return the proof with the currencies that column headers name.

        Args:
            currencies: column name to currency code.
        """
        money = {**self.money}
        for name, code in currencies.items():
            proof = money[name]
            money[name] = replace(proof, currencies={**proof.currencies, code: proof.amounts})
        return replace(self, money=money)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the file is refused, one message for each reason."""
        proofs: tuple[DateProof | MoneyProof, ...] = (self.dates, *self.money.values())
        found = [
            f"{self.file}{f', row {proof.row}' if proof.row else ''}: {proof.refusal}"
            for proof in proofs
            if proof.refusal
        ]
        first = [f"{self.file}, {fault}" for fault in (self.header, self.ids) if fault]
        return (*first, *found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about how the file is read, one sentence each."""
        found = [_said_of_dates(self.dates), _said_of_commas(self.money)]
        found += [_said_of_money(name, proof) for name, proof in self.money.items()]
        return tuple(f"{self.file}: {said}" for said in found if said)


def prove_file(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    select: str,
    table: RawTable,
    settings: Settings,
    *,
    typed: frozenset[str] = frozenset(),
    texts: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
    is_whole: bool = False,
) -> FileProof:
    """Examine the dates, amounts and ids of a client file.

    Args:
        connection: an open DuckDB connection.
        file: its path relative to the raw folder, for messages.
        select: SQL of its rows: the canonical columns as text, and `structural_fault`.
        table: the clients.
        settings: the settings from the dbt variables.
        typed: columns with typed cells, which need no proof: their dates are ISO text, and their
            numbers have a decimal point.
        texts: for each column that holds both text and typed numbers, each text and its count. The
            numbers prove nothing about the notation of the text.
        is_whole: whether to examine all rows instead of the first ones.
    """
    money = [column.name for column in table.columns if column.kind == "money"]
    ids_of = [c.name for c in table.columns if c.kind == "code" or c.name.endswith("_id")]
    (joined,) = (column.name for column in table.columns if column.kind == "date")
    rows = f"(select * from ({select}) where structural_fault is null)"
    names = ", ".join(map(quote_identifier, [*ids_of, joined, *money]))
    limit = "" if is_whole else f" limit {HEAD_ROWS}"
    counted = connection.execute(
        f"create or replace temp table proof_head as select {names} from {rows}{limit}"
    ).fetchone()
    has_all = is_whole or counted is None or counted[0] < HEAD_ROWS
    if joined in typed:
        dates = _typed_dates(connection, joined, settings)
    else:
        dates = interpret_dates(_dates(connection, "proof_head", joined), settings)
        is_open = dates.undecided or dates.quarantined or dates.refusal
        if not has_all and (is_open or len(dates.formats) > 1):
            dates = interpret_dates(_dates(connection, rows, joined), settings)
    proofs = {}
    for name in money:
        if name in typed:
            amounts = _amounts(connection, "proof_head", name)
            proof = interpret_amounts(name, amounts, replace(settings, decimal_mark="."))
            proofs[name] = replace(proof, basis="typed", undecided=0, example=None)
            continue
        beside = {text: n for text, n in texts.get(name, {}).items() if amount_readings(text)}
        by_text = interpret_amounts(name, beside.items(), settings, is_beside_numbers=True)
        if by_text.refusal and by_text.undecided:
            proofs[name] = by_text
            continue
        proof = interpret_amounts(name, _amounts(connection, "proof_head", name), settings)
        if not has_all and not proof.proving:
            proof = interpret_amounts(name, _amounts(connection, rows, name), settings)
        if by_text.undecided:
            proof = replace(proof, undecided=by_text.undecided, example=by_text.example)
        proofs[name] = proof
    ids = next(filter(None, (_spoilt_ids(connection, select, name) for name in ids_of)), None)
    connection.execute("drop table proof_head")
    if dates.cell is not None:
        dates = replace(dates, row=_row_of(connection, select, joined, dates.cell))
    for name, proof in proofs.items():
        if proof.cell is not None:
            proofs[name] = replace(proof, row=_row_of(connection, select, name, proof.cell))
    header = _other_header(connection, file, select, limit)
    return FileProof(file, dates, proofs, has_all, ids, header)


def _other_header(
    connection: duckdb.DuckDBPyConnection, file: str, select: str, limit: str
) -> str | None:
    """Return why a header among the rows of a file is refused; None if there is no such header."""
    found = connection.execute(
        "select min(number) + 1 from (select structural_fault, row_number() over () as number "
        f"from (select structural_fault from ({select}){limit})) where structural_fault = ?",
        [OTHER_HEADER],
    ).fetchone()
    return other_header(file, found[0]) if found and found[0] else None


def is_spoilt_id(cell: str) -> str:
    """Return SQL that is true if a program changed the id. The macro clean_id has the same rule."""
    return (
        f"regexp_full_match(trim({cell}, {quote_literal(INVISIBLE)}), {quote_literal(SPOILT_ID)})"
    )


def cause_of_spoilt_id(example: str) -> str:
    """Return what changed an id, and the remedy."""
    first = example.strip(INVISIBLE)[0]
    if first == "#":
        return "the column was too narrow. Format it as text, widen it and export again"
    if first in "='":
        return (
            "a spreadsheet marks text this way, and the marks are not part of the ids. Export the "
            "table again without them"
        )
    return (
        "a program that held the column as numbers has cut off digits. Format the column as text "
        "and export again"
    )


def _spoilt_ids(connection: duckdb.DuckDBPyConnection, select: str, name: str) -> str | None:
    """Return why the ids of a column are refused; None if no program changed them."""
    column = quote_identifier(name)
    spoilt = is_spoilt_id(column)
    found = connection.execute(
        f"select count(*) filter ({spoilt}), count(*), min({column}) filter ({spoilt}) "
        "from proof_head"
    ).fetchone()
    if not found or not found[0]:
        return None
    row = _row_of(connection, select, name, found[2])
    return (
        f"row {row}: {name}: {found[0]:,} of {found[1]:,} ids examined are written like "
        f"{found[2]}: {cause_of_spoilt_id(found[2])}."
    )


def contradictions(head: Mapping[str, Any], whole: FileProof) -> tuple[str, ...]:
    """Return why a file is refused whose first rows prove something that all rows do not prove.

    Args:
        head: what the first rows prove, as :func:`reading_of` returns it.
        whole: what all rows prove.
    """
    # Below the first rows, the models quarantine changed ids and refuse headers.
    refusals = replace(whole, ids=None, header=None).refusals
    if refusals:
        return refusals
    found = []
    formats = head["dates"]["formats"]
    if head["dates"]["basis"] == "proved" and not {*formats} <= {*whole.dates.formats}:
        found.append(
            f"the first {HEAD_ROWS:,} rows prove that joining dates are written as "
            f"{' or '.join(formats)}, but in all rows together most are written as "
            f"{' or '.join(whole.dates.formats)}. Split the file where the format changes, or "
            f"set raw_date_format to {json.dumps(whole.dates.formats)}."
        )
    for name, proof in whole.money.items():
        mark = head["money"][name]["mark"]
        if head["money"][name]["basis"] == "proved" and mark != proof.mark:
            found.append(
                f"{name}: the first {HEAD_ROWS:,} rows prove the decimal mark {mark!r}, but in all "
                f"rows together most amounts have {proof.mark!r} ({proof.proving:,} against "
                f"{proof.contradicting:,}). Split the file where the mark changes, or set "
                "raw_decimal_mark to the right one."
            )
    return tuple(f"{whole.file}: {text}" for text in found)


def _row_of(
    connection: duckdb.DuckDBPyConnection, select: str, column: str, text: str
) -> int | None:
    """Return the first row with `text` in `column`, or None; the header is row 1."""
    found = connection.execute(
        f"select min(number) + 1 from (select {quote_identifier(column)} as cell, "
        f"row_number() over () as number from ({select})) where cell = ?",
        [text],
    ).fetchone()
    return found[0] if found else None


def currency_of(files: Iterable[FileProof]) -> str | None:
    """Return the currency of a drop; None if no amount has a currency sign or code.

    Raises:
        DropError: the amounts are in two currencies.
    """
    counts: Counter[str] = Counter()
    places: dict[str, str] = {}
    for file in files:
        for column, proof in file.money.items():
            for code, amounts in proof.currencies.items():
                counts[code] += amounts
                places.setdefault(code, f"{amounts:,} amounts in {code} in {column} of {file.file}")
    if len(counts) > 1:
        raise DropError(
            "The drop mixes currencies, and amounts of two currencies cannot be added up: "
            f"{'; '.join(places.values())}. Convert the amounts to one currency and export again."
        )
    return next(iter(counts), None)


def reading_of(files: Sequence[FileProof]) -> dict[str, object]:
    """Return how the files of a drop are read, as plain values for the macros and the records.

    Raises:
        DropError: the amounts are in two currencies.
    """
    return {
        "currency": currency_of(files),
        "files": [
            {
                "file": proof.file,
                "is_whole": proof.is_whole,
                "dates": asdict(proof.dates),
                "amounts": {
                    "undecided": sum(money.undecided for money in proof.money.values()),
                    "comma_columns": ", ".join(
                        name for name, money in proof.money.items() if money.mark == ","
                    ),
                },
                "money": {name: asdict(money) for name, money in proof.money.items()},
            }
            for proof in files
        ],
    }


def _dates(
    connection: duckdb.DuckDBPyConnection, source: str, column: str
) -> list[tuple[str, int]]:
    name = quote_identifier(column)
    return connection.execute(
        f"select {name}, count(*) from {source} where {name} <> '' group by all"
    ).fetchall()


def _amounts(
    connection: duckdb.DuckDBPyConnection, source: str, column: str
) -> list[tuple[str, int]]:
    """Return each text in a money column with its count; plain amounts share one placeholder."""
    name = quote_identifier(column)
    return connection.execute(
        f"select case when cast(try_cast({name} as decimal(14, 2)) as varchar) = {name} "
        f"then '{_PLAIN}' else {name} end as cell, count(*) "
        f"from {source} where {name} <> '' group by all"
    ).fetchall()


# ---------------------------------------------------------------------------- dates

_NUMBERS = re.compile(r"([0-9]{1,2}|[0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{1,2})")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_NAME = "(?P<month>" + "|".join(f"{name}|{name[:3]}" for name in _MONTHS) + ")"
_DAY_NAME_YEAR = re.compile(
    rf"(?P<day>[0-9]{{1,2}})(?P<mark>[-/. ]){_NAME}(?P=mark)(?P<year>[0-9]{{4}}|[0-9]{{2}})", re.I
)
_NAME_DAY_YEAR = re.compile(rf"{_NAME} (?P<day>[0-9]{{1,2}}), (?P<year>[0-9]{{4}})", re.I)
_MIDNIGHT = re.compile(r"[T ](0{1,2}:00(:00([.]0+)?)?Z?|12:00(:00)? ?[Aa][Mm])[ ]*$")

Readings = dict[str, date | None]


def _typed_dates(
    connection: duckdb.DuckDBPyConnection, column: str, settings: Settings
) -> DateProof:
    """Return the proof of dates that are stored as dates; some may have a time of day."""
    texts = _dates(connection, "proof_head", column)
    timed = {text: count for text, count in texts if ":" in text}
    cells, with_time = sum(count for _, count in texts), sum(timed.values())
    if with_time <= settings.tolerated * cells:
        return DateProof((ISO,), "typed")
    told = min(timed)
    meant = ""
    if "23:59:59" in told:
        meant = " It is the next day, minus a rounding error of a spreadsheet."
    elif told.endswith(":00:00"):
        meant = " It looks like midnight in another time zone, and may be another day there."
    refusal = (
        f"{with_time:,} of {cells:,} joining dates have a time of day, such as {told}.{meant} "
        "Export the column as dates without a time."
    )
    return DateProof((ISO,), "typed", refusal=refusal, cell=told)


@cache
def date_readings(text: str) -> tuple[str, Readings]:
    """Return the shape of a date's text, and each format of this shape with its date.

    The date is None if the calendar has no such day. Text of no known shape has the shape ''.
    Two-digit years are 1969 to 2068, as in strptime.
    """
    text = text.strip(INVISIBLE)
    if len(text) > 10:
        text = _MIDNIGHT.sub("", text).strip(INVISIBLE)
    numbers = _NUMBERS.fullmatch(text)
    if numbers:
        first, mark, second, third = numbers.groups()
        orders = _orders(len(first), len(third))
        year = "year first" if len(first) == 4 else "year" if len(third) == 4 else "two digits"
        return f"{year}{mark}", {
            mark.join(f"%{part}" for part in order): _date(
                dict(zip(order, (first, second, third), strict=True))
            )
            for order in orders
        }
    if _EIGHT_DIGITS.fullmatch(text):
        cuts = {"%Y%m%d": (4, 6), "%Y%d%m": (4, 6), "%d%m%Y": (2, 4), "%m%d%Y": (2, 4)}
        return "eight digits", {
            date_format: _date(
                dict(zip(date_format[1::2], (text[:a], text[a:b], text[b:]), strict=True))
            )
            for date_format, (a, b) in cuts.items()
        }
    named = _DAY_NAME_YEAR.fullmatch(text) or _NAME_DAY_YEAR.fullmatch(text)
    if named is None:
        return "", {}
    letter = "b" if len(named["month"]) == 3 else "B"
    month = next(
        number
        for number, name in enumerate(_MONTHS, start=1)
        if name.startswith(named["month"].lower())
    )
    year = "Y" if len(named["year"]) == 4 else "y"
    joining = named.groupdict().get("mark")
    date_format = (
        f"%{letter} %d, %Y" if joining is None else f"%d{joining}%{letter}{joining}%{year}"
    )
    return f"{letter}{joining}{year}", {
        date_format: _date({"d": named["day"], "m": str(month), year: named["year"]})
    }


def _orders(first: int, third: int) -> tuple[str, ...]:
    """Return the orders of day, month and year that the lengths of the outer numbers allow."""
    if first == 4:
        return ("Ymd", "Ydm") if third <= 2 else ()
    if third == 4:
        return ("dmY", "mdY")
    # A year is never written with a single digit.
    return ("dmy", "mdy", *(("ymd",) if first == 2 else ())) if third == 2 else ()


def _date(parts: Mapping[str, str]) -> date | None:
    year = int(parts.get("Y", 0)) or int(parts.get("y", 0)) + (
        2000 if int(parts.get("y", 0)) < 69 else 1900
    )
    if "Y" in parts and int(parts["Y"]) < 1000:
        return None
    try:
        return date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def exchanged(date_format: str) -> str:
    """Return a format with day and month exchanged."""
    return date_format.replace("%d", "%*").replace("%m", "%d").replace("%*", "%m")


@dataclass
class _Shape:
    """The dates of one shape: how many fit only one format, and how many fit two."""

    alone: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    fitting: Counter[str] = field(default_factory=Counter)
    dates: int = 0
    doubtful: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    is_doubted: bool = False

    def chosen(self) -> str | None:
        """Return the format that the dates prove, or None.

        If some dates have day and month exchanged, the more frequent order is used. The models
        quarantine the others, and every date that could be either.
        """
        proved = self.alone.most_common(2)
        if not proved:
            return None if self.doubtful else next(iter(self.fitting), None)
        if len(proved) == 2 and (
            proved[0][1] == proved[1][1] or exchanged(proved[0][0]) != proved[1][0]
        ):
            return None
        return proved[0][0]

    def days(self, form: str) -> set[date]:
        """Return the distinct dates of the cells, read in the format `form`."""
        return {day for text in self.texts if (day := date_readings(text)[1].get(form))}

    def doubted(self, form: str) -> "_Shape":
        """Return the same dates without any proof of their order, because it is in doubt."""
        doubted = _Shape(dates=self.dates, texts=self.texts, is_doubted=True)
        other = exchanged(form) if "%m" in form else form  # a month's name is never a day
        for text, count in self.texts.items():
            readings = date_readings(text)[1]
            day = readings.get(form)
            fits = {form: day, other: readings.get(other) or (day and day.day <= 12)}
            doubted.fitting.update(dict.fromkeys((f for f, fit in fits.items() if fit), count))
            if day and day.day <= 12 and day.day != day.month:
                doubted.doubtful[text] += count
        return doubted


def _doubt_exchanged(shapes: Mapping[str, _Shape], forms: Sequence[str]) -> dict[str, _Shape]:
    """Return the shapes, marking as doubtful those whose days and months seem to be exchanged.

    If the shape of a date did not depend on its day, such a split would occur in fewer than one in
    10,000 files (`_CHANCE`) with two shapes.

    Args:
        shapes: the dates of a file.
        forms: the declared formats; empty if each file must prove its own.
    """
    used = {
        name: next((form for form in forms if form in shape.fitting), None)
        or shape.chosen()
        or min(shape.fitting)
        for name, shape in shapes.items()
    }
    days = {name: shape.days(used[name]) for name, shape in shapes.items()}
    rest = {name: [day for other in days if other != name for day in days[other]] for name in days}
    early = {name for name in days if _is_one_sided(days[name], rest[name], is_late=False)}
    late = {name for name in days if _is_one_sided(days[name], rest[name], is_late=True)}
    if late and not early:
        early = {name for name in days if name not in late}
    return {
        name: shape.doubted(used[name]) if name in early and shape.chosen() else shape
        for name, shape in shapes.items()
    }


def _is_one_sided(days: Collection[date], others: Collection[date], *, is_late: bool) -> bool:
    """Return whether far fewer of `days` than of `others` are on one side of the 12th.

    Dates on only a few days of the month, such as the first or the last, or in only one month,
    prove nothing.

    Args:
        days: distinct dates.
        others: the other dates of the file.
        is_late: whether to test that nearly all of `days` are above the 12th, or up to the 12th.
    """
    most = [day for day in days if (day.day > 12) == is_late]
    few = len(days) - len(most)
    rest = sum((day.day > 12) != is_late for day in others)
    if (
        len({day.day for day in most}) < _FEWEST_DAYS
        or len({day.month for day in most}) < 2
        or 4 * few > len(days)
        or 2 * few * len(others) > rest * len(days)
    ):
        return False
    many = len(most) + len(others) - rest
    least = max(0, len(days) - many)
    chances = (
        _log_ways(few + rest, count) + _log_ways(many, len(days) - count)
        for count in range(least, few + 1)
    )
    ways = _log_ways(few + rest + many, len(days))
    return sum(exp(chance - ways) for chance in chances) < _CHANCE


def _log_ways(total: int, chosen: int) -> float:
    """Return the logarithm of the number of ways to choose some of a total."""
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def interpret_dates(texts: Iterable[tuple[str, int]], settings: Settings) -> DateProof:
    """Interpret the joining dates of a file.

    Args:
        texts: each text of the column and its count.
        settings: the settings from the dbt variables.
    """
    shapes: dict[str, _Shape] = {}
    cells = 0
    foreign: Counter[str] = Counter()
    texts = list(texts)
    for text, count in texts:
        cells += count
        name, readings = date_readings(text)
        # The order year, day, month is used only if declared.
        found = {
            form: day
            for form, day in readings.items()
            if day is not None
            and (form in (settings.date_formats or ()) or not re.match("%Y[^%]?%d", form))
        }
        if not found:
            foreign[text] += count
            continue
        shape = shapes.setdefault(name, _Shape())
        shape.dates += count
        shape.texts[text] += count
        shape.fitting.update(dict.fromkeys(found, count))
        if len(set(found.values())) > 1:
            shape.doubtful[text] += count
        elif len(found) == 1:
            (form,) = found
            shape.alone[form] += count
            shape.examples.setdefault(form, text)
    if settings.date_formats is None:
        cell = _too_foreign(cells, foreign, settings)
        if cell is not None:
            refusal = _foreign_dates(cells, foreign.total(), cell)
            return DateProof((DAY_FIRST,), "proved", cells, refusal=refusal, cell=cell)
        return _proved_dates(_doubt_exchanged(shapes, ()), settings.tolerated)
    formats = settings.date_formats
    declared = _declared_dates(_doubt_exchanged(shapes, formats), formats)
    return _unless_wrong(declared, texts, settings.tolerated)


def _too_foreign(cells: int, foreign: Counter[str], settings: Settings) -> str | None:
    """Return an unreadable cell if most cells, and more than `tolerated`, are unreadable."""
    if foreign.total() <= max(0.5, settings.tolerated) * cells:
        return None
    return next((text for text in foreign if text.strip(INVISIBLE) not in NOTHING), None)


def _foreign_dates(cells: int, foreign: int, cell: str) -> str:
    shown = cell.strip(INVISIBLE)[:_MOST_SHOWN]
    meant = ""
    if re.fullmatch("[0-9]{5}([.]0+)?", shown):
        meant = " It looks like the number of a day in a spreadsheet: format the column as dates."
    elif re.fullmatch("[0-9]{10}|[0-9]{13}", shown):
        meant = " It looks like a Unix timestamp."
    return (
        f"{foreign:,} of {cells:,} joining dates are in no known format, such as {shown}.{meant} "
        "Export them in the form 2015-07-25, or declare their format in raw_date_format. Rows "
        "without a date are quarantined, and there are more of them than max_quarantine_rate "
        "allows."
    )


def _proved_dates(shapes: Mapping[str, _Shape], tolerated: float) -> DateProof:
    ordered = sorted(shapes.values(), key=lambda shape: -shape.dates)
    dates = sum(shape.dates for shape in ordered)
    proving = sum(sum(shape.alone.values()) for shape in ordered)
    proved = tuple(form for shape in ordered if (form := shape.chosen()))
    open_shapes = [shape for shape in ordered if shape.chosen() is None]
    undecided = sum(shape.dates for shape in open_shapes)
    if not open_shapes:
        return DateProof(proved or (DAY_FIRST,), "proved", dates, proving)
    doubtful = sum((shape.doubtful for shape in open_shapes), Counter())
    example = next((text for text, _ in doubtful.most_common(1)), None)
    if proved and undecided <= tolerated * dates:
        example = example or next(iter(open_shapes[0].texts))
        return DateProof(proved, "proved", dates, proving, quarantined=undecided, example=example)
    rivals = [
        shape.examples[form] for shape in open_shapes for form, _ in shape.alone.most_common()
    ]
    readings = tuple(reading for shape in open_shapes for reading in shape.fitting.items())
    proof = DateProof(
        *(proved, "proved", dates, proving, doubtful.total()), example=example, readings=readings
    )
    cell = rivals[-1] if rivals else proof.example
    refusal = _two_orders(proof, open_shapes, rivals)
    return replace(proof, refusal=refusal, cell=cell)


def _two_orders(proof: DateProof, open_shapes: Sequence[_Shape], rivals: Sequence[str]) -> str:
    decided = proof.dates - sum(shape.dates for shape in open_shapes)
    read = f"{decided:,} prove {' and '.join(proof.formats)}, and " if proof.formats else ""
    settings = _settings_of(proof.formats, decided, open_shapes)
    if any(shape.is_doubted for shape in open_shapes):
        return (
            f"of {proof.dates:,} joining dates {read}{proof.undecided:,} such as {proof.example} "
            "may have day and month exchanged: their day is at most 12 far more often than that "
            "of the others, as if a spreadsheet had converted the dates that it could read and "
            "left the rest. Export the file again from its source, without opening it in a "
            "spreadsheet. Or set the order that its sender confirms, in dbt_project.yml or with "
            "--vars: "
            f"{settings}."
        )
    what = (
        f"{proof.undecided:,} such as {proof.example} fit two orders, and no date written the "
        "same way proves one"
        if proof.undecided and not rivals
        else f"some prove one order and some another, such as {' and '.join(rivals[:2])}"
    )
    return (
        f"of {proof.dates:,} joining dates {read}{what}. Ask the sender of the file, then set "
        f"the right one in dbt_project.yml or with --vars: {settings}."
    )


def _settings_of(proved: tuple[str, ...], decided: int, open_shapes: Sequence[_Shape]) -> str:
    """Return the settings that would decide: in full, or for each notation if several are open."""
    if len(open_shapes) == 1:
        return "; ".join(
            f"raw_date_format: {json.dumps([*proved, form] if proved else form)} reads "
            f"{decided + count:,} of them"
            for form, count in open_shapes[0].fitting.items()
        )
    kept = f"{', '.join(map(json.dumps, proved))} and " if proved else ""
    choices = "; ".join(
        f"for {next(iter(shape.doubtful or shape.texts))} "
        + " or ".join(
            f"{json.dumps(form)} (reads {count:,})" for form, count in shape.fitting.items()
        )
        for shape in open_shapes
    )
    return f"raw_date_format: a list of {kept}one format for each notation: {choices}"


def _declared_dates(shapes: Mapping[str, _Shape], formats: tuple[str, ...]) -> DateProof:
    undecided: Counter[str] = Counter()
    readings: Counter[str] = Counter()
    for shape in shapes.values():
        if any(form in formats for form in shape.fitting) and not shape.alone:
            undecided += shape.doubtful
            readings += shape.fitting
    example = next((text for text, _ in undecided.most_common(1)), None)
    return DateProof(
        formats,
        "declared",
        sum(shape.dates for shape in shapes.values()),
        sum(sum(shape.alone.values()) for shape in shapes.values()),
        undecided.total(),
        example=example,
        readings=tuple(readings.items()) if undecided else (),
    )


def _unless_wrong(
    proof: DateProof, texts: Sequence[tuple[str, int]], tolerated: float
) -> DateProof:
    """Return the proof of declared formats, with a refusal if another format is meant.

    Another format is meant if it fits all dates and the declared ones do not. Cells that no format
    can read are ignored, unless their share exceeds `tolerated`.
    """
    if not all(re.fullmatch("(?:%-?[dmYybB]|[^%])+", form) for form in proof.formats):
        return proof
    declared = {form.replace("%-", "%").replace("%B", "%b") for form in proof.formats}
    meant = {exchanged(form) for form in declared}
    dates = {text: count for text, count in texts if text.strip(INVISIBLE) not in NOTHING}
    fitting = {
        text: {form.replace("%B", "%b") for form, day in date_readings(text)[1].items() if day}
        for text in dates
    }
    foreign = [text for text, forms in fitting.items() if not forms]
    if sum(map(dates.__getitem__, foreign)) <= tolerated * sum(dates.values()):
        for text in foreign:
            del fitting[text], dates[text]
    unread = [text for text, forms in fitting.items() if not forms & declared]
    others = [
        form
        for form in sorted(set.intersection(*fitting.values()) if unread else ())
        if form in meant or not re.match("%Y[^%]?%d", form)
    ]
    if not others:
        return proof
    total = sum(dates.values())
    refusal = (
        f"of {total:,} joining dates {total - sum(map(dates.__getitem__, unread)):,} can be read "
        f"as {' or '.join(proof.formats)}, which raw_date_format declares. The others, such as "
        f"{unread[0].strip(INVISIBLE)}, cannot, and all {total:,} can be read as "
        f"{' or '.join(others)}. Set raw_date_format to {' or '.join(map(json.dumps, others))}: "
        f"in dbt_project.yml, or for one build with --vars '{{raw_date_format: "
        f"{json.dumps(others[0])}}}'."
    )
    return replace(proof, refusal=refusal, cell=unread[0])


def _said_of_dates(proof: DateProof) -> str:
    read = " or ".join(proof.formats)
    if proof.basis == "declared" and proof.undecided:
        orders = " and ".join(form for form, _ in proof.readings)
        if len(proof.readings) == 1:
            orders += " with or without day and month exchanged"
        return (
            f"{proof.undecided:,} joining dates such as {proof.example} fit {orders}, and "
            "nothing in the file proves either; they are read as raw_date_format declares "
            f"({read})."
        )
    if proof.basis == "proved" and proof.dates:
        few = (
            f" Quarantined, because they could be in another order: {proof.quarantined:,}, such as "
            f"{proof.example}."
            if proof.quarantined
            else ""
        )
        pivot = " (two-digit years are 1969 to 2068)" if "%y" in read else ""
        return (
            f"joining dates are read as {read}{pivot}: {proof.proving:,} of the {proof.dates:,} "
            f"examined fit no other order.{few}"
        )
    return ""


# ---------------------------------------------------------------------------- money

_BLANK = "[ \u00a0\u202f\u2009]"
_CURRENCY = "(?:US[$]|[$€£]|(?i:usd|eur|gbp))"
_SIGNED = re.compile(
    rf"(?P<head>[+-]?{_BLANK}*{_CURRENCY}?{_BLANK}*[+-]?{_BLANK}*)(?P<open>[(]?)"
    rf"(?P<inner>{_CURRENCY}?{_BLANK}*)(?P<body>[0-9](?:[0-9.,'’ \u00a0\u202f\u2009]*[0-9.,])?)"
    rf"(?P<tail>{_BLANK}*{_CURRENCY}?)(?P<close>[)]?)"
)
_DASH = re.compile(rf"(?P<currency>{_CURRENCY}?){_BLANK}*-{_BLANK}*")
_PADDED_DASH = re.compile(rf"{_BLANK}*-{_BLANK}{{2,}}")


def _number(mark: str) -> re.Pattern[str]:
    groups = [*({".", ","} - {mark}), "'", "’", " ", "\u00a0", "\u202f", "\u2009"]
    grouped = "|".join(f"(?:[{group}][0-9]{{3}})+" for group in groups)
    return re.compile(
        rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?:{grouped}))"
        rf"(?:[{mark}](?P<cents>[0-9]{{0,2}})(?P<more>[0-9]{{0,16}})0*)?"
    )


_NUMBER = {mark: _number(mark) for mark in MARKS}
# One mark with three digits after it: thousands or a fraction. `0,258` cannot be thousands, but it
# may be an error and not a fraction.
_EITHER = re.compile(r"(?:0[0-9]*|[1-9][0-9]{0,2})(?P<mark>[.,])[0-9]{3}")


@dataclass(frozen=True)
class Amount:
    """The possible readings of an amount's text.

    Attributes:
        readings: each decimal mark that fits, to the amount that it gives.
        is_either: whether it fits, or may fit, both marks with different amounts.
        currency: code of its currency, or None.
        is_accounting: whether it is in brackets or a dash for zero.
    """

    readings: Mapping[str, Decimal]
    is_either: bool = False
    currency: str | None = None
    is_accounting: bool = False


def amount_readings(text: str) -> Amount | None:
    """Return the possible readings of an amount's text; None if it is not an amount."""
    dash = _DASH.fullmatch(text.strip(INVISIBLE))
    if dash:
        is_accounting = bool(dash["currency"]) or bool(_PADDED_DASH.fullmatch(text))
        zero = dict.fromkeys(MARKS, Decimal(0)) if is_accounting else {}
        return Amount(zero, False, _code(dash["currency"]), is_accounting)
    parts = _SIGNED.fullmatch(text.strip(INVISIBLE))
    if parts is None or bool(parts["open"]) != bool(parts["close"]):
        return None
    signs = re.findall("[+-]", parts["head"])
    codes = re.findall(_CURRENCY, parts["head"] + parts["inner"] + parts["tail"])
    if len(codes) > 1 or len(signs) > 1 or (signs and parts["open"]):
        return None
    is_negative = bool(parts["open"]) or signs == ["-"]
    readings = {}
    for mark, pattern in _NUMBER.items():
        number = pattern.fullmatch(parts["body"])
        if number:
            whole = re.sub("[^0-9]", "", number["whole"])
            amount = Decimal(f"{whole}.{number['cents'] or ''}{number['more'] or ''}0")
            readings[mark] = -amount if is_negative else amount
    if not readings:
        return None
    return Amount(
        readings,
        bool(_EITHER.fullmatch(parts["body"])),
        _code("".join(codes)),
        bool(parts["open"]),
    )


def _code(written: str) -> str | None:
    return next((code for code, forms in CURRENCIES.items() if written.upper() in forms), None)


def interpret_amounts(
    column: str,
    texts: Iterable[tuple[str, int]],
    settings: Settings,
    *,
    is_beside_numbers: bool = False,
) -> MoneyProof:
    """Interpret the amounts of a column of a file.

    Args:
        column: its name, for messages.
        texts: each text of the column and its count.
        settings: the settings from the dbt variables.
        is_beside_numbers: whether the column also holds typed numbers.
    """
    proving: Counter[str] = Counter()
    currencies: Counter[str] = Counter()
    either: Counter[str] = Counter()
    examples: dict[str, str] = {}
    grouped = set()
    unrounded: dict[str, Counter[str]] = {mark: Counter() for mark in MARKS}
    decided: dict[str, Counter[str]] = {mark: Counter() for mark in MARKS}
    amounts = cells = 0
    foreign: Counter[str] = Counter()
    is_accounting = False
    for text, count in texts:
        amount = amount_readings(text)
        cells += count
        if amount is None or not (amount.readings or _DASH.fullmatch(text.strip(INVISIBLE))):
            foreign[text] += count
        if amount is None:
            continue
        is_accounting |= amount.is_accounting
        if amount.currency:
            currencies[amount.currency] += count
        if not amount.readings:
            continue
        amounts += count
        if amount.is_either:
            either[text] += count
            for fitting in amount.readings:
                decided[fitting][text] += count
        elif len(amount.readings) == 1:
            (only,) = amount.readings
            proving[only] += count
            if MARKS[MARKS[0] == only] in text:
                grouped.add(only)
            if text != _PLAIN:  # the placeholder for many plain amounts
                examples.setdefault(only, text)
        for mark, value in amount.readings.items():
            if value != value.quantize(Decimal("0.01"), ROUND_HALF_UP):
                unrounded[mark][text] += count
    first, second = sorted(MARKS, key=lambda mark: -proving[mark])
    declared = settings.decimal_mark != AUTO
    mark = settings.decimal_mark if declared else first
    basis = "declared" if declared else "proved" if proving else "same"
    is_mixed = bool(proving[second])
    is_open = bool(either) and (not proving[mark] if declared else is_mixed or not proving)
    unusual = Counter(
        {
            text: count
            for text, count in decided[mark].items()
            if text not in unrounded[mark] and (mark not in grouped or _written(text) == mark)
        }
    )
    shown = either if is_open else unusual
    proof = MoneyProof(
        mark=mark,
        basis=basis,
        amounts=amounts,
        proving=proving[mark],
        contradicting=proving[MARKS[MARKS[0] == mark]],
        undecided=either.total() if is_open else 0,
        unusual=0 if is_open else unusual.total(),
        example=next((text for text, _ in shown.most_common(1)), None),
        unrounded=unrounded[mark].total(),
        currencies=dict(currencies),
        is_accounting=is_accounting,
    )
    refusal = None
    stray = _too_foreign(cells, foreign, settings)
    if stray is not None:
        refusal = _foreign_amounts(column, cells, foreign.total(), stray)
        proof = replace(proof, cell=stray)
    elif not declared and (is_open or (proving[second] and proving[first] == proving[second])):
        other = examples.get(second)
        refusal = _two_marks(column, proof, other, is_beside_numbers=is_beside_numbers)
        proof = replace(proof, cell=other or proof.example)
    elif settings.rounding == "none" and proof.unrounded > settings.tolerated * amounts:
        cell = next(iter(unrounded[mark]))
        refusal = _too_many_digits(column, proof, cell)
        proof = replace(proof, cell=cell)
    return replace(proof, refusal=refusal)


def _foreign_amounts(column: str, cells: int, foreign: int, cell: str) -> str:
    shown = cell.strip(INVISIBLE)[:_MOST_SHOWN]
    meant = ""
    if re.fullmatch("[+-]?[0-9][0-9.,]*[eE][+-]?[0-9]+", shown):
        meant = " Scientific notation cuts off digits: format the column as numbers."
    return (
        f"{column}: {foreign:,} of {cells:,} cells are not in a known notation of amounts, such "
        f"as {shown}.{meant} Export them in the form 75384.77, with no currency sign except $, € "
        "or £. Rows without an amount are quarantined, and there are more of them than "
        "max_quarantine_rate allows."
    )


def _written(text: str) -> str:
    """Return the mark before the three digits of an amount that fits both decimal marks."""
    found = _EITHER.search(text)
    return found["mark"] if found else "."


def _two_marks(
    column: str, proof: MoneyProof, other: str | None, *, is_beside_numbers: bool
) -> str:
    shown = f", such as {other.strip(INVISIBLE)}" if other else ""
    if proof.example is None or not proof.undecided:
        return (
            f"{column}: as many amounts have a decimal point as a decimal comma "
            f"({proof.proving:,} each{shown}). Export the column in one notation, or set "
            "raw_decimal_mark to '.' or ','; the other amounts are then quarantined."
        )
    either = proof.example.strip(INVISIBLE)
    written = _written(either)
    whole, fraction = re.sub("[^0-9.,]", "", either).split(written)
    why = (
        f"the column has amounts in both notations ({proof.proving:,} and "
        f"{proof.contradicting:,}{shown})"
        if proof.proving
        else "no other amount in the column proves either"
    )
    remedy = "Ask the sender of the file, then set the right one in dbt_project.yml or with --vars."
    if is_beside_numbers:
        why = why.replace("amount", "text cell")
        remedy = "Write these cells as numbers, like the others in the column."
    other = MARKS[MARKS[0] == written]
    grouped = f"is {int(whole + fraction)}"
    if whole.startswith("0"):
        grouped = "is quarantined: no group of thousands begins with a zero"
    return (
        f"{column}: {proof.undecided:,} of {proof.amounts:,} amounts, such as {either}, fit two "
        f"readings, and {why}: with raw_decimal_mark '{written}' {either} is "
        f"{int(whole)}.{fraction}, and with '{other}' it {grouped}. {remedy}"
    )


def _too_many_digits(column: str, proof: MoneyProof, example: str) -> str:
    return (
        f"{column}: {proof.unrounded:,} of {proof.amounts:,} amounts have fractions of a "
        f"cent, such as {example.strip(INVISIBLE)}. Export them with two decimals, or set "
        "raw_money_rounding to 'half_up', in dbt_project.yml or with --vars "
        "'{raw_money_rounding: half_up}': the control totals then show the rounding "
        "difference."
    )


def _said_of_commas(money: Mapping[str, MoneyProof]) -> str:
    commas = {
        name: proof
        for name, proof in money.items()
        if proof.mark == "," and proof.basis == "proved" and not proof.undecided
    }
    if not commas:
        return ""
    proving = sum(proof.proving for proof in commas.values())
    amounts = sum(proof.amounts for proof in commas.values())
    return (
        f"read with a decimal comma: {', '.join(commas)}. {proving:,} of the {amounts:,} amounts "
        "examined fit no other notation."
    )


def _said_of_money(column: str, proof: MoneyProof) -> str:
    found = []
    if proof.unusual and not proof.refusal and proof.example:
        amount = amount_readings(proof.example)
        read = f"{amount.readings[proof.mark]:.2f}" if amount else ""
        found.append(
            f"{proof.unusual:,} of {proof.amounts:,} amounts such as {proof.example} have three "
            f"digits after a mark, and are read as {read} because other amounts of the column "
            f"prove the decimal mark {proof.mark!r}"
        )
    if proof.undecided:
        found.append(
            f"{proof.undecided:,} amounts such as {proof.example} fit a decimal point and a "
            "decimal comma, and nothing in the column proves either; they are read as "
            f"raw_decimal_mark declares ({proof.mark!r})"
        )
    if proof.contradicting and not proof.refusal:
        found.append(f"quarantined amounts with the other decimal mark: {proof.contradicting:,}")
    if proof.unrounded and not proof.refusal:
        found.append(f"{proof.unrounded:,} of {proof.amounts:,} amounts have fractions of a cent")
    return f"{column}: {'; '.join(found)}." if found else ""


__all__ = [
    "DateProof",
    "FileProof",
    "MoneyProof",
    "Settings",
    "currency_of",
    "interpret_amounts",
    "interpret_dates",
    "prove_file",
    "reading_of",
]
