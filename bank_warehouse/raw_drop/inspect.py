"""The command ``inspect``: how a drop would be read, without building anything.

For each file and sheet, it shows the table, the encoding and separator, the header of each column,
the number of rows, and what would be refused or quarantined.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.project import CannotStartError, find_project
from bank_warehouse.raw_drop.drop import (
    DropPlan,
    Source,
    survey_drop,
)
from bank_warehouse.raw_drop.encoding import NAMES
from bank_warehouse.raw_drop.errors import DropError, visible
from bank_warehouse.raw_drop.head import Head
from bank_warehouse.raw_drop.header import matched_columns, trimmed_names, unit_fault
from bank_warehouse.raw_drop.mapping import UNKNOWN, DropMapping
from bank_warehouse.raw_drop.parquet import ParquetHead
from bank_warehouse.raw_drop.plan import TablePlan
from bank_warehouse.raw_drop.proofs import Settings
from bank_warehouse.raw_drop.schema import CLIENTS, header_key
from bank_warehouse.raw_drop.validation import can_validate, validate_clients
from bank_warehouse.settings import SettingError, declared_variables, require_settings

_LEAST_LIKENESS = 0.5
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def inspect_drop(
    path: Path, mapping: Path | None = None, as_of: str | None = None
) -> dict[str, Any]:
    """Return how a drop would be read, as plain values for JSON.

    Args:
        path: the folder or the single file of the drop.
        mapping: the mapping file; None for the one beside the tables or in their ZIP, if there is
            one.
        as_of: the as-of date; None for the date that the project declares.

    Raises:
        DropError: as in :func:`bank_warehouse.raw_drop.files.list_drop`.
        SettingError: a variable of the project, or `as_of`, is not valid.
    """
    project = find_project()
    chosen = {} if as_of is None else {"as_of_date": as_of}
    variables: dict[str, Any] = chosen
    if project:
        require_settings(project, chosen, {})
        variables = declared_variables(project) | chosen
    settings = Settings.from_variables(variables)
    plan = survey_drop(path, settings, mapping)
    clients = plan.tables.get(CLIENTS.name)
    validation = None
    not_validated = (
        "" if project else "no dbt project found to validate them with: set DBT_PROJECT_DIR"
    )
    if project and can_validate(plan):
        try:
            validation = validate_clients(project, plan, settings, variables)
        except duckdb.Error as problem:
            not_validated = str(problem).splitlines()[0]
    with duckdb.connect(config={"threads": 1}) as connection:
        counts = {
            name: validation.files
            if validation and table is clients
            else _counts(connection, table)
            for name, table in plan.tables.items()
        }
    problems = [*plan.problems, *(validation.problems if validation else ())]
    readings = _readings(clients)
    encodings = {file.relative: file.encoding for t in plan.tables.values() for file in t.files}
    return {
        "path": str(path),
        "is_refused": bool(problems),
        "problems": problems,
        "files": [
            _describe(
                source,
                counts.get(source.table.name if source.table else "", {}),
                encodings,
                plan.mapping,
            )
            | {"reading": readings.get(source.relative)}
            for source in plan.sources
        ],
        "tables": {
            name: {
                "files": [] if _is_derived(plan, name) else [f.relative for f in table.files],
                "rows": sum(count["rows"] for count in counts[name].values()),
                "is_derived": _is_derived(plan, name),
            }
            for name, table in plan.tables.items()
        },
        "warnings": list(
            dict.fromkeys(
                [
                    *plan.warnings,
                    *(text for t in plan.tables.values() for text in t.warnings),
                    *(validation.warnings if validation else ()),
                ]
            )
        ),
        "mapping_file": plan.mapping.source or None,
        "mapping": proposed_mapping(plan, validation.values if validation else {}),
        "left_to_build": [
            *([f"the rows of clients ({not_validated})"] if not_validated else []),
            "the disk space",
            "the finished tables",
        ],
    }


def _is_derived(plan: DropPlan, name: str) -> bool:
    return not any(source.table and source.table.name == name for source in plan.sources)


def _describe(
    source: Source,
    counts: Mapping[str, dict[str, Any]],
    encodings: Mapping[str, str | None],
    mapping: DropMapping,
) -> dict[str, Any]:
    names = trimmed_names(source.header)
    described: dict[str, Any] = {
        "file": source.relative,
        "table": source.table.name if source.table else None,
        "why_not": source.unknown or None,
        "kind": _kind(source),
        "header_row": source.header_row,
        "encoding": None,
        "separator": None,
    }
    if isinstance(source.head, Head):
        described["encoding"] = encodings.get(source.relative, source.head.encoding)
        described["separator"] = source.head.separator
    positions: dict[str, int] = {}
    if source.table:
        headers = {column.name: column.header for column in source.table.columns}
        positions = (
            source.mapped.positions
            if source.mapped
            else matched_columns(names, source.table, mapping.of(source.table))
        )
        described["columns"] = {
            headers[name]: names[place] for name, place in positions.items() if name in headers
        }
    described["headers_not_used"] = [
        name for place, name in enumerate(names) if name and place not in positions.values()
    ]
    described.update(counts.get(source.relative, {}))
    return described


def _readings(clients: TablePlan | None) -> dict[str, Any]:
    """Return how the dates and amounts of each client file are read, and what proves it."""
    files: Any = (clients.reading or {}).get("files", []) if clients else []
    return {read["file"]: {"dates": read["dates"], "money": read["money"]} for read in files}


def _kind(source: Source) -> str:
    if isinstance(source.head, Head):
        return "text"
    return "parquet" if isinstance(source.head, ParquetHead) else "sheet"


def _counts(connection: duckdb.DuckDBPyConnection, plan: TablePlan) -> dict[str, dict[str, Any]]:
    """Return the number of rows of each file, and of those that cannot be read, by reason."""
    found: dict[str, dict[str, Any]] = {}
    for file, fault, number, row, text in connection.execute(
        "select source_file, structural_fault, count(*), min(number) + 1, "
        "arg_min(raw_line, number)[:80] from (select source_file, structural_fault, raw_line, "
        f"row_number() over (partition by source_file) as number from ({plan.sql})) "
        "group by all order by all desc"
    ).fetchall():
        counted = found.setdefault(file, {"rows": 0, "rejected": 0, "quarantined": []})
        counted["rows"] += number
        if fault is not None:
            counted["rejected"] += number
            counted["quarantined"].append(
                {"reason": fault, "rows": number, "row": row, "example": text}
            )
    return found


# ---------------------------------------------------------------------------- a mapping file


def proposed_mapping(
    plan: DropPlan, values: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Return the entries that a mapping file lacks, for headers and values that are not known.

    Each missing header of the project gets the nearest header of the drop. `???` marks what a
    person must fill in.

    Args:
        plan: the drop.
        values: for each column name, the values that the project does not know.
    """
    proposed: dict[str, dict[str, Any]] = {}
    has_clients = any(source.table is CLIENTS for source in plan.sources)
    for source in plan.sources:
        names = [name for name in trimmed_names(source.header) if name]
        table = source.table
        is_like_clients = not has_clients and len(names) >= len(CLIENTS.columns) / 2
        if source.mapped is not None or (table is None and not is_like_clients):
            continue
        table = table or CLIENTS
        mapped = plan.mapping.of(table)
        found = matched_columns(names, table, mapped)
        spare = {
            header_key(name): name
            for place, name in enumerate(names)
            if place not in found.values() and not unit_fault(name)
        }
        columns = {}
        for column in table.columns:
            if column.name in found or not column.required:
                continue
            near = difflib.get_close_matches(
                header_key(mapped.columns.get(column.name, column.header)),
                spare,
                n=1,
                cutoff=_LEAST_LIKENESS,
            )
            columns[column.header] = spare.pop(near[0]) if near else UNKNOWN
        if columns:
            proposed.setdefault(table.name, {}).setdefault("columns", {}).update(columns)
    for name, unknown in values.items():
        header = next(column.header for column in CLIENTS.columns if column.name == name)
        targets = plan.mapping.of(CLIENTS).values.get(name, {}).values()
        pairs = {value: UNKNOWN for value in unknown if value not in targets}
        if not pairs:
            continue
        proposed.setdefault(CLIENTS.name, {}).setdefault("values", {})[header] = pairs
    return proposed


