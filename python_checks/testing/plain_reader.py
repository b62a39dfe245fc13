"""A slow reader of a clients file in plain Python: what a drop should give, said a second time.

It shares no code with the package or the macros, so that the two can be held against each
other. It knows text files in UTF-8 (with or without mark) and UTF-16 (with mark), plain or
gzip, of the usual headers in any spelling, joining dates as day, month, year, and the lookups
as they are shipped.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

Value = str | int | Decimal | date | None
Values = dict[str, Value]

TEXTS = ("client_id", "client_name", "nationality", "occupation")
OPTIONAL = ("banking_contact", "location_id")
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
LARGEST = Decimal(10) ** 16
BLANKS = " \t\u00a0"


@dataclass(frozen=True)
class Aside:
    """A row set aside: its number (the header is row 1), what is wrong, its money."""

    row: int
    reasons: frozenset[str]
    money: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Reading:
    """What a file gives.

    Attributes:
        refusal: words that the message of the refusal must hold, or null.
        accepted: values of the rows accepted.
        aside: the rows set aside. A reason is the column that is wrong, the fault of the line,
            `repeats` or `same`.
        rows: records of the file.
    """

    refusal: str | None
    accepted: tuple[Values, ...] = ()
    aside: tuple[Aside, ...] = ()
    rows: int = 0


@dataclass
class _Record:
    row: int
    values: Values
    reasons: set[str]
    fault: bool = False
    unread_date: str | None = None
    is_exchanged: bool = False


def read_plainly(path: Path, lookups: Path, max_quarantine_rate: float) -> Reading:
    """Read the clients file at `path`.

    Args:
        path: the file.
        lookups: the folder of the shipped seeds, for the codes.
        max_quarantine_rate: the share of rows that may be set aside.
    """
    lines = re.split(r"\r\n|\n", _text(path.read_bytes()))
    separator = max(",;\t|", key=lines[0].count)
    header = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in _cells(lines[0], separator) or []]
    while header and not header[-1]:
        header.pop()
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        return Reading("stands twice")
    wanted = {name.replace("_", ""): name for name in HEADERS}
    places = {wanted[name]: place for place, name in enumerate(header) if name in wanted}
    missing = [name for name in HEADERS if name not in places and name not in OPTIONAL]
    if missing:
        return Reading(f"{len(missing)} required column")
    known = _codes(lookups)
    telling = sorted(places.values())
    shown = _cells(lines[0], separator) or []
    records: list[_Record] = []
    for cells in records_of(lines[1:], separator, len(header)):
        row = len(records) + 2
        fault = cells if isinstance(cells, str) else ""
        if not isinstance(cells, str):
            if len(cells) < len(header):
                fault = "too few cells"
            elif any(cell.strip(" \t") for cell in cells[len(header) :]):
                fault = "too many cells"
            elif all(cells[at] == shown[at].strip() for at in (telling[1], telling[-1])):
                fault = "repeated header"
        if fault:
            records.append(_Record(row, {}, {fault}, fault=True))
        else:
            records.append(_typed(row, {name: cells[at] for name, at in places.items()}, known))
    if not records:
        return Reading("a header and no row")
    return _judged(records, max_quarantine_rate)


def _text(data: bytes) -> str:
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def records_of(lines: list[str], separator: str, width: int) -> list[list[str] | str]:
    """Return the cells of each record, or its fault; blank records are left out."""
    found: list[list[str] | str] = []
    number = 0
    while number < len(lines):
        taken = 1
        cells = _cells(lines[number], separator)
        while cells is None and number + taken < len(lines) and taken < 100:
            taken += 1  # a quote is still open: the record may go on
            cells = _cells("\n".join(lines[number : number + taken]), separator)
        if taken > 1 and cells and not _is_one(lines[number : number + taken], separator, width):
            cells = []
        if not cells:  # broken at once, or open to the end: this line alone is set aside
            found.append("broken quoting")
            taken = 1
        elif any(cell.strip(" \t") for cell in cells):
            found.append(cells)
        number += taken
    return found


def _is_one(lines: list[str], separator: str, width: int) -> bool:
    """Return whether lines whose quotes fit are one record and not several that quotes enclose."""
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
    # Separators between cells count, and those in a cell that goes over a line end.
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
    """Return whether a place is inside a cell that ends in the line it begins in."""
    return any(first <= at < last and "\n" not in text[first:last] for first, last in spans)


def _cells(
    text: str, separator: str, spans: list[tuple[int, int]] | None = None
) -> list[str] | None:
    """Return the cells of a record, none at all if its quotes are broken, null if one is open.

    Where `spans` is given, the place of each cell in the text is added to it.
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


