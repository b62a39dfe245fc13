"""Write workbooks for tests, such as the shipped seeds as typed cells."""

import csv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, RawTable
from python_checks.testing.paths import SEEDS

Value = str | float | date
Rows = Sequence[Sequence[Value]]
Edit = Callable[[Workbook, Worksheet], None]
LOOKUPS = tuple(name for name, table in TABLES.items() if table.is_lookup)


def seed_table(table: RawTable) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a shipped seed, as text."""
    with (SEEDS / f"raw_{table.name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def typed_rows(table: RawTable, rows: Sequence[Sequence[str]]) -> list[list[Value]]:
    """Return rows of text as a spreadsheet holds them: numbers as doubles, dates as dates."""
    return [
        [_typed(column.kind, cell) for column, cell in zip(table.columns, row, strict=True)]
        for row in rows
    ]


def _typed(kind: str, cell: str) -> Value:
    if kind == "date":
        return datetime.strptime(cell, "%d-%m-%Y").date()
    return float(cell) if kind in ("money", "whole", "code") else cell


def seed_sheet(table: RawTable) -> list[list[Value]]:
    """Return a shipped seed as the cells of a sheet, its header first."""
    header, rows = seed_table(table)
    return [[*header], *typed_rows(table, rows)]


def seed_sheets() -> dict[str, Rows]:
    """Return the four shipped seeds as sheets, the clients as `Data`."""
    sheets: dict[str, Rows] = {"Data": seed_sheet(CLIENTS)}
    return sheets | {name: seed_sheet(TABLES[name]) for name in LOOKUPS}


def write_xlsx(
    path: Path, sheets: Mapping[str, Rows], *, top: int = 0, left: int = 0, edit: Edit | None = None
) -> None:
    """Write sheets as an .xlsx file.

    Args:
        path: the file.
        sheets: the cells of each sheet, by the sheet's name.
        top: number of rows above the cells of the first sheet. If there are any, row 1 is a title.
        left: number of empty columns to the left of the first sheet's cells.
        edit: a function that changes the first sheet after its cells are written.
    """
    book = Workbook(path)
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    for place, (name, rows) in enumerate(sheets.items()):
        sheet = book.add_worksheet(name)
        down, right = (top, left) if place == 0 else (0, 0)
        if down:
            sheet.merge_range(0, 0, 0, 4, "Clients of the bank")
        for number, row in enumerate(rows, start=down):
            for column, cell in enumerate(row, start=right):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, days)
                else:
                    sheet.write(number, column, cell)
        if place == 0 and edit is not None:
            edit(book, sheet)
    book.close()


def write_ods(path: Path, sheets: Mapping[str, Rows]) -> None:
    """Write sheets as a minimal .ods file."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(
            "<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>"
            for row in rows
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    kinds = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
        for short in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kinds, zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{manifest}">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kinds}"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}>'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )


def _ods_cell(cell: Value) -> str:
    if isinstance(cell, date):
        value = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
    elif isinstance(cell, float):
        value = f'office:value-type="float" office:value="{cell!r}"'
    else:
        value = 'office:value-type="string"'
    return f"<table:table-cell {value}><text:p>{escape(str(cell))}</text:p></table:table-cell>"
