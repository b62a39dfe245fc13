"""Workbooks of a drop: every sheet is examined, and rewritten as Parquet if it holds a table.

All columns of the Parquet file are text. Typed dates become ISO text, and typed numbers are written
with a decimal point.
"""

import datetime
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from bank_warehouse.numbers import count
from bank_warehouse.raw_drop import fallback_reader
from bank_warehouse.raw_drop.archive import FileKind, open_archive
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile, name_hint
from bank_warehouse.raw_drop.header import HeaderMap
from bank_warehouse.raw_drop.mapping import DropMapping
from bank_warehouse.raw_drop.recognise import best_header, describe_unknown, refuse_rows_above
from bank_warehouse.raw_drop.schema import RawColumn, RawTable

CellValue = (
    str
    | int
    | float
    | bool
    | datetime.date
    | datetime.datetime
    | datetime.time
    | datetime.timedelta
)

_ROWS_BEFORE_HEADER = 60
_CENT = 1e-6
_MOST_MONEY = 1e13
_MOST_EXACT = 2**53
"""From this number on, doubles cannot hold every integer, so an id may have lost digits."""
_XML_BLOCK = 4 << 20
_MOST_CELLS_KEPT = 30_000_000
_THREE_DIGITS = re.compile(r"-?\d+[.]\d{3}")
_ALIKE = str.maketrans("23456789", "1" * 8)


@dataclass(frozen=True)
class SheetHead:
    """A sheet with cells.

    Attributes:
        relative: `Banking.xlsx[Sheet name]`, also the `source_file` of its rows.
        name: its name.
        hint: the table that its name, or the name of the workbook, suggests.
        is_own_hint: whether the hint comes from the sheet's own name.
        form: `whole`, `part` or `folder`, from the same name; empty without a hint.
        header: the cells of its header row.
        header_row: the row of its header, 0-based.
        table: the table whose header it is, or None.
        unknown: why the sheet was not recognised; empty if it was.
        is_hidden: whether spreadsheet programs hide it.
    """

    relative: str
    name: str
    hint: RawTable | None
    is_own_hint: bool
    form: str
    header: tuple[str, ...]
    header_row: int
    table: RawTable | None
    unknown: str
    is_hidden: bool


@dataclass
class SheetMarks:
    """Facts about a sheet besides the values of its cells.

    Attributes:
        hidden_rows: number of rows hidden by hand or by a filter.
        errors: the text of each error cell, by its row and column (0-based).
        unvalued: row and column (0-based) of each formula cell without a stored value.
    """

    hidden_rows: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unvalued: list[tuple[int, int]] = field(default_factory=list)


