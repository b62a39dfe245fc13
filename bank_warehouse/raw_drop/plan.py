"""The plan of a read: Python examines each file, and DuckDB reads it in one pass.

The header of a file is row 1, and each record below it is a row. Lines that hold only blanks and
separators do not count. So if the header is the first line, no cell spans several lines and there
are no blank lines, row n is line n. The SQL of a plan returns the records in the order of their
file, and the files in natural order. In a table made from it, n is `rowid` minus the first `rowid`
of the same `source_file`, plus two.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.numbers import count
from bank_warehouse.raw_drop import disk_space, fallback_reader, proofs, temp_files
from bank_warehouse.raw_drop.encoding import decide, misread_warning, refuse_utf8
from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile
from bank_warehouse.raw_drop.head import Head
from bank_warehouse.raw_drop.header import HeaderMap, known_keys
from bank_warehouse.raw_drop.mapping import TableNames
from bank_warehouse.raw_drop.parquet import ParquetHead, text_of
from bank_warehouse.raw_drop.rewrite import as_utf8, speaking_of, with_header_first
from bank_warehouse.raw_drop.scan import Scan, is_utf8, scan_text
from bank_warehouse.raw_drop.schema import TABLES, RawColumn, RawTable
from bank_warehouse.raw_drop.workbook import SheetHead, Workbook
from bank_warehouse.sql import no_wildcards, quote_identifier, quote_literal

_SPARE_CELLS = 4
# A null marker that no text file contains, so that an empty cell is read as an empty string, and
# null means that the row has no such cell.
_NEVER = "\x01\x02 no cell \x02\x01"


@dataclass(frozen=True)
class FilePlan:
    """How one file is read.

    Attributes:
        relative: path relative to the raw folder, with forward slashes; in an archive or workbook,
            followed by the name of the file or sheet in brackets. Also the `source_file` of its
            rows.
        path: absolute path of the file as delivered.
        size: size in bytes when it was planned.
        modified_ns: time of its last change at that moment, in nanoseconds since 1970.
        kind: `csv`, `careful` (rewritten by the fallback reader), `parquet` or `sheet` of a
            workbook.
        encoding: the encoding of the delivered file; None for Parquet and workbooks.
        separator: the separator of the delivered file; None for Parquet and workbooks.
        positions: canonical column name to position (0-based) in the file.
        typed: columns whose cells have a type. Dates are written as ISO text, and numbers with a
            decimal point.
        currencies: for each column whose header names a currency, its code.
        texts: for each sheet column that mixes text and typed numbers, each text and its count.
    """

    relative: str
    path: Path
    size: int
    modified_ns: int
    kind: str
    encoding: str | None
    separator: str | None
    positions: dict[str, int]
    typed: frozenset[str] = frozenset()
    currencies: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class TablePlan:
    """How a raw table is read.

    Attributes:
        table: its name.
        files: its files in reading order.
        sql: one select of the canonical columns, `source_file`, `structural_fault` and `raw_line`,
            all varchar, with one row per record. An empty cell is '' (null in Parquet); a column
            that a file lacks is null. If `structural_fault` is not null, `raw_line` holds the text
            of the row.
        warnings: one sentence each.
        rows: approximate number of rows, counted if possible, else estimated from the first lines.
        reading: how dates and amounts of the clients are read, see
            :func:`bank_warehouse.raw_drop.proofs.reading_of`; None for the other tables.
    """

    table: str
    files: tuple[FilePlan, ...]
    sql: str
    warnings: tuple[str, ...]
    rows: int
    reading: dict[str, object] | None = None


@dataclass(frozen=True)
class _Select:
    """A select over files of the same shape, without the list of files.

    Attributes:
        fields: SQL of the canonical columns.
        fault: SQL of `structural_fault`.
        raw_line: SQL of `raw_line`.
        function: `read_csv` or `read_parquet`.
        options: the function's options as SQL, each after a comma.
        condition: SQL that is true for the records to keep; None to keep all.
    """

    fields: tuple[str, ...]
    fault: str
    raw_line: str
    function: str
    options: str
    condition: str | None


@dataclass(frozen=True)
class Read:
    """How DuckDB reads one file.

    Attributes:
        plan: the plan of the file.
        source: the path that DuckDB reads.
        select: the select, without that path.
        is_empty: whether the file has no rows.
        rows: number of rows, which may be an estimate.
    """

    plan: FilePlan
    source: Path
    select: _Select
    is_empty: bool
    rows: int


def reading_of_clients(
    connection: duckdb.DuckDBPyConnection,
    reads: Sequence[Read],
    table: RawTable,
    names: TableNames,
    settings: proofs.Settings,
    warnings: list[str],
) -> dict[str, object]:
    """Return what the files prove about their dates and amounts, and extend `warnings`.

    Values from the mapping file prove nothing.

    Raises:
        DropError: files are refused, or their amounts are in two currencies.
    """
    proved = [
        proofs.prove_file(
            connection,
            read.plan.relative,
            _without_mapped(_render([read], quote_literal(read.plan.relative), ""), names),
            table,
            settings,
            typed=read.plan.typed,
            texts=read.plan.texts,
        ).with_currencies(read.plan.currencies)
        for read in reads
    ]
    refusals = [refusal for proof in proved for refusal in proof.refusals]
    if refusals:
        raise DropError(*refusals)
    warnings.extend(warning for proof in proved for warning in proof.warnings)
    return proofs.reading_of(proved)


def _without_mapped(select: str, names: TableNames) -> str:
    """Return a select in which cells that equal a value from the mapping file are null."""
    masked = [
        f"case when {cell} in ({', '.join(map(quote_literal, pairs.values()))}) then null "
        f"else {cell} end as {cell}"
        for cell, pairs in ((quote_identifier(name), given) for name, given in names.values.items())
        if pairs
    ]
    return f"select * replace ({', '.join(masked)}) from ({select})" if masked else select


def contradictions_of(
    plan: TablePlan, settings: proofs.Settings, files: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return the reasons to refuse client files whose first rows differ from the whole.

    Such a file proves something by its first rows that all its rows together do not prove.

    Args:
        plan: the plan of the clients.
        settings: the settings of the plan.
        files: the files with a cell that contradicts the first rows; None for all.
    """
    heads: Any = (plan.reading or {}).get("files", [])
    planned = {file.relative: file for file in plan.files}
    found: list[str] = []
    for head in heads:
        name = head["file"]
        if head["is_whole"] or (files is not None and name not in files):
            continue
        with duckdb.connect(config={"threads": 1}) as connection:
            whole = proofs.prove_file(
                connection,
                name,
                f"select * from ({plan.sql}) where source_file = {quote_literal(name)}",
                TABLES[plan.table],
                settings,
                typed=planned[name].typed,
                texts=planned[name].texts,
                is_whole=True,
            )
        found.extend(proofs.contradictions(head, whole))
    return tuple(found)


