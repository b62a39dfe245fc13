"""The plan of a read: Python looks at each file, DuckDB reads it in one pass.

What is row n of a file? The n-th record behind its header, blank lines not counted. A record is
blank if it holds nothing but blanks and separators. So where no cell is broken over lines and no
blank line stands between, row n is line n + 1 of a file whose header is its first line. The SQL
of a plan returns the records of a file in the order of the file, and the files in natural order:
in a table made from it, `rowid` less the first `rowid` of the same `source_file`, plus one, is n.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import duckdb

from bank_warehouse.raw_drop import careful, room, scratch
from bank_warehouse.raw_drop.encoding import decide, misread_warning, refuse_utf8
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile, find_files, root_of
from bank_warehouse.raw_drop.head import Head, read_head
from bank_warehouse.raw_drop.header import HeaderMap, map_header
from bank_warehouse.raw_drop.parquet import read_parquet_head, text_of
from bank_warehouse.raw_drop.rewrite import as_utf8, speaking_of, with_header_first
from bank_warehouse.raw_drop.scan import Scan, is_utf8, scan_text
from bank_warehouse.raw_drop.schema import TABLES, RawTable
from bank_warehouse.sql import quote_identifier, quote_literal

# Stands for null in a text file, where nothing does: so an empty cell is read as an empty text,
# and null means a cell that the row does not have.
_SPARE_CELLS = 4
_NEVER = "\x01\x02 no cell \x02\x01"


@dataclass(frozen=True)
class FilePlan:
    """How one file is read.

    Attributes:
        relative: path from the raw folder, forward slashes; `source_file` of its rows.
        path: absolute path of the file as delivered.
        size: bytes when it was looked at.
        modified_ns: time of its last change then, nanoseconds since 1970.
        kind: `csv`, `careful` (rewritten row by row) or `parquet`.
        encoding: of the file as delivered; null for Parquet.
        separator: of the file as delivered; null for Parquet.
        positions: canonical column name to position (0-based) in the file.
    """

    relative: str
    path: Path
    size: int
    modified_ns: int
    kind: str
    encoding: str | None
    separator: str | None
    positions: dict[str, int]


@dataclass(frozen=True)
class TablePlan:
    """How a raw table is read.

    Attributes:
        table: its name.
        files: its files in the order they are read.
        sql: one select that gives the canonical columns, `source_file`, `structural_fault` and
            `raw_line`, all varchar, a row for each record. An empty cell is '' (null in
            Parquet); a column that a file lacks is null. Where `structural_fault` is not null,
            `raw_line` holds the text of the row.
        warnings: what a person should know, one sentence each.
        rows: about how many there are: counted where the file says so, else from its first lines.
    """

    table: str
    files: tuple[FilePlan, ...]
    sql: str
    warnings: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class _Select:
    """A select over files of one shape, all but the files.

    Attributes:
        fields: the canonical columns.
        fault: `structural_fault`.
        raw_line: `raw_line`.
        function: `read_csv` or `read_parquet`.
        options: its options, each with a comma before it.
        condition: which records are kept, or null.
    """

    fields: tuple[str, ...]
    fault: str
    raw_line: str
    function: str
    options: str
    condition: str | None


@dataclass(frozen=True)
class _Read:
    """One file: its plan, the path DuckDB reads, the select, whether it has no row, its rows."""

    plan: FilePlan
    source: Path
    select: _Select
    is_empty: bool
    rows: int


def plan_table(raw_dir: Path, table: str, date_format: str = "%d-%m-%Y") -> TablePlan:
    """Plan the read of a raw table.

    Args:
        raw_dir: the folder of the drop, or its one file.
        table: a name in :data:`bank_warehouse.raw_drop.schema.TABLES`.
        date_format: strftime format in which the dates of Parquet files are written.

    Raises:
        DropError: the drop is refused; the message says why and what to do.
    """
    if table not in TABLES:
        raise DropError(f"{table}: no such raw table. There are {', '.join(TABLES)}.")
    definition = TABLES[table]
    findings = find_files(raw_dir, definition)
    warnings = list(findings.warnings)
    reads = [
        _plan_parquet(file, definition, date_format, warnings)
        if file.is_parquet
        else _plan_text(file, definition, warnings)
        for file in findings.files
    ]
    if reads:
        _refuse_empty(reads, warnings)
    return TablePlan(
        table=table,
        files=tuple(read.plan for read in reads),
        sql=_union(reads, root_of(raw_dir)) if reads else _no_rows(definition),
        warnings=tuple(warnings),
        rows=sum(read.rows for read in reads),
    )


def changed_files(plan: TablePlan) -> tuple[str, ...]:
    """Return the files that are not what they were when the plan was made.

    A file that grows, shrinks or is replaced while it is read may be read in part: ask after
    the read and before anything is published.
    """
    changed = []
    for file in plan.files:
        try:
            status = file.path.stat()
        except OSError:
            changed.append(file.relative)
            continue
        if (status.st_size, status.st_mtime_ns) != (file.size, file.modified_ns):
            changed.append(file.relative)
    return tuple(changed)


def changed_message(files: Iterable[str], raw_dir: Path | str) -> str:
    """Return what to tell of files that changed while they were read; empty where none did."""
    names = ", ".join(sorted(set(files)))
    if not names:
        return ""
    return (
        f"{names}: changed while it was read. Wait until the copy into {raw_dir} is complete, "
        "then build again."
    )


def _refuse_empty(reads: Sequence[_Read], warnings: list[str]) -> None:
    empty = [read.plan.relative for read in reads if read.is_empty]
    if len(empty) == len(reads):
        raise DropError(
            f"{', '.join(empty)}: a header and no row below it. Export the table again."
        )
    warnings.extend(f"{name}: holds a header and no row." for name in empty)


# ---------------------------------------------------------------------------- Parquet


def _plan_parquet(file: FoundFile, table: RawTable, date_format: str, warnings: list[str]) -> _Read:
    head = read_parquet_head(file, table, no_wildcards(file.path))
    warnings.extend(head.mapped.warnings)
    positions = head.mapped.positions
    if any(head.types[place].startswith(("DATE", "TIMESTAMP")) for place in positions.values()):
        _check_date_format(date_format)
    fields = [
        f"{_text_or_null(file, table, index, head.columns, head.types, positions, date_format)}"
        f" as {quote_identifier(column.name)}"
        for index, column in enumerate(table.columns)
    ]
    select = _Select(
        fields=tuple(fields),
        fault="cast(null as varchar)",
        raw_line="cast(null as varchar)",
        function="read_parquet",
        options=", hive_partitioning = false",
        condition=None,
    )
    plan = FilePlan(
        relative=file.relative,
        path=file.path,
        size=file.size,
        modified_ns=file.modified_ns,
        kind="parquet",
        encoding=None,
        separator=None,
        positions=positions,
    )
    return _Read(plan, file.path, select, head.rows == 0, head.rows)


def _text_or_null(
    file: FoundFile,
    table: RawTable,
    index: int,
    columns: Sequence[str],
    types: Sequence[str],
    positions: dict[str, int],
    date_format: str,
) -> str:
    column = table.columns[index]
    if column.name not in positions:
        return "cast(null as varchar)"
    place = positions[column.name]
    return text_of(file.relative, column, columns[place], types[place], date_format)


def _check_date_format(date_format: str) -> None:
    with duckdb.connect() as connection:
        try:
            connection.execute("select strftime(date '2001-02-03', ?)", [date_format])
        except duckdb.Error as problem:
            raise DropError(
                f"raw_date_format: {date_format!r} is no date format "
                f"({str(problem).splitlines()[0]}). Use one such as %d-%m-%Y."
            ) from None


# ---------------------------------------------------------------------------- text


def _plan_text(file: FoundFile, table: RawTable, warnings: list[str]) -> _Read:
    delivered = read_head(file.path, file.relative, table)
    mapped = map_header(file.relative, delivered.header, table)
    warnings.extend(mapped.warnings)
    path, head, scan = _readable(file, delivered, mapped, warnings)
    shape = careful.Shape(
        separator=head.separator,
        width=len(mapped.names),
        header=delivered.header[: len(mapped.names)],
        repeated=_telling_positions(mapped),
    )
    plan = FilePlan(
        relative=file.relative,
        path=file.path,
        size=file.size,
        modified_ns=file.modified_ns,
        kind="csv",
        encoding=head.encoding,
        separator=head.separator,
        positions=mapped.positions,
    )
    if scan.trouble is None:
        select = _csv_select(table, mapped, shape, scan)
        return _Read(plan, path, select, not scan.has_rows, room.estimated_rows(path))
    warnings.append(
        f"{file.relative}: has {scan.trouble}: read row by row, which takes longer; rows that "
        "are not well shaped are set aside."
    )
    target = scratch.new_path(".parquet")
    with speaking_of(file.relative):
        rows = careful.write_parquet(
            path, file.relative, head.mark_length, shape, table, mapped.positions, target
        )
    select = _careful_select(table, mapped)
    return _Read(replace(plan, kind="careful"), target, select, not rows, rows)


def _readable(
    file: FoundFile, delivered: Head, mapped: HeaderMap, warnings: list[str]
) -> tuple[Path, Head, Scan]:
    """Return a plain file in UTF-8 with its header first, and what a look at its bytes says."""
    path = file.path
    head = delivered
    if head.is_gzip or head.encoding != "utf-8":
        path = as_utf8(
            path,
            file.relative,
            is_gzip=head.is_gzip,
            encoding=head.encoding,
            mark_length=head.mark_length,
        )
        if not head.encoding.startswith("utf"):
            refuse_utf8(path, file.relative, head.separator, head.encoding)
        what = "unpacked" if head.encoding == "utf-8" else f"rewritten from {head.encoding.upper()}"
        warnings.append(f"{file.relative}: {what} into a temporary file.")
        head = replace(head, is_gzip=False, mark_length=0)
    skipped = head.lines_before + head.header_lines
    if skipped > 1:
        if head.lines_before:
            warnings.append(f"{file.relative}: {head.lines_before} lines above the header ignored.")
        path = with_header_first(path, file.relative, head.mark_length, skipped)
        head = replace(head, mark_length=0, lines_before=0, header_lines=1)
    width = len(mapped.names)
    with speaking_of(file.relative):
        scan = scan_text(path, head.mark_length, head.separator, width)
        if not scan.is_utf8 or (scan.trouble and not is_utf8(path, head.mark_length)):
            decision = decide(
                path,
                file.relative,
                head.mark_length,
                head.separator,
                max(0, skipped - 1),
                has_mark=delivered.mark_length > 0,
            )
            if decision.warning:
                warnings.append(f"{file.relative}: {decision.warning}")
            if decision.encoding != "utf-8":
                path = as_utf8(
                    path,
                    file.relative,
                    is_gzip=False,
                    encoding=decision.encoding,
                    mark_length=head.mark_length,
                )
                head = replace(head, encoding=decision.encoding, mark_length=0)
                scan = scan_text(path, 0, head.separator, width)
        elif scan.may_be_misread or scan.trouble:
            said = misread_warning(path, head.mark_length, head.separator)
            warnings.extend([f"{file.relative}: {said}"] if said else [])
    return path, head, scan


def _telling_positions(mapped: HeaderMap) -> tuple[int, int]:
    """Return two columns by which a header repeated among the rows is known.

    Not the first one if that can be helped: a mark may be baked into it.
    """
    places = sorted(mapped.positions.values())
    return places[1 if len(places) > 1 else 0], places[-1]


def _csv_select(table: RawTable, mapped: HeaderMap, shape: careful.Shape, scan: Scan) -> _Select:
    """Return the select over a well-quoted file in UTF-8.

    `strict_mode` is off for a reason: with 1.5.5, a CR LF file read in strict mode with
    `new_line` given returns no row and no error. With it off and `new_line` LF, LF, CR LF and
    both in one file are read right. Rows too short are padded with null, rows too long have
    their surplus in spare columns.
    """
    width = shape.width
    cells = [f"cell_{number}" for number in range(scan.most_cells + _SPARE_CELLS)]
    first, last = shape.repeated
    blanks = quote_literal(careful.BLANKS)
    fault = (
        f"case when cell_{width - 1} is null then {quote_literal(careful.TOO_FEW)} "
        f"when cell_{width} is not null and "
        f"trim(concat({', '.join(cells[width:])}), {blanks}) <> '' "
        f"then {quote_literal(careful.TOO_MANY)} "
        f"when cell_{last} = {quote_literal(shape.header[last])} "
        f"and cell_{first} = {quote_literal(shape.header[first])} "
        f"then {quote_literal(careful.REPEATED_HEADER)} end"
    )
    # Nearly every first cell begins with a letter or a digit: no need to look further then.
    not_blank = f"cell_0 > '!' or trim(concat({', '.join(cells)}), {blanks}) <> ''"
    columns = ", ".join(f"{quote_literal(cell)}: 'varchar'" for cell in cells)
    quote = quote_literal('"' if scan.has_quotes else "")
    options = (
        ", auto_detect = false, compression = 'none', header = true, "
        f"delim = {quote_literal(shape.separator)}, quote = {quote}, escape = {quote}, "
        f"new_line = '\\n', columns = {{{columns}}}, "
        f"null_padding = true, strict_mode = false, nullstr = {quote_literal(_NEVER)}, "
        "hive_partitioning = false"
    )
    return _Select(
        fields=tuple(
            f"cell_{mapped.positions[column.name]} as {quote_identifier(column.name)}"
            if column.name in mapped.positions
            else f"cast(null as varchar) as {quote_identifier(column.name)}"
            for column in table.columns
        ),
        fault=fault,
        raw_line=(
            "case when structural_fault is not null "
            f"then {_text_of_row(cells, shape.separator, scan.has_quotes)} end"
        ),
        function="read_csv",
        options=options,
        condition=not_blank if scan.may_have_blanks else None,
    )


def _text_of_row(cells: Sequence[str], separator: str, has_quotes: bool) -> str:
    """Return SQL that puts a row together again, quoted where it must be."""
    mark = quote_literal(separator)
    listed = ", ".join(cells)
    beyond = (
        f"case when {cells[-1]} is null then '' "
        f"else ' [cells beyond {len(cells)} are in the file]' end"
    )
    if not has_quotes:
        return f"concat_ws({mark}, {listed}) || {beyond}"
    quoted = (
        "lambda cell: case when contains(cell, '\"') or "
        f"contains(cell, {mark}) then '\"' || replace(cell, '\"', '\"\"') || '\"' else cell end"
    )
    present = f"list_filter([{listed}], lambda cell: cell is not null)"
    return f"array_to_string(list_transform({present}, {quoted}), {mark}) || {beyond}"


def _careful_select(table: RawTable, mapped: HeaderMap) -> _Select:
    return _Select(
        fields=tuple(
            quote_identifier(column.name)
            if column.name in mapped.positions
            else f"cast(null as varchar) as {quote_identifier(column.name)}"
            for column in table.columns
        ),
        fault="structural_fault",
        raw_line="raw_line",
        function="read_parquet",
        options=", hive_partitioning = false",
        condition=None,
    )


# ---------------------------------------------------------------------------- all files


def _union(reads: Sequence[_Read], root: Path) -> str:
    """Return one select over all files: neighbours of one shape share a read."""
    selects = []
    for _, group in groupby(reads, lambda read: (read.select, read.source == read.plan.path)):
        members = list(group)
        in_place = all(read.source == root / read.plan.relative for read in members)
        if in_place and len(members) > 1:
            selects.append(_render(members, _name_below(root), ", filename = true"))
        else:
            selects.extend(
                _render([read], quote_literal(read.plan.relative), "") for read in members
            )
    return "\nunion all by name\n".join(selects)


def _name_below(root: Path) -> str:
    """Return the SQL of a file's name below `root`, with slashes.

    The name is the same for a whole block of rows: each call is made once a block.
    """
    name = f"substr(filename, {len(root.as_posix().rstrip('/')) + 2})"
    # DuckDB lists the file of a pattern with backslashes on Windows; elsewhere one is a letter.
    return f"replace({name}, '\\', '/')" if os.sep == "\\" else name


def _no_rows(table: RawTable) -> str:
    """Return the select of an optional table that is not in the drop."""
    names = [column.name for column in table.columns]
    names += ["source_file", "structural_fault", "raw_line"]
    fields = ", ".join(f"cast(null as varchar) as {quote_identifier(name)}" for name in names)
    return f"select {fields} where false"


def _render(reads: Sequence[_Read], source_file: str, named: str) -> str:
    select = reads[0].select
    listed = ", ".join(quote_literal(no_wildcards(read.source)) for read in reads)
    fields = ",\n    ".join(
        [
            *select.fields,
            f"{source_file} as source_file",
            f"{select.fault} as structural_fault",
            f"{select.raw_line} as raw_line",
        ]
    )
    condition = f"\nwhere {select.condition}" if select.condition else ""
    source = f"{select.function}([{listed}]{select.options}{named})"
    return f"select\n    {fields}\nfrom {source}{condition}"


def no_wildcards(path: Path) -> str:
    """Return `path` for DuckDB, which takes `*`, `?` and `[` in a path for wildcards."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path.as_posix())


def describe(plan: TablePlan) -> list[dict[str, object]]:
    """Return the files of a plan as plain values for JSON."""
    return [
        {
            "file": file.relative,
            "path": file.path.as_posix(),
            "size": file.size,
            "modified_ns": file.modified_ns,
            "kind": file.kind,
            "encoding": file.encoding,
            "separator": file.separator,
        }
        for file in plan.files
    ]