class Workbook:
    """An opened workbook."""

    def __init__(self, file: FoundFile, kind: FileKind) -> None:
        """Open the workbook at `file`.

        Raises:
            DropError: the workbook is damaged, too large, or protected by a password.
        """
        self.file = file
        self.kind = kind
        with open_archive(file):
            pass
        try:
            self._book = CalamineWorkbook.from_path(file.content)
            self._sheets = [
                sheet
                for sheet in self._book.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet
            ]
            self._order = self._book.sheet_names
        except (CalamineError, OSError) as problem:
            raise DropError(_damaged(file.relative, problem)) from None
        self._loaded: dict[str, CalamineSheet] = {}

    def heads(self, mapping: DropMapping) -> Iterator[SheetHead | DropError]:
        """Yield each sheet with cells, or the reason why it cannot be read."""
        with_cells = 0
        for metadata in self._sheets:
            relative = f"{self.file.relative}[{metadata.name}]"
            try:
                sheet = self._load(metadata.name)
                if sheet.start is None:
                    continue
                with_cells += 1
                is_hidden = metadata.visible != SheetVisibleEnum.Visible
                yield self._head(sheet, relative, mapping, is_hidden)
            except DropError as refused:
                yield refused
        if not with_cells:
            yield DropError(
                f"{self.file.relative}: no sheet has any cells. Save the workbook again."
            )

    def _head(
        self, sheet: CalamineSheet, relative: str, mapping: DropMapping, is_hidden: bool
    ) -> SheetHead:
        hint, form = name_hint(sheet.name)
        is_own_hint = hint is not None
        if hint is None:
            hint, form = self.file.hint, self.file.form
        rows = [
            [text_of_cell(cell) for cell in row]
            for row in islice(sheet.iter_rows(), _first_row(sheet) + _ROWS_BEFORE_HEADER)
        ]
        header = best_header(enumerate(rows), hint, mapping)
        if header is None:
            raise DropError(f"{relative}: nothing but blank rows. Save the workbook again.")
        unknown = ""
        if header.table is None:
            unknown = describe_unknown(relative, header, mapping, header.number + 1)
        else:
            above = [(number + 1, rows[number]) for number in range(header.number)]
            width = sum(bool(cell.strip()) for cell in header.cells)
            refuse_rows_above(relative, above, header.number + 1, width)
        return SheetHead(
            relative=relative,
            name=sheet.name,
            hint=hint,
            is_own_hint=is_own_hint,
            form=form,
            header=header.cells,
            header_row=header.number,
            table=header.table,
            unknown=unknown,
            is_hidden=is_hidden,
        )

    def write_parquet(
        self,
        head: SheetHead,
        mapped: HeaderMap,
        shape: fallback_reader.Shape,
        table: RawTable,
        target: Path,
        warnings: list[str],
    ) -> tuple[int, frozenset[str], dict[str, Counter[str]]]:
        """Write the rows of a sheet to `target`.

        Returns:
            The number of rows, the typed columns, and for each mixed column its text cells with
            their counts. A typed column has no text cells: its dates are written as ISO text, and
            its numbers with a decimal point. A mixed column is a money column with both text and
            number cells. Text cells that differ only in digits other than zero are counted
            together, under the first of them.

        Raises:
            DropError: the sheet is damaged, or a spreadsheet has exchanged the day and month of
                some dates.
        """
        sheet = self._load(head.name)
        marks = self.marks(head.name)
        first_column = sheet.start[1] if sheet.start else 0
        columns = [column for column in table.columns if column.name in mapped.positions]
        places = [mapped.positions[column.name] for column in columns]
        writers = [cell_writer(column) for column in columns]
        untyped: set[int] = set()
        texts = {at: Counter[str]() for at, column in enumerate(columns) if column.kind == "money"}
        alike: dict[str, str] = {}
        with_numbers: set[int] = set()
        watch = _DateWatch(head.relative)
        date_at = next((i for i, column in enumerate(columns) if column.kind == "date"), None)
        width = len(mapped.names)
        beside = 0
        rows_with_errors = {row for row, _ in marks.errors}

        def records() -> Iterator[fallback_reader.Record]:
            nonlocal beside
            rows: Iterator[Sequence[CellValue]] = sheet.iter_rows()
            for number, row in enumerate(rows):
                if number <= head.header_row:
                    continue
                cells = list(row)
                if number in rows_with_errors:
                    for at in range(len(cells)):
                        cells[at] = marks.errors.get((number, at + first_column), cells[at])
                if _is_blank(cells[0]) and all(map(_is_blank, cells[:width])):
                    continue
                beside += any(cell != "" for cell in cells[width:])
                # A row with a number as its amount is not a header.
                if shape.amount is None or isinstance(cells[shape.amount], str):
                    shown = [text_of_cell(cell) for cell in cells[:width]]
                    fault = fallback_reader.header_fault(shown, shape)
                    if fault:
                        yield fallback_reader.Record((), fault, "\t".join(shown))
                        continue
                if date_at is not None:
                    watch.see(cells[places[date_at]], number + 1)
                written = []
                for at, (place, write) in enumerate(zip(places, writers, strict=True)):
                    cell = cells[place]
                    if not _is_blank(cell) and (
                        isinstance(cell, str)
                        or (at == date_at and not isinstance(cell, datetime.date))
                    ):
                        untyped.add(at)
                    if at in texts and not _is_blank(cell):
                        if isinstance(cell, str):
                            texts[at][alike.setdefault(cell.translate(_ALIKE), cell)] += 1
                        else:
                            with_numbers.add(at)
                    written.append(write(cell))
                yield fallback_reader.Record(tuple(written), None, "")

        names = [column.name for column in columns]
        rows = fallback_reader.write_records(records(), names, range(len(names)), target)
        watch.check()
        warnings.extend(self._warnings_of(head, marks))
        if beside:
            warnings.append(
                f"{head.relative}: {count(beside, 'row')} with cells to the right of the table, "
                "which are ignored."
            )
        typed = (name for at, name in enumerate(names) if at not in untyped)
        mixed = {names[at]: texts[at] for at in with_numbers if texts[at]}
        return rows, frozenset(typed), mixed

    def marks(self, name: str) -> SheetMarks:
        """Return the facts about a sheet besides its values.

        Raises:
            DropError: the workbook is damaged.
        """
        with open_archive(self.file) as archive:
            try:
                if self.kind == "ods":
                    return SheetMarks(_hidden_ods_rows(archive, self._order.index(name)))
                return _xlsx_marks(archive, _sheet_path(archive, self._order.index(name)))
            except (KeyError, zipfile.BadZipFile) as problem:
                raise DropError(_damaged(f"{self.file.relative}[{name}]", problem)) from None

    def _warnings_of(self, head: SheetHead, marks: SheetMarks) -> Iterator[str]:
        if head.is_hidden:
            yield f"{head.relative}: the sheet is hidden. It is read like the others."
        if marks.hidden_rows:
            hidden = count(marks.hidden_rows, "hidden or filtered row")
            yield f"{head.relative}: has {hidden}, read like the others."
        if marks.unvalued:
            row, column = marks.unvalued[0]
            yield (
                f"{head.relative}: has {count(len(marks.unvalued), 'formula')} without a "
                f"stored value, such as {cell_name(row, column)}: read as empty. Open the "
                "workbook in a spreadsheet and save it; this computes the values."
            )
        if marks.errors:
            (row, column), text = next(iter(marks.errors.items()))
            yield (
                f"{head.relative}: has {count(len(marks.errors), 'cell')} with an error, such as "
                f"{text} in {cell_name(row, column)}."
            )

    def _load(self, name: str) -> CalamineSheet:
        """Return a sheet with all its cells; if the cache is large, it is emptied first."""
        if name not in self._loaded:
            if sum(s.height * s.width for s in self._loaded.values()) > _MOST_CELLS_KEPT:
                self._loaded.clear()
            try:
                self._loaded[name] = self._book.get_sheet_by_name(name)
            except (CalamineError, OSError, ValueError) as problem:
                raise DropError(_damaged(f"{self.file.relative}[{name}]", problem)) from None
        return self._loaded[name]