def changed_files(plan: TablePlan) -> tuple[str, ...]:
    """Return the files that have changed since the plan was made.

    A file that changes while it is read may be read only in part. So call this after the read and
    before anything is published.
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
    """Return a message about files that changed while they were read; empty if there are none."""
    names = ", ".join(sorted(set(files)))
    if not names:
        return ""
    return (
        f"{names}: changed while being read. Wait until the copy into {raw_dir} is complete, "
        "then build again."
    )


def refuse_empty(reads: Sequence[Read], warnings: list[str]) -> None:
    """Refuse a table without rows; if there are several files, some may be empty.

    Raises:
        DropError: no file has a row.
    """
    empty = [read.plan.relative for read in reads if read.is_empty]
    if len(empty) == len(reads):
        raise DropError(f"{', '.join(empty)}: a header without rows. Export the table again.")
    warnings.extend(f"{name}: a header without rows." for name in empty)


def _file_plan(file: FoundFile, kind: str, mapped: HeaderMap) -> FilePlan:
    return FilePlan(
        relative=file.relative,
        path=file.path,
        size=file.size,
        modified_ns=file.modified_ns,
        kind=kind,
        encoding=None,
        separator=None,
        positions=mapped.positions,
        currencies=mapped.currencies,
    )


def _shape(
    table: RawTable, mapped: HeaderMap, names: TableNames, separator: str
) -> fallback_reader.Shape:
    money = (c.name for c in table.columns if c.kind == "money" and c.name in mapped.positions)
    amount = next(money, None)
    return fallback_reader.Shape(
        separator=separator,
        width=len(mapped.names),
        columns={place: name for name, place in mapped.positions.items()},
        known=known_keys(table, names, mapped),
        amount=None if amount is None else mapped.positions[amount],
    )


def _named(table: RawTable, names: TableNames, cells: dict[str, str]) -> tuple[str, ...]:
    """Return the fields of a select: each column of the table under its name.

    Args:
        table: the table.
        names: the values that the mapping file translates.
        cells: column name to the SQL of its cell; a column that is absent is null.
    """
    fields = []
    for column in table.columns:
        cell = cells.get(column.name, "cast(null as varchar)")
        given = names.values.get(column.name, {})
        if given and column.name in cells:
            whens = " ".join(
                f"when {_compared(column, quote_literal(key))} then {quote_literal(text)}"
                for key, text in given.items()
            )
            cell = f"case coalesce({_compared(column, cell)}, '') {whens} else {cell} end"
        fields.append(f"{cell} as {quote_identifier(column.name)}")
    return tuple(fields)


def _compared(column: RawColumn, cell: str) -> str:
    """Return SQL for the form in which values of a mapping file are compared."""
    if column.kind in ("code", "whole"):
        bare = proofs.clean_code(cell)
    else:
        bare = f"trim({cell}, {quote_literal(proofs.INVISIBLE)})"
    return f"lower(upper(nfc_normalize({bare})))"  # upper, because a sigma has two lower cases


# ---------------------------------------------------------------------------- workbooks


def plan_sheet(
    book: Workbook,
    head: SheetHead,
    mapped: HeaderMap,
    table: RawTable,
    names: TableNames,
    warnings: list[str],
) -> Read:
    """Plan the read of a sheet, which is rewritten as Parquet.

    Raises:
        DropError: the sheet cannot be read, or the day and month of some dates are exchanged.
    """
    target = temp_files.new_path(".parquet")
    with speaking_of(head.relative):
        rows, typed, texts = book.write_parquet(
            head, mapped, _shape(table, mapped, names, "\t"), table, target, warnings
        )
    plan = replace(
        _file_plan(book.file, "sheet", mapped), relative=head.relative, typed=typed, texts=texts
    )
    return Read(plan, target, _rewritten_select(table, mapped, names), not rows, rows)


# ---------------------------------------------------------------------------- Parquet


def plan_parquet(
    file: FoundFile,
    head: ParquetHead,
    mapped: HeaderMap,
    table: RawTable,
    names: TableNames,
) -> Read:
    """Plan the read of a Parquet file.

    Raises:
        DropError: the type of a column cannot be read.
    """
    positions = mapped.positions
    dates = {column.name for column in table.columns if column.kind == "date"}
    cells = {
        column.name: text_of(
            file.relative,
            column,
            head.columns[positions[column.name]],
            head.types[positions[column.name]],
        )
        for column in table.columns
        if column.name in positions
    }
    fault = raw_line = "cast(null as varchar)"
    if all(head.types[place] == "VARCHAR" for place in positions.values()):
        # A row can be a header only if all columns hold text.
        texts = [quote_identifier(column) for column in head.columns]
        fault = f"case {_when_header(_shape(table, mapped, names, ','), texts)} end"
        beyond = "cast(null as varchar)"  # Parquet has no surplus cells
        whole = _text_of_row([*(f"cast({text} as varchar)" for text in texts), beyond], ",", True)
        raw_line = f"case when structural_fault is not null then {whole} end"
    select = _Select(
        fields=_named(table, names, cells),
        fault=fault,
        raw_line=raw_line,
        function="read_parquet",
        options=", hive_partitioning = false",
        condition=None,
    )
    plan = replace(
        _file_plan(file, "parquet", mapped),
        typed=frozenset(
            name
            for name, place in positions.items()
            if head.types[place] != "VARCHAR"
            and not head.types[place].startswith("ENUM")
            and (name not in dates or head.types[place].startswith(("DATE", "TIMESTAMP")))
        ),
    )
    return Read(plan, file.content, select, head.rows == 0, head.rows)


# ---------------------------------------------------------------------------- text


def plan_text(
    file: FoundFile,
    delivered: Head,
    mapped: HeaderMap,
    table: RawTable,
    names: TableNames,
    warnings: list[str],
) -> Read:
    """Plan the read of a text file, which is rewritten if DuckDB cannot read it.

    Raises:
        DropError: the file cannot be read, or its encoding is uncertain or wrongly declared.
    """
    path, head, scan = _readable(file, delivered, mapped, warnings)
    shape = _shape(table, mapped, names, head.separator)
    plan = replace(
        _file_plan(file, "csv", mapped), encoding=head.encoding, separator=head.separator
    )
    if scan.trouble is None:
        select = _csv_select(table, mapped, shape, scan, names)
        return Read(plan, path, select, not scan.has_rows, disk_space.estimated_rows(path))
    warnings.append(
        f"{file.relative}: has {scan.trouble}: read row by row, which takes longer; malformed "
        "rows are quarantined."
    )
    target = temp_files.new_path(".parquet")
    with speaking_of(file.relative):
        rows = fallback_reader.write_parquet(
            path, file.relative, head.mark_length, shape, table, mapped.positions, target
        )
    select = _rewritten_select(table, mapped, names)
    return Read(replace(plan, kind="careful"), target, select, not rows, rows)


def _readable(
    file: FoundFile, delivered: Head, mapped: HeaderMap, warnings: list[str]
) -> tuple[Path, Head, Scan]:
    """Return the path of a plain UTF-8 file with its header first, its head, and its scan."""
    path = file.content
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
            lines = count(head.lines_before, "line")
            warnings.append(f"{file.relative}: {lines} above the header ignored.")
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


def _csv_select(
    table: RawTable, mapped: HeaderMap, shape: fallback_reader.Shape, scan: Scan, names: TableNames
) -> _Select:
    """Return the select over a well-quoted file in UTF-8.

    `strict_mode` is off because DuckDB 1.5.5 returns no rows and no error for a CR LF file in
    strict mode with `new_line`. With strict mode off and `new_line` LF, it reads LF, CR LF and a
    mixture correctly. Short rows are padded with null; surplus cells go to spare columns.
    """
    width = shape.width
    cells = [f"cell_{number}" for number in range(scan.most_cells + _SPARE_CELLS)]
    blanks = quote_literal(fallback_reader.BLANKS)
    fault = (
        f"case when cell_{width - 1} is null then {quote_literal(fallback_reader.TOO_FEW)} "
        f"when cell_{width} is not null and "
        f"trim(concat({', '.join(cells[width:])}), {blanks}) <> '' "
        f"then {quote_literal(fallback_reader.TOO_MANY)} {_when_header(shape, cells)} end"
    )
    # Fast path: nearly every first cell begins with a letter or a digit.
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
        fields=_named(
            table, names, {name: f"cell_{place}" for name, place in mapped.positions.items()}
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


def _when_header(shape: fallback_reader.Shape, texts: Sequence[str]) -> str:
    """Return the branches of an SQL `case` for a row that is a header of the table.

    The same rule in Python is :func:`fallback_reader.header_fault`. An amount does not begin with a
    letter, so one comparison is enough for nearly every row.

    Args:
        shape: the positions of the columns.
        texts: SQL of each cell of a row, by position.
    """
    known = ", ".join(
        f"{quote_literal(key)}: {quote_literal(column)}" for key, column in shape.known.items()
    )
    plain = "regexp_replace(lower(strip_accents({cell})), '[^a-z0-9]', '', 'g')"
    other = "replace(lower(trim({cell})), ' ', '')"
    key = f"coalesce(nullif({plain}, ''), {other})"
    cells = ", ".join(texts[place] for place in shape.columns)
    found = f"list_transform([{cells}], lambda cell: known[{key.format(cell='cell')}])"
    expected = ", ".join(map(quote_literal, shape.columns.values()))
    least = max(len(shape.columns), 4)
    branches = (
        f"when {found} = [{expected}] then {quote_literal(fallback_reader.REPEATED_HEADER)} "
        f"when 2 * len(list_distinct({found})) >= {least} "
        f"then {quote_literal(fallback_reader.OTHER_HEADER)}"
    ).replace("known[", f"map {{{known}}}[")
    if shape.amount is None:
        return branches
    first = texts[shape.amount]
    is_amount = (
        f"regexp_matches({first}, '[0-9]') and not map_contains(map {{{known}}}, "
        f"{key.format(cell=first)})"
    )
    return (
        f"when {first} not between '!' and '@' "
        f"then case when trim({first}) < 'A' then null when {is_amount} then null {branches} end"
    )


def _text_of_row(cells: Sequence[str], separator: str, has_quotes: bool) -> str:
    """Return SQL that joins the cells of a row into a line, quoted where necessary."""
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


def _rewritten_select(table: RawTable, mapped: HeaderMap, names: TableNames) -> _Select:
    """Return the select over a file that was rewritten as Parquet."""
    return _Select(
        fields=_named(table, names, {name: quote_identifier(name) for name in mapped.positions}),
        fault="structural_fault",
        raw_line="raw_line",
        function="read_parquet",
        options=", hive_partitioning = false",
        condition=None,
    )


# ---------------------------------------------------------------------------- all files


def union(reads: Sequence[Read], root: Path) -> str:
    """Return one select over all files; neighbouring files of the same shape share a read."""
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
    """Return SQL for the path of a file relative to `root`, with forward slashes.

    The path is constant within a block of rows, so DuckDB evaluates it once per block.
    """
    name = f"substr(filename, {len(root.as_posix().rstrip('/')) + 2})"
    # On Windows DuckDB lists files with backslashes; elsewhere a backslash can be part of a name.
    return f"replace({name}, '\\', '/')" if os.sep == "\\" else name


def no_rows(table: RawTable) -> str:
    """Return a select without rows, for an optional table that is not in the drop."""
    names = [column.name for column in table.columns]
    names += ["source_file", "structural_fault", "raw_line"]
    fields = ", ".join(f"cast(null as varchar) as {quote_identifier(name)}" for name in names)
    return f"select {fields} where false"


def _render(reads: Sequence[Read], source_file: str, named: str) -> str:
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