# ---------------------------------------------------------------------------- text output


def as_text(result: Mapping[str, Any]) -> str:
    """Return the result of :func:`inspect_drop` as text."""
    return "\n".join(map(visible, _lines(result)))


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    for file in result["files"]:
        yield f"{file['file']}: {file['table'] or 'not a known table'}"
        yield from _lines_of_file(file)
        yield ""
    for name, table in result["tables"].items():
        if table["is_derived"]:
            yield f"{name}: no file, so the {table['rows']:,} codes of the clients serve as names"
    if result["warnings"]:
        yield "Warnings:"
        yield from (f"  {warning}" for warning in result["warnings"])
    if result["mapping"]:
        import yaml

        file = result["mapping_file"]
        yield f"Entries to add or correct in {file}:" if file else "A first version of mapping.yml:"
        text = yaml.safe_dump(result["mapping"], sort_keys=False, allow_unicode=True)
        yield from (f"  {line}" for line in text.splitlines())
    if result["problems"]:
        yield "A build would refuse this drop:"
        for n, problem in enumerate(result["problems"], start=1):
            first, *others = problem.split("\n")
            yield f"  {n}. {first}"
            yield from (f"   {line}" for line in others)
    else:
        *others, last = result["left_to_build"]
        left = f"{', '.join(others)} and {last}"
        yield (
            f"The files can be read. Only a build checks {left}."
            if len(others) > 1
            else f"A build would read this drop. Only the build checks {left}."
        )