class _DateWatch:
    """Finds dates that a spreadsheet read in the wrong order.

    A spreadsheet that reads the month first turns `05/06/2019`, which is 5 June, into 6 May. It
    leaves `25/12/2019` as text. So a sheet with typed dates, and with text dates whose day is above
    12, is refused in two cases:

    - No typed date has a day above 12.
    - At least ten text dates, on at least six days of the month, have a day above 12, and no text
        date has a day up to 12. Two in five days are up to 12, so this occurs by chance in fewer
        than one sheet in a hundred.
    """

    _TEXT = re.compile(r"\s*(\d{1,2})([-/. ])(\d{1,2})\2\d{2,4}(?:[T ]\s*\d.*)?\s*")
    _MANY = 10
    _FEWEST_DAYS = 6

    def __init__(self, relative: str) -> None:
        self.relative = relative
        self.dates = 0
        self.texts = 0
        self.example = ""
        self.row = 0
        self.days: set[int] = set()
        self.has_late_date = False
        self.has_early_text = False

    def see(self, value: CellValue, row: int) -> None:
        if isinstance(value, datetime.date):
            self.dates += 1
            self.has_late_date = self.has_late_date or value.day > 12
        elif isinstance(value, str) and (match := self._TEXT.fullmatch(value)):
            if max(int(match[1]), int(match[3])) <= 12:
                self.has_early_text = True
                return
            self.texts += 1
            self.days.add(max(int(match[1]), int(match[3])))
            self.example = self.example or value
            self.row = self.row or row

    def check(self) -> None:
        is_many = self.texts >= self._MANY and len(self.days) >= self._FEWEST_DAYS
        is_converted = is_many and not self.has_early_text
        if self.dates and self.texts and (is_converted or not self.has_late_date):
            are_text = "is text" if self.texts == 1 else "are text"
            raise DropError(
                f"{self.relative}, row {self.row}: {count(self.texts, 'joining date')} with a "
                f"day above 12 {are_text}, such as {self.example!r}, and {self.dates:,} others "
                "are stored as dates: a spreadsheet read them in the wrong order, and exchanged "
                "day and month where it could. Deliver the file as it was before the spreadsheet "
                "opened it. If the stored dates are right, enter the text cells as dates too."
            )


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, such as B7, from its 0-based row and column."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def text_of_cell(value: CellValue) -> str:
    """Return a cell as text: a whole number without a fraction, a date as 2019-05-06."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _MOST_EXACT else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return str(value)


def cell_writer(column: RawColumn) -> Callable[[CellValue], str]:
    """Return the function that writes the cells of a column as text."""
    if column.kind == "money":
        return _money
    if column.kind == "date":
        return _date
    return _id


def _money(value: CellValue) -> str:
    if isinstance(value, float) and abs(value) < _MOST_MONEY:
        cents = round(value, 2)
        if abs(value - cents) <= _CENT:
            return f"{cents:.2f}"
        if _THREE_DIGITS.fullmatch(repr(value)):
            return f"{value!r}0"  # three digits would look like thousands
    return text_of_cell(value)


def _id(value: CellValue) -> str:
    """Return an id as text. Inexact numbers get scientific notation, in which ids are refused."""
    is_inexact = isinstance(value, float) and abs(value) >= _MOST_EXACT
    return f"{value:.15e}" if is_inexact else text_of_cell(value)


def _date(value: CellValue) -> str:
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time():
            return value.date().isoformat()
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, datetime.date) else text_of_cell(value)


def _is_blank(cell: CellValue) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _first_row(sheet: CalamineSheet) -> int:
    return sheet.start[0] if sheet.start else 0


def _damaged(relative: str, problem: Exception) -> str:
    return (
        f"{relative}: the workbook is damaged or cut off "
        f"({' '.join(str(problem).split())[:200]}). Copy it again, or save it again."
    )


# ---------------------------------------------------------------------------- the XML of a file

_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\w+:id=[\"']([^\"']+)[\"']")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ID = re.compile(rb"\sId=[\"']([^\"']+)[\"']")
_TARGET = re.compile(rb"\sTarget=[\"']([^\"']+)[\"']")
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\shidden=[\"'](?:1|true)[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]+)[\"']")
_IS_ERROR = re.compile(rb"\bt=[\"']e[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_END_OF_ROW = re.compile(rb"</(?:\w+:)?row>")
_ODS_TABLE = re.compile(rb"<table:table\s")
_ODS_HIDDEN = re.compile(
    rb"<table:table-row\s[^>]*?table:visibility=[\"'](?:collapse|filter)[\"'][^>]*>"
)
_ODS_REPEATED = re.compile(rb"table:number-rows-repeated=[\"'](\d+)[\"']")


def _sheet_path(archive: zipfile.ZipFile, place: int) -> str:
    """Return the path, inside an .xlsx file, of the sheet at position `place`."""
    ids = _SHEET.findall(archive.read("xl/workbook.xml"))
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        id_found, target = _ID.search(relation), _TARGET.search(relation)
        if id_found and target and id_found[1] == ids[place]:
            path = target[1].decode()
            return path.removeprefix("/") if path.startswith("/") else f"xl/{path}"
    raise KeyError(ids[place].decode())


def _xlsx_marks(archive: zipfile.ZipFile, path: str) -> SheetMarks:
    """Search the XML of a sheet block by block; only blocks with formulas or errors are parsed."""
    marks = SheetMarks()
    with archive.open(path) as file:
        rest = b""
        while block := file.read(_XML_BLOCK):
            block = rest + block
            ends = list(_END_OF_ROW.finditer(block))
            cut = ends[-1].end() if ends else 0
            rest, block = block[cut:], block[:cut]
            _note_marks(block, marks)
        _note_marks(rest, marks)
    return marks


def _note_marks(block: bytes, marks: SheetMarks) -> None:
    if b"hidden=" in block:
        marks.hidden_rows += len(_HIDDEN_ROW.findall(block))
    has_formulas = _FORMULA.search(block) is not None
    if not has_formulas and _IS_ERROR.search(block) is None:
        return
    for attributes, inner in _CELL.findall(block):
        place = _PLACE.search(attributes)
        value = _VALUE.search(inner)
        if place is None:
            continue
        if value and _IS_ERROR.search(attributes):
            marks.errors[_numbers(place)] = value[1].decode("utf-8", "replace")
        elif value is None and _FORMULA.search(inner):
            marks.unvalued.append(_numbers(place))


def _numbers(place: re.Match[bytes]) -> tuple[int, int]:
    column = 0
    for letter in place[1]:
        column = column * 26 + letter - ord("A") + 1
    return int(place[2]) - 1, column - 1


def _hidden_ods_rows(archive: zipfile.ZipFile, place: int) -> int:
    """Return how many rows of the sheet at position `place` are hidden."""
    content = archive.read("content.xml")
    starts = [match.start() for match in _ODS_TABLE.finditer(content)]
    end = starts[place + 1] if place + 1 < len(starts) else len(content)
    hidden = 0
    for row in _ODS_HIDDEN.findall(content[starts[place] : end]):
        repeated = _ODS_REPEATED.search(row)
        hidden += int(repeated[1]) if repeated else 1
    return hidden
