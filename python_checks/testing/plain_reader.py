"""A slow, independent reader of a clients file in plain Python.

The reader shares no code with the package or the macros, so it is a check on their results. It
reads text files in a given encoding (plain, gzip or in a ZIP archive), the first sheet of workbooks
(.xlsx and .ods) whose cells are text or numbers, and Parquet files whose columns are text. It
supports the usual headers in any case and punctuation, and joining dates in digits. It uses the
shipped lookups, or none.
"""

import csv
import gzip
import io
import math
import re
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet

Value = str | int | Decimal | date | None
Values = dict[str, Value]

TEXTS = ("client_id", "client_name", "nationality", "occupation")
OPTIONAL = ("banking_contact", "location_id")
IDS = ("client_id", "location_id", "br_id", "gender_id", "ia_id")
CODES = {
    "fee_structure": "fee_structure",
    "loyalty_classification": "loyalty_classification",
    "br_id": "banking_relationship",
    "gender_id": "gender",
    "ia_id": "investment_advisor",
}
WHOLE = ("age", "amount_of_credit_cards", "properties_owned", "risk_weighting")
MONEY = (
    *("estimated_income", "superannuation_savings", "credit_card_balance", "bank_loans"),
    *("bank_deposits", "checking_accounts", "saving_accounts", "foreign_currency_account"),
    "business_lending",
)
HEADERS = (
    *("client_id", "name", "age", "location_id", "joined_bank", "banking_contact"),
    *("nationality", "occupation", "fee_structure", "loyalty_classification"),
    *("estimated_income", "superannuation_savings", "amount_of_credit_cards"),
    *("credit_card_balance", "bank_loans", "bank_deposits", "checking_accounts"),
    *("saving_accounts", "foreign_currency_account", "business_lending", "properties_owned"),
    *("risk_weighting", "br_id", "gender_id", "ia_id"),
)
AS_OF = date(2021, 12, 31)
EARLIEST = date(1901, 1, 1)
LARGEST = Decimal(10) ** 12
BLANKS = (
    "\t\n\v\f\r \u00a0\u00ad\u115f\u1160\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d"
    "\u202e\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u2800\u3000\u3164\ufeff\uffa0"
)
NOTHING = (
    *("-", "--", "NULL", "null", "(null)", "None", "NA", "N/A", "n/a", "<NA>", "NaN", "nan"),
    *("NaT", "\\N", "(blank)", "#N/A", "#N/A N/A", "#NA", "#REF!", "#VALUE!", "#DIV/0!"),
    *("#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
)
SIGNS = {"US$": "USD", "$": "USD", "USD": "USD", "€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP"}
SPACES = " \u00a0\u202f\u2009"


@dataclass(frozen=True)
class Quarantined:
    """A quarantined row: its number (the header is row 1), its reasons and its amounts."""

    row: int
    reasons: frozenset[str]
    money: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Reading:
    """The result of reading a file.

    Attributes:
        refusal: words that the refusal must contain; None if the file is accepted.
        accepted: values of the accepted rows.
        quarantined: the quarantined rows. A reason is the faulty column, the fault of the line,
            `repeats` (the row repeats an earlier one), or `one` (the row is one of several
            different rows of one customer).
        rows: number of records in the file.
    """

    refusal: str | None
    accepted: tuple[Values, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    rows: int = 0


@dataclass
class _Record:
    row: int
    values: Values
    reasons: set[str]
    fault: bool = False
    is_exchanged: bool = False


@dataclass(frozen=True)
class _Notation:
    """How the amounts of a column are written."""

    mark: str
    has_dashes: bool
    currencies: frozenset[str]


def read_plainly(
    path: Path, lookups: Path | None, max_quarantine_rate: float, encoding: str = "utf-8"
) -> Reading:
    """Read the clients file at `path`.

    Args:
        path: the file.
        lookups: the folder of the shipped seeds, which name the codes; None if ids serve as names.
        max_quarantine_rate: the share of rows that may be quarantined.
        encoding: encoding of a text file without a byte-order mark.
    """
    found: list[list[str] | str] = []
    data = path.read_bytes()
    table = _table(path, data)
    if table is not None:
        shown, *rows = table
        found.extend(rows)
        lines, separator = [""], ","
    else:
        lines = re.split(r"\r\n|\n", _text(data, encoding))
        separator = max(",;\t|", key=lines[0].count)
        shown = _cells(lines[0], separator) or []
    header = [_key(cell) for cell in shown]
    while header and not header[-1]:
        header.pop()
    if not found:
        found = records_of(lines[1:], separator, len(header))
        if _widths(lines[1:-1], separator) == {len(shown) - 1} and shown[-1].strip():
            return Reading(f"the header has {len(shown)} names, and each of the first rows")
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        return Reading("occurs twice")
    wanted = {name.replace("_", ""): name for name in HEADERS}
    places = {wanted[name]: place for place, name in enumerate(header) if name in wanted}
    missing = [name for name in HEADERS if name not in places and name not in OPTIONAL]
    if missing:
        return Reading(f"{len(missing)} required column")
    whole: list[dict[str, str]] = []
    records: list[_Record] = []
    for cells in found:
        row = len(records) + 2
        fault = cells if isinstance(cells, str) else ""
        if not isinstance(cells, str):
            if len(cells) < len(header):
                fault = "too few cells"
            elif any(cell.strip(" \t") for cell in cells[len(header) :]):
                fault = "too many cells"
            elif cells[places["estimated_income"]].strip()[:1].isalpha():
                there = {name: wanted.get(_key(cells[at])) for name, at in places.items()}
                if all(name == meant for name, meant in there.items()):
                    fault = "repeated header"
                elif len({*there.values()} - {None}) >= len(places) / 2:
                    return Reading("a header that has the columns in another order")
        records.append(_Record(row, {}, {fault} if fault else set(), fault=bool(fault)))
        if not fault:
            whole.append({name: cells[at] for name, at in places.items()})
    if not records:
        return Reading("a header without rows")
    orders, refusal = _date_orders([cells["joined_bank"] for cells in whole], max_quarantine_rate)
    notations = {}
    for name in MONEY:
        notations[name], column_refusal = _notation(
            [cells[name] for cells in whole], max_quarantine_rate
        )
        refusal = refusal or column_refusal
    currencies = {code for notation in notations.values() for code in notation.currencies}
    if len(currencies) > 1:
        refusal = refusal or "mixes currencies"
    ids = [cells.get(name, "") for cells in whole for name in IDS]
    if any(_is_spoilt(cell.strip(BLANKS)) for cell in ids):
        refusal = refusal or "ids examined"
    if refusal:
        return Reading(refusal, rows=len(records))
    known = _codes(lookups, whole)
    remaining = iter(whole)
    for record in records:
        if not record.fault:
            _type(record, next(remaining), known, orders, notations, currencies)
    return _judged(records, max_quarantine_rate)


def _widths(lines: list[str], separator: str) -> set[int]:
    """Return the cell counts of rows that are not blank; none if a quote is misplaced."""
    read = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, strict=True)
    try:
        return {len(cells) for cells in read if any(cell.strip() for cell in cells)}
    except csv.Error:
        return set()


def _key(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _first_sheet(path: Path) -> list[list[str]]:
    """Return the rows of the first sheet of a workbook, from column A on, without blank rows."""
    with zipfile.ZipFile(path) as archive:
        texts = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
        shared = ["".join(item.itertext()) for item in texts.iter(f"{_MAIN}si")]
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    rows: list[list[str]] = []
    for row in sheet.iter(f"{_MAIN}row"):
        cells: dict[int, str] = {}
        for cell in row.iter(f"{_MAIN}c"):
            value = cell.findtext(f"{_MAIN}v") or ""
            letters = re.sub(r"[0-9]", "", cell.get("r", ""))
            place = 0
            for letter in letters:
                place = place * 26 + ord(letter) - ord("A") + 1
            is_shared = cell.get("t") == "s"
            cells[place - 1] = shared[int(value)] if is_shared else _sheet_number(value)
        width = len(rows[0]) if rows else max(cells) + 1
        # Cells right of the header are notes.
        listed = [cells.get(place, "") for place in range(width)]
        if any(cell.strip(" \t") for cell in listed):
            rows.append(listed)
    return rows


class _Number(str):
    """The text of a cell that holds a number."""

    __slots__ = ()


def _sheet_number(text: str) -> _Number:
    """Return a number as text without the surplus digits of a double."""
    number = Decimal(text)
    cents = round(number, 2)
    if abs(number - cents) > Decimal("0.000001"):
        return _Number(text)
    return _Number(int(cents)) if cents == int(cents) else _Number(cents)


def _table(path: Path, data: bytes) -> list[list[str]] | None:
    """Return the header and the rows of a workbook or a Parquet file; None for text."""
    if data.startswith(b"PAR1"):
        columns = pyarrow.parquet.read_table(path)
        lists = [["" if cell is None else cell for cell in c.to_pylist()] for c in columns.columns]
        return [columns.column_names, *map(list, zip(*lists, strict=True))]
    if not data.startswith(b"PK"):
        return None
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" in archive.namelist():
            return _first_sheet(path)
        return _first_ods_table(archive) if "content.xml" in archive.namelist() else None


_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def _first_ods_table(archive: zipfile.ZipFile) -> list[list[str]]:
    """Return the rows of the first table of an .ods file, without blank rows."""
    content = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314
    rows: list[list[str]] = []
    for row in next(content.iter(f"{_TABLE}table")).iter(f"{_TABLE}table-row"):
        cells = [
            _sheet_number(number) if number else "".join(cell.itertext())
            for cell in row.iter(f"{_TABLE}table-cell")
            for number in [cell.get(f"{_OFFICE}value")]
        ]
        width = len(rows[0]) if rows else len(cells)
        listed = [*cells, *[""] * width][:width]
        if any(cell.strip(" \t") for cell in listed):
            rows.append(listed)
    return rows


def _text(data: bytes, encoding: str) -> str:
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(archive.namelist()[0])
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return data.decode("utf-32")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig")
    return data.decode(encoding)


def records_of(lines: list[str], separator: str, width: int) -> list[list[str] | str]:
    """Return the cells of each record that is not blank, or its fault if the quoting is broken."""
    found: list[list[str] | str] = []
    number = 0
    while number < len(lines):
        taken = 1
        cells = _cells(lines[number], separator)
        while cells is None and number + taken < len(lines) and taken < 100:
            taken += 1  # a quote is still open: the record may continue
            cells = _cells("\n".join(lines[number : number + taken]), separator)
        if taken > 1 and cells and not _is_one(lines[number : number + taken], separator, width):
            cells = []
        if not cells:  # broken, or open to the end: only this line is quarantined
            found.append("broken quoting")
            taken = 1
        elif any(cell.strip(" \t") for cell in cells):
            found.append(cells)
        number += taken
    return found


def _is_one(lines: list[str], separator: str, width: int) -> bool:
    """Return whether lines whose quotes match are one record rather than several rows."""
    text = "\n".join(lines)
    spans: list[tuple[int, int]] = []
    cells = _cells(text, separator, spans) or []
    if len(cells) < width or any(cell.strip(" \t") for cell in cells[width:]):
        return False
    raw = [text[start:end].strip(" \t") for start, end in spans]
    bare = [cell for cell in raw if not cell.startswith('"')]
    needless = [
        cell
        for cell in raw
        if cell.startswith('"')
        and not any(mark in cell[1:-1] for mark in (separator, '"', "\n", "\r"))
        and cell[1:-1] == cell[1:-1].strip(" \t")
    ]
    if needless and not any(letter.isalpha() for cell in bare for letter in cell):
        return True
    # Separators count if they are between cells, or in a cell that spans a line end.
    marks = [
        "\0" if letter == separator and not _is_inside(at, spans, text) else letter
        for at, letter in enumerate(text)
    ]
    full = []
    for number, line in enumerate("".join(marks).split("\n")):
        parts = line.split("\0")
        if len(parts) >= width and not "".join(parts[width:]).strip(' \t"'):
            full.append(number)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    gained = any(
        letter == separator and any(first <= at < last for first, last in spans)
        for number in full
        if number
        for at, letter in enumerate(text)
        if starts[number] <= at < starts[number + 1] and marks[at] == "\0"
    )
    return len(full) < 2 and not gained


def _is_inside(at: int, spans: list[tuple[int, int]], text: str) -> bool:
    """Return whether a position is inside a cell that begins and ends in the same line."""
    return any(first <= at < last and "\n" not in text[first:last] for first, last in spans)


def _cells(
    text: str, separator: str, spans: list[tuple[int, int]] | None = None
) -> list[str] | None:
    """Return the cells of a record: an empty list if a quote is misplaced, None if one is open.

    If `spans` is given, the start and end of each cell in the text are added to this list.
    """
    cells = []
    at = 0
    blanks = " " if separator == "\t" else " \t"
    while True:
        start = at
        while at < len(text) and text[at] in blanks:
            at += 1
        if at < len(text) and text[at] == '"':
            cell = ""
            at += 1
            while True:
                end = text.find('"', at)
                if end < 0:
                    return None
                cell += text[at:end]
                at = end + 1
                if text[at : at + 1] != '"':
                    break
                cell += '"'
                at += 1
            while at < len(text) and text[at] in blanks:
                at += 1
            if at < len(text) and text[at] != separator:
                return []
        else:
            at = text.find(separator, start)
            at = len(text) if at < 0 else at
            cell = text[start:at]
            if '"' in cell:
                return []
        cells.append(cell)
        if spans is not None:
            spans.append((start, at))
        if at >= len(text):
            return cells
        at += 1


def _codes(lookups: Path | None, rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {
        "fee_structure": {name.lower(): name for name in ("High", "Mid", "Low")},
        "loyalty_classification": {
            name.lower(): name for name in ("Jade", "Silver", "Gold", "Platinum")
        },
    }
    for column, table, noun in (
        ("br_id", "banking_relationships", "Relationship"),
        ("gender_id", "genders", "Gender"),
        ("ia_id", "investment_advisors", "Advisor"),
    ):
        if lookups is None:
            known[column] = _own_names([_clean_id(row[column]) for row in rows], noun)
            continue
        with (lookups / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
            named = list(csv.reader(file))[1:]
        known[column] = {text.lower(): name for code, name in named for text in (code, name)}
    return known


def _own_names(codes: list[str | None], noun: str) -> dict[str, str]:
    """Return names for codes without a lookup. Ids get a generated name; names stay unchanged."""
    known: dict[str, str] = {}
    # If codes differ only in case, the first in sort order is kept, because it comes last.
    for code in sorted(filter(None, codes), reverse=True):
        is_id = " " not in code and any("0" <= letter <= "9" for letter in code)
        known[code.lower()] = f"{noun} {code}" if is_id else code
    return known


def _type(
    record: _Record,
    cells: dict[str, str],
    known: dict[str, dict[str, str]],
    orders: list[str],
    notations: dict[str, _Notation],
    currencies: set[str],
) -> None:
    values, reasons = record.values, record.reasons
    clean = {name: _clean(cell) for name, cell in cells.items()}
    for name in IDS:
        clean[name] = _clean_id(cells.get(name, ""))
    for name in TEXTS:
        raw = "name" if name == "client_name" else name
        values[name] = clean[raw]
        if clean[raw] is None:
            reasons.add(raw)
    for name in OPTIONAL:
        values[name] = clean.get(name)
    for raw, name in CODES.items():
        values[name] = known[raw].get((clean[raw] or "").lower())
        if values[name] is None:
            reasons.add(raw)
    for name in WHOLE:
        count = values[name] = _whole(clean[name] or "")
        limits = {"age": (0, 120), "risk_weighting": (1, 5)}.get(name, (0, 2**31))
        if count is None or not limits[0] <= count <= limits[1]:
            reasons.add(name)
    for name in MONEY:
        values[name] = _money(cells[name], notations[name], currencies)
        if values[name] is None:
            reasons.add(name)
    dates = _date_readings(cells["joined_bank"])
    joined = next((dates[order] for order in orders if order in dates), None)
    values["joined_date"] = joined
    if joined is None:
        record.is_exchanged = any(_exchanged(order) in dates for order in orders)
    if joined is None or not EARLIEST <= joined <= AS_OF:
        reasons.add("joined_bank")


def _clean(cell: str) -> str | None:
    text = cell.strip(BLANKS)
    return None if not text or text in NOTHING else text


def _clean_id(cell: str) -> str | None:
    text = _clean(cell)
    return text.split(".")[0] if text and re.fullmatch(r"[0-9]+\.00?", text) else text


def _is_spoilt(text: str) -> bool:
    """Return whether a spreadsheet marked an id as text, cut off its digits or did not show it."""
    if text.startswith('="') or (len(text) > 1 and set(text) == {"#"}):
        return True
    if text.startswith("'"):
        return any("0" <= letter <= "9" for letter in text)
    mantissa, exponential, exponent = text.upper().partition("E")
    if not exponential or not re.fullmatch("[+]?[0-9]+", exponent):
        return False
    return bool(
        re.fullmatch("[+-]?[0-9][.,][0-9]+", mantissa)
        or (re.fullmatch("[+-]?[0-9]", mantissa) and exponent[0] == "+")
    )


def _whole(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", text):
        return None
    number = int(text.split(".")[0])
    return number if -(2**31) <= number < 2**31 else None


# ------------------------------------------------------------------ amounts


def _currency_at(text: str, *, front: bool) -> tuple[str | None, str]:
    """Return the currency at one end of an amount, and the rest of the amount."""
    for sign, code in SIGNS.items():
        end = text[: len(sign)] if front else text[-len(sign) :]
        if end.upper() == sign:
            rest = text[len(sign) :] if front else text[: -len(sign)]
            return code, rest.strip(SPACES)
    return None, text


def _peeled(cell: str) -> tuple[str, str | None, str] | None:
    """Return the sign (`(` for brackets), currency and digits of an amount; None for other text."""
    text = cell.strip(BLANKS)
    sign = text[:1] if text[:1] in "+-" else ""
    text = text[len(sign) :].lstrip(SPACES)
    code, text = _currency_at(text, front=True)
    if code and not sign and text[:1] in ("+", "-"):
        sign, text = text[:1], text[1:].lstrip(SPACES)
    if text[:1] == "(" and text[-1:] == ")" and not sign:
        sign, text = "(", text[1:-1].strip(SPACES)
        if not code:
            code, text = _currency_at(text, front=True)
    if not code:
        code, text = _currency_at(text, front=False)
    return (sign, code, text) if re.fullmatch("[0-9].*", text) else None


def _number(text: str, mark: str) -> Decimal | None:
    whole, *fractions = text.split(mark)
    if len(fractions) > 1 or not re.fullmatch("[0-9]*", "".join(fractions)):
        return None
    separators = set(re.sub("[0-9]", "", whole))
    if separators:
        if len(separators) > 1 or not separators <= set(".,'’" + SPACES) - {mark}:
            return None
        first, *groups = whole.split(separators.pop())
        if not re.fullmatch("[1-9][0-9]{0,2}", first) or any(len(group) != 3 for group in groups):
            return None
        whole = first + "".join(groups)
    fraction = "".join(fractions)
    if len(fraction.rstrip("0")) > 18:
        return None
    return Decimal(f"{whole}.{fraction}0")


def _is_dash(cell: str) -> bool:
    """Return whether a cell is a dash that means zero in any column."""
    code, rest = _currency_at(cell.strip(BLANKS), front=True)
    padded = re.fullmatch(f"[{SPACES}]*-[{SPACES}][{SPACES}]+", cell)
    return rest == "-" and (code is not None or padded is not None)


def _notation(cells: list[str], rate: float) -> tuple[_Notation, str]:
    only = Counter[str]()
    either = amounts = 0
    long = Counter[str]()
    currencies = set()
    has_dashes = False
    for cell in cells:
        if _is_dash(cell):
            has_dashes = True
            amounts += 1
            code, _ = _currency_at(cell.strip(BLANKS), front=True)
            currencies |= {code} if code else set()
            continue
        peeled = _peeled(cell)
        if peeled is None:
            continue
        sign, code, text = peeled
        fits = {mark: number for mark in ".," if (number := _number(text, mark)) is not None}
        if not fits:
            continue
        amounts += 1
        has_dashes |= sign == "("
        currencies |= {code} if code else set()
        if re.fullmatch("(0[0-9]*|[0-9]{1,3})[.,][0-9]{3}", text):
            either += 1
        elif len(fits) == 1:
            only[next(iter(fits))] += 1
        for mark, number in fits.items():
            long[mark] += number * 100 != int(number * 100)
    mark = "," if only[","] > only["."] else "."
    notation = _Notation(mark, has_dashes, frozenset(currencies))
    other = only["," if mark == "." else "."]
    texts = [cell for cell in cells if not isinstance(cell, _Number)]
    if len(texts) < len(cells) and _notation(texts, 1.0)[1]:
        return notation, "raw_decimal_mark"
    if (either and (other or not only[mark])) or (other and other == only[mark]):
        return notation, "raw_decimal_mark"
    return notation, "raw_money_rounding" if long[mark] > rate * amounts else ""


def _money(cell: str, notation: _Notation, currencies: set[str]) -> Decimal | None:
    if _is_dash(cell) or (notation.has_dashes and cell.strip(BLANKS) == "-"):
        return Decimal("0.00")
    peeled = _peeled(cell)
    if peeled is None or not {peeled[1]} <= currencies | {None}:
        return None
    amount = _number(peeled[2], notation.mark)
    if amount is None or amount * 100 != int(amount * 100) or amount >= LARGEST:
        return None
    return (-amount if peeled[0] in ("-", "(") else amount).quantize(Decimal("0.01"))


# ------------------------------------------------------------------ dates


def _date_readings(cell: str) -> dict[str, date]:
    """Return the dates that a cell may mean, by order and separator, such as `dmY-`."""
    midnight = r"[T ](0{1,2}:00(:00(\.0+)?)?Z?|12:00(:00)? ?[Aa][Mm]) *$"
    text = re.sub(midnight, "", cell.strip(BLANKS)).strip(BLANKS)
    match = re.fullmatch(r"([0-9]{1,4})([-/. ])([0-9]{1,2})\2([0-9]{1,4})", text)
    if match:
        first, mark, second, third = match.groups()
        if len(first) == 4:
            orders = ["Ymd"] if len(third) <= 2 else []
        elif len(first) == 3:
            orders = []
        elif len(third) == 4:
            orders = ["dmY", "mdY"]
        else:
            orders = ["dmy", "mdy", *(["ymd"] if len(first) == 2 else [])]
            orders = orders if len(third) == 2 else []
        parts = (first, second, third)
    elif re.fullmatch("[0-9]{8}", text):
        mark = ""
        orders = ["Ymd"] if text[4:6] <= "12" else ["dmY", "mdY"]
        parts = (text[:4], text[4:6], text[6:])
        if orders != ["Ymd"]:
            parts = (text[:2], text[2:4], text[4:])
    else:
        return {}
    found = {}
    for order in orders:
        value = dict(zip(order, map(int, parts), strict=True))
        year = value.get("Y") or value.get("y", 0) + (2000 if value.get("y", 0) < 69 else 1900)
        if year >= 1000:
            try:
                found[order + mark] = date(year, value["m"], value["d"])
            except ValueError:
                continue
    return found


def _exchanged(order: str) -> str:
    return order.translate(str.maketrans("dm", "md"))


def _date_orders(cells: list[str], rate: float) -> tuple[list[str], str]:
    """Return the orders that the dates of a file prove, and the refusal's words, if any."""
    unread = [cell for cell in cells if not _date_readings(cell)]
    if len(unread) > max(0.5, rate) * len(cells) and any(map(_clean, unread)):
        return [], "raw_date_format"
    kinds: defaultdict[tuple[bool, bool, str], list[dict[str, date]]] = defaultdict(list)
    for cell in cells:
        readings = _date_readings(cell)
        if readings:
            order = next(iter(readings))
            # Dates of one kind agree in the year's digits, the year's position and the separator.
            kinds["y" in order, order[0] == "Y", order[3:]].append(readings)
    proved: list[tuple[int, str]] = []
    unproved = 0
    converted = _converted(kinds)
    for name, kind in kinds.items():
        alone = Counter(next(iter(found)) for found in kind if len(found) == 1)
        doubtful = any(len(set(found.values())) > 1 for found in kind)
        ranked = alone.most_common()
        if name in converted:
            unproved += len(kind)
        elif not ranked and not doubtful:
            proved.append((len(kind), next(iter(kind[0]))))
        elif ranked and (
            len(ranked) == 1
            or (ranked[0][1] > ranked[1][1] and _exchanged(ranked[0][0]) == ranked[1][0])
        ):
            proved.append((len(kind), ranked[0][0]))
        else:
            unproved += len(kind)
    dates = unproved + sum(count for count, _ in proved)
    if unproved and not (proved and unproved <= rate * dates):
        return [], "raw_date_format"
    orders = [order for _, order in sorted(proved, key=lambda found: -found[0])]
    return orders or ["dmY-"], ""


Kind = tuple[bool, bool, str]


def _converted(kinds: dict[Kind, list[dict[str, date]]]) -> set[Kind]:
    """Return the kinds of date in which a spreadsheet has probably exchanged day and month."""
    days: dict[Kind, set[date]] = {}
    doubtful = set()
    for name, kind in kinds.items():
        ranked = Counter(next(iter(found)) for found in kind if len(found) == 1).most_common()
        order = ranked[0][0] if ranked else min(order for found in kind for order in found)
        days[name] = {found[order] for found in kind if order in found}
        if (not ranked and any(len(set(found.values())) > 1 for found in kind)) or (
            len(ranked) > 1 and ranked[0][1] == ranked[1][1]
        ):
            doubtful.add(name)
    one_sided: dict[bool, set[Kind]] = {True: set(), False: set()}
    for name, own in days.items():
        rest = [day for other in days if other != name for day in days[other]]
        for is_late in (True, False):
            usual = [day for day in own if (day.day > 12) == is_late]
            few = len(own) - len(usual)
            rare = few + sum((day.day > 12) != is_late for day in rest)
            total = len(own) + len(rest)
            ways = sum(
                math.comb(rare, n) * math.comb(total - rare, len(own) - n) for n in range(few + 1)
            )
            if (
                len({day.day for day in usual}) >= 6
                and len({day.month for day in usual}) >= 2
                and few <= len(own) / 4
                and 2 * few * len(rest) <= (rare - few) * len(own)
                and ways * 10_000 < math.comb(total, len(own))
            ):
                one_sided[is_late].add(name)
    early = one_sided[False] or (set(kinds) - one_sided[True] if one_sided[True] else set())
    exchangeable = {
        name for name in early if any(day.day <= 12 and day.day != day.month for day in days[name])
    }
    return exchangeable - doubtful


def _judged(records: list[_Record], max_quarantine_rate: float) -> Reading:
    mixed = any(record.is_exchanged for record in records)
    for record in records:
        day = record.values.get("joined_date")
        if (
            mixed
            and not record.reasons
            and isinstance(day, date)
            and day.day <= 12
            and day.day != day.month
        ):
            record.reasons.add("joined_bank")
    groups: defaultdict[tuple[Value, ...], list[_Record]] = defaultdict(list)
    for record in records:
        if not record.reasons:
            keys = ("client_id", "client_name", "joined_date")
            groups[tuple(record.values[key] for key in keys)].append(record)
    for group in groups.values():
        is_identical = len(Counter(tuple(r.values.items()) for r in group)) == 1
        for record in group[1:] if is_identical else group if len(group) > 1 else ():
            record.reasons.add("repeats" if is_identical else "one")
    quarantined = tuple(
        Quarantined(
            record.row,
            frozenset(record.reasons),
            tuple(_amount(record.values.get(name)) for name in MONEY),
        )
        for record in records
        if record.reasons
    )
    kept = tuple(record.values for record in records if not record.reasons)
    if not kept:
        return Reading("no customer is left", quarantined=quarantined, rows=len(records))
    if len(quarantined) > max_quarantine_rate * len(records):
        return Reading("max_quarantine_rate", quarantined=quarantined, rows=len(records))
    return Reading(None, kept, quarantined, len(records))


def _amount(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
