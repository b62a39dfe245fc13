"""The plan of a read: Python looks at each file, DuckDB reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bank_warehouse.raw_drop.errors import DropError
from bank_warehouse.raw_drop.files import FoundFile, find_files
from bank_warehouse.raw_drop.head import read_head
from bank_warehouse.raw_drop.header import map_header
from bank_warehouse.raw_drop.schema import TABLES, RawTable
from bank_warehouse.sql import quote_identifier, quote_literal


@dataclass(frozen=True)
class FilePlan:
    """How one file is read."""

    relative: str
    separator: str
    encoding: str
    positions: dict[str, int]
    size: int
    modified_ns: int
    sql: str


@dataclass(frozen=True)
class TablePlan:
    """How a raw table is read."""

    table: str
    files: tuple[FilePlan, ...]
    sql: str
    warnings: tuple[str, ...]


def plan_table(raw_dir: Path, table: str, date_format: str = "%d-%m-%Y") -> TablePlan:
    """Plan the read of `table` from the drop in `raw_dir`."""
    if table not in TABLES:
        raise DropError(f"{table}: no such raw table. There are {', '.join(TABLES)}.")
    definition = TABLES[table]
    findings = find_files(raw_dir, definition)
    warnings = list(findings.warnings)
    plans = [_plan_csv(file, definition, warnings) for file in findings.files]
    return TablePlan(
        table=table,
        files=tuple(plans),
        sql="\nunion all by name\n".join(plan.sql for plan in plans),
        warnings=tuple(warnings),
    )


def _plan_csv(file: FoundFile, table: RawTable, warnings: list[str]) -> FilePlan:
    head = read_head(file.path, file.relative, table)
    mapped = map_header(file.relative, head.header, table)
    warnings.extend(mapped.warnings)
    return FilePlan(
        relative=file.relative,
        separator=head.separator,
        encoding=head.encoding,
        positions=mapped.positions,
        size=file.size,
        modified_ns=file.modified_ns,
        sql=_csv_sql(file, table, head.separator, len(head.header), mapped.positions),
    )


def _csv_sql(
    file: FoundFile, table: RawTable, separator: str, width: int, positions: dict[str, int]
) -> str:
    cells = [f"cell_{number}" for number in range(width + 1)]
    columns = ", ".join(f"{quote_literal(cell)}: 'varchar'" for cell in cells)
    fields = [_field(column.name, positions) for column in table.columns]
    return f"""select
    {", ".join(fields)},
    {quote_literal(file.relative)} as source_file,
    case when cell_{width - 1} is null then 'too few cells'
    when cell_{width} is not null then 'too many cells' end as structural_fault,
    case when structural_fault is not null
    then concat_ws({quote_literal(separator)}, {", ".join(cells)}) end as raw_line
from read_csv({quote_literal(_no_glob(file.path))}, auto_detect = false, header = true,
    delim = {quote_literal(separator)}, quote = '"', escape = '"', new_line = '\\n',
    columns = {{{columns}}}, null_padding = true, strict_mode = false,
    nullstr = {quote_literal(chr(1) + chr(2))}, hive_partitioning = false)"""


def _field(name: str, positions: dict[str, int]) -> str:
    source = f"cell_{positions[name]}" if name in positions else "cast(null as varchar)"
    return f"{source} as {quote_identifier(name)}"


def _no_glob(path: Path) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in path.as_posix())


def describe(plans: Sequence[FilePlan]) -> list[dict[str, object]]:
    """Return the files of a plan as plain values for JSON."""
    return [
        {"file": plan.relative, "size": plan.size, "modified_ns": plan.modified_ns}
        for plan in plans
    ]