def _codes(lookups: Path) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {
        "fee_structure": {name.lower(): name for name in ("High", "Mid", "Low")},
        "loyalty_classification": {
            name.lower(): name for name in ("Jade", "Silver", "Gold", "Platinum")
        },
    }
    for column, table in (
        ("br_id", "banking_relationships"),
        ("gender_id", "genders"),
        ("ia_id", "investment_advisors"),
    ):
        with (lookups / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))[1:]
        known[column] = {text.lower(): name for code, name in rows for text in (code, name)}
    return known


def _typed(row: int, cells: dict[str, str], known: dict[str, dict[str, str]]) -> _Record:
    record = _Record(row, {}, set())
    values, reasons = record.values, record.reasons
    clean = {name: cell.strip(BLANKS) or None for name, cell in cells.items()}
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
        values[name] = _money(clean[name] or "")
        if values[name] is None:
            reasons.add(name)
    joined = _date(cells["joined_bank"], exchanged=False)
    values["joined_date"] = joined
    if joined is None:
        record.unread_date = clean["joined_bank"]
        record.is_exchanged = _date(cells["joined_bank"], exchanged=True) is not None
    if joined is None or not EARLIEST <= joined <= AS_OF:
        reasons.add("joined_bank")
    return record


def _whole(text: str) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", text):
        return None
    number = int(text.split(".")[0])
    return number if -(2**31) <= number < 2**31 else None


def _money(text: str) -> Decimal | None:
    if re.fullmatch(r"[$€£]? *- *", text):
        return Decimal(0)
    digits = r"(?P<digits>([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,2}0*)?)"
    match = re.fullmatch(rf"(?P<sign>[+-]?)[$€£]? *{digits}", text)
    in_brackets = re.fullmatch(rf"\([$€£]? *{digits}\)", text)
    found = match or in_brackets
    if found is None:
        return None
    amount = Decimal(found["digits"].replace(",", ""))
    if in_brackets or (match and match["sign"] == "-"):
        amount = -amount
    return amount.quantize(Decimal("0.01")) if abs(amount) < LARGEST else None


def _date(text: str, *, exchanged: bool) -> date | None:
    text = text.strip(" ")
    text = re.sub(r"[T ]0{1,2}:00(:00(\.0+)?)?Z? *$", "", text).strip(" ")
    match = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})-([1-9][0-9]{3})", text)
    if match is None:
        return None
    day, month, year = (int(part) for part in match.groups())
    if exchanged:
        day, month = month, day
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _judged(records: list[_Record], max_quarantine_rate: float) -> Reading:
    mixed = any(record.is_exchanged for record in records)
    joined = [
        day for record in records if isinstance(day := record.values.get("joined_date"), date)
    ]
    unread = [record for record in records if record.unread_date is not None]
    if unread and all(r.is_exchanged for r in unread) and all(day.day <= 12 for day in joined):
        return Reading("Set raw_date_format", rows=len(records))
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
            record.reasons.add("repeats" if is_identical else "same")
    aside = tuple(
        Aside(
            record.row,
            frozenset(record.reasons),
            tuple(_amount(record.values.get(name)) for name in MONEY),
        )
        for record in records
        if record.reasons
    )
    if len(aside) > max_quarantine_rate * len(records):
        return Reading("max_quarantine_rate", aside=aside, rows=len(records))
    kept = tuple(record.values for record in records if not record.reasons)
    return Reading(None, kept, aside, len(records))


def _amount(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