def _lines_of_file(file: Mapping[str, Any]) -> Iterator[str]:
    written = [file["kind"]]
    if file["encoding"]:
        separator = file["separator"]
        name = NAMES.get(file["encoding"], file["encoding"].upper())
        written += [name, f"separated by {_SEPARATORS[separator]}s"]
    row = "" if file["kind"] == "parquet" else f"; header in row {file['header_row']}"
    yield f"  written   {', '.join(written)}{row}"
    if file.get("columns"):
        same = [ours for ours, theirs in file["columns"].items() if _is_same(ours, theirs)]
        others = len(file["columns"]) - len(same)
        renamed = f", {others} of them under another header:" if others else ""
        yield f"  columns   {len(file['columns'])} found{renamed}"
        for ours, theirs in file["columns"].items():
            if not _is_same(ours, theirs):
                yield f"            {ours} <- {theirs}"
    if file["headers_not_used"] and file["table"]:
        yield f"  not used  {', '.join(file['headers_not_used'])}"
    if file["reading"]:
        yield from _lines_of_reading(file["reading"])
    if "rows" in file:
        yield f"  rows      {file['rows']:,}"
        for fault in file["quarantined"]:
            details = [repr(fault["example"])] if fault["example"] else []
            details += [f"in row {fault['row']}"] if fault["row"] else []
            example = f", such as {' '.join(details)}" if details else ""
            yield f"            {fault['rows']:,} quarantined: {fault['reason']}{example}"


def _lines_of_reading(reading: Mapping[str, Any]) -> Iterator[str]:
    dates = reading["dates"]
    proof = f"proved by {dates['proving']:,} of the {dates['dates']:,} dates examined"
    basis = {"proved": proof, "declared": "as raw_date_format declares", "typed": "stored as dates"}
    yield f"  dates     {' or '.join(dates['formats'])}: {basis[dates['basis']]}"
    marks: dict[tuple[str, str], list[str]] = {}
    for name, money in reading["money"].items():
        marks.setdefault((money["mark"], money["basis"]), []).append(name)
    for (mark, basis_of_mark), names in marks.items():
        said = {
            "same": "both marks give the same amounts",
            "proved": "proved by the file",
            "declared": "as raw_decimal_mark declares",
            "typed": "stored as numbers",
        }[basis_of_mark]
        listed = "" if len(marks) == 1 else f": {', '.join(names)}"
        yield f"  amounts   decimal {'point' if mark == '.' else 'comma'}, {said}{listed}"


def _is_same(ours: str, theirs: str) -> bool:
    return re.sub(r"\W", "", ours).lower() == re.sub(r"\W", "", theirs).lower()


@click.command("inspect")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "is_json", is_flag=True, help="Write JSON, for programs.")
@options.mapping
@options.as_of
def command(path: Path, is_json: bool, mapping: Path | None, as_of: str | None) -> None:
    """Show how a drop would be read, without building anything.

    PATH is a folder with the raw files, or one file. The exit code is 0 if nothing was found that a
    build would refuse, 1 if a build would refuse the drop, and 2 if PATH or a setting cannot be
    used.
    """
    try:
        result = inspect_drop(path, mapping, as_of)
    except (DropError, SettingError) as refused:
        raise CannotStartError(str(refused)) from None
    click.echo(json.dumps(result, indent=2, ensure_ascii=False) if is_json else as_text(result))
    if result["is_refused"]:
        raise SystemExit(1)
