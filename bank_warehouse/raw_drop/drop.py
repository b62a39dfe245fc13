"""Plan a whole drop: examine all files and sheets, and report all problems at once."""

import os
import pickle
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from bank_warehouse.raw_drop import lookups, temp_files
from bank_warehouse.raw_drop.archive import UNPACKED_LIMIT_SETTING, kind_of, unpack, unpack_mappings
from bank_warehouse.raw_drop.encoding import SETTING as ENCODING_SETTING
from bank_warehouse.raw_drop.errors import DropError, Problems, visible
from bank_warehouse.raw_drop.files import (
    FoundFile,
    find_mapping,
    is_same_content,
    list_drop,
    rank_of,
)
from bank_warehouse.raw_drop.head import Head, read_head
from bank_warehouse.raw_drop.header import HeaderMap, map_header
from bank_warehouse.raw_drop.mapping import DropMapping, read_mapping
from bank_warehouse.raw_drop.parquet import ParquetHead, read_parquet_head
from bank_warehouse.raw_drop.plan import (
    Read,
    TablePlan,
    no_rows,
    plan_parquet,
    plan_sheet,
    plan_text,
    reading_of_clients,
    refuse_empty,
    union,
)
from bank_warehouse.raw_drop.proofs import Settings
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, RawTable
from bank_warehouse.raw_drop.workbook import SheetHead, Workbook
from bank_warehouse.sql import no_wildcards

_MOST_SHOWN = 5
_OF_MAPPING = -1
"""The rank of a problem with the mapping file."""
MAPPING_SETTING = "BANK_RAW_MAPPING"
PLAN_VARIABLE = "DBT_BANK_DROP_PLAN"
"""The environment variable with which `bank build` passes its plan to dbt."""


@dataclass(frozen=True)
class Source:
    """A file, or a sheet of a workbook, and the table it was recognised as.

    Attributes:
        relative: its name, also the `source_file` of its rows.
        file: the file; for a sheet, its workbook.
        table: the table it holds, or None.
        form: `whole`, `part` or `folder`, from its name; empty if the name does not suggest the
            table.
        head: its header, and how the file is written.
        unknown: why it was not recognised; empty if it was.
        header_row: the row of its header, 1-based.
        mapped: how its headers map to columns; None if the table is unknown or its headers are
            refused.
    """

    relative: str
    file: FoundFile
    table: RawTable | None
    form: str
    head: Head | ParquetHead | SheetHead
    unknown: str
    header_row: int
    mapped: HeaderMap | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """The cells of its header."""
        return self.head.columns if isinstance(self.head, ParquetHead) else self.head.header


@dataclass(frozen=True)
class DropPlan:
    """How a drop is read.

    Attributes:
        path: the folder or file, as the user named it.
        tables: table name to its plan; a table that cannot be read is absent.
        sources: every file and sheet that was examined.
        mapping: the mapping file, if there is one.
        warnings: warnings about the drop as a whole, one sentence each.
        problems: all problems, the most serious first.
    """

    path: Path
    tables: dict[str, TablePlan]
    sources: tuple[Source, ...]
    mapping: DropMapping
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


class _Survey:
    """Examines one drop."""

    def __init__(
        self,
        path: Path,
        settings: Settings | None,
        mapping: Path | None,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self.path = path
        self.connection = connection
        self.settings = settings or Settings()
        self.problems = Problems()
        self.listing = list_drop(path, self.problems)
        self.mapping = DropMapping()
        with self.problems.noting(_OF_MAPPING):
            mapping = mapping or find_mapping(self.listing.root)
            self.mapping = read_mapping(mapping) if mapping else self._mapping_inside()
        self.warnings = list(self.listing.warnings)
        if self.mapping.source:
            self.warnings.append(f"{self.mapping.source}: translates headers and values.")
        self.doubtful = list(self.listing.doubtful)
        self.books: dict[str, Workbook] = {}
        self.sources: list[Source] = []
        self.of_table: dict[str, list[Source]] = {name: [] for name in TABLES}
        self.spoiled: set[str] = set()

    def plan(self) -> DropPlan:
        if self.problems.has(_OF_MAPPING):
            # Without the mapping, headers would wrongly be reported as missing.
            return self._result({})
        for file in self.listing.files:
            self._look_or_note(file)
        for source in self.sources:
            if source.table is not None:
                self.of_table[source.table.name].append(source)
        tables = {}
        for name, table in TABLES.items():
            before = len(self.problems.messages)
            with self.problems.noting(rank_of(table)):
                plan = self._plan_table(table)
                if plan and len(self.problems.messages) == before:
                    tables[name] = plan
        if not self.of_table[CLIENTS.name]:
            self._note_absent_clients()
        else:
            self.warnings.extend(
                f"{source.relative}: ignored: its headers are not those of a raw table."
                for source in self.sources
                if source.table is None and not self._is_hinted(source)
            )
            self.warnings.extend(f"ignored: {text}" for text in self.doubtful)
        for name, table in TABLES.items():
            if self.of_table[name] or name in self.spoiled or name == CLIENTS.name:
                continue
            if table.is_lookup and CLIENTS.name in tables:
                tables[name] = lookups.derived_lookup(table, tables[CLIENTS.name])
            elif not table.required:
                said = f"{name}: optional, and not in the drop. No rows are read."
                tables[name] = TablePlan(name, (), no_rows(table), (said,), 0)
            elif not table.is_lookup:
                self.problems.add(
                    rank_of(table),
                    f"{self.path}: no file for {name}: no file or sheet has its headers "
                    f"({', '.join(column.header for column in table.columns[:4])}). Add it.",
                )
        if CLIENTS.name in tables:
            clients = tables[CLIENTS.name]
            told = (*map(visible, self.warnings), *clients.warnings)
            tables[CLIENTS.name] = replace(clients, warnings=told)
        return self._result(tables)

    def _result(self, tables: dict[str, TablePlan]) -> DropPlan:
        return DropPlan(
            path=self.path,
            tables=tables,
            sources=tuple(self.sources),
            mapping=self.mapping,
            warnings=tuple(self.warnings),
            problems=self.problems.messages,
        )

    # ------------------------------------------------------------------ files and sheets

    def _mapping_inside(self) -> DropMapping:
        """Read the mapping file inside an archive; an unreadable archive is reported later."""
        inside: list[tuple[str, Path]] = []
        for file in self.listing.files:
            inside.extend(unpack_mappings(file))
        if len(inside) > 1:
            raise DropError(
                f"{self.path}: two mapping files, {inside[0][0]} and {inside[1][0]}. Keep one."
            )
        return read_mapping(inside[0][1], inside[0][0]) if inside else DropMapping()

    def _look_or_note(self, file: FoundFile) -> None:
        try:
            self.sources.extend(self._look(file))
        except DropError as refused:
            self._note(file, str(refused))

    def _note(self, file: FoundFile, message: str) -> None:
        """Note why a file is unreadable.

        This is a problem only if the file has the name of a table or is the only file.
        """
        if file.hint is None and len(self.listing.files) > 1:
            self.doubtful.append(message)
        else:
            self.problems.add(rank_of(file.hint), message)
            self.spoiled.add(file.hint.name if file.hint else CLIENTS.name)

    def _look(self, file: FoundFile) -> Iterator[Source]:
        kind = kind_of(file)
        if kind == "archive":
            if file.unpacked:
                raise DropError(f"{file.relative}: an archive inside an archive. Unpack it.")
            for inner in unpack(file, self.warnings):
                self._look_or_note(inner)
        elif kind in ("xlsx", "ods"):
            yield from self._look_at_sheets(file, Workbook(file, kind))
        elif kind == "parquet":
            head = read_parquet_head(file, self.mapping, no_wildcards(file.content))
            yield self._source(file, file.relative, head, 1, (file.hint, file.form))
        else:
            text = read_head(file.content, file.relative, file.hint, self.mapping)
            row = text.lines_before + 1
            yield self._source(file, file.relative, text, row, (file.hint, file.form))

    def _look_at_sheets(self, file: FoundFile, book: Workbook) -> Iterator[Source]:
        self.books[file.relative] = book
        for head in book.heads(self.mapping):
            if isinstance(head, DropError):
                self._note(file, str(head))
            else:
                hint = (head.hint, head.form)
                yield self._source(file, head.relative, head, head.header_row + 1, hint)

    def _source(
        self,
        file: FoundFile,
        relative: str,
        head: Head | ParquetHead | SheetHead,
        row: int,
        hint: tuple[RawTable | None, str],
    ) -> Source:
        table, form = hint
        is_same = head.table is not None and table is not None and head.table.name == table.name
        mapped = None
        if head.table is not None:
            header = head.columns if isinstance(head, ParquetHead) else head.header
            with self.problems.noting(rank_of(head.table)):
                mapped = map_header(relative, header, head.table, self.mapping.of(head.table), row)
        source = Source(
            relative=relative,
            file=file,
            table=head.table,
            form=form if is_same else "",
            head=head,
            unknown=head.unknown,
            header_row=row,
            mapped=mapped,
        )
        if source.table is None and self._is_hinted(source):
            self.problems.add(rank_of(table), source.unknown)
            self.spoiled.add(table.name if table else CLIENTS.name)
        return source

    def _is_hinted(self, source: Source) -> bool:
        """Return whether a file or sheet has the name of a table."""
        if isinstance(source.head, SheetHead):
            return source.head.hint is not None and source.head.is_own_hint
        return source.file.hint is not None

    def _note_absent_clients(self) -> None:
        unknown = [s.unknown for s in self.sources if s.table is None and not self._is_hinted(s)]
        for message in [*unknown, *self.doubtful]:
            self.problems.add(rank_of(CLIENTS), message)
        if self.problems.has(rank_of(CLIENTS)):
            return
        there = ", ".join(source.relative for source in self.sources)
        holds = f"; the drop holds {there}" if there else ""
        holds += "".join(f"; {text.rstrip('.')}" for text in self.listing.warnings[:_MOST_SHOWN])
        headers = ", ".join(column.header for column in CLIENTS.columns[:4])
        self.problems.add(
            rank_of(CLIENTS),
            f"{self.path}: no file for clients: no file or sheet has their headers ({headers}, "
            f"...){holds}. Add the clients file: CSV, Parquet, a workbook or a ZIP, under any "
            "name.",
        )

    # ------------------------------------------------------------------ plans of tables

    def _plan_table(self, table: RawTable) -> TablePlan | None:
        sources = self.of_table[table.name]
        if not sources:
            return None
        if not table.is_lookup:  # rows of a lookup may be repeated
            self._refuse_more_than_once(table, sources)
        self._refuse_twins(sources)
        warnings: list[str] = []
        reads: list[Read] = []
        for source in sources:
            if source.mapped is not None:
                with self.problems.noting(rank_of(table)):
                    warnings.extend(source.mapped.warnings)
                    reads.append(self._read(source, source.mapped, table, warnings))
        if len(reads) < len(sources):
            return None
        refuse_empty(reads, warnings)
        reading = None
        if table.name == CLIENTS.name:
            reading = reading_of_clients(
                self.connection, reads, table, self.mapping.of(table), self.settings, warnings
            )
        plan = TablePlan(
            table=table.name,
            files=tuple(read.plan for read in reads),
            sql=union(reads, self.listing.root),
            warnings=(),
            rows=sum(read.rows for read in reads),
            reading=reading,
        )
        if table.is_lookup:
            sql, said = lookups.validate_lookup(self.connection, table, plan)
            plan = replace(plan, sql=sql)
            warnings.extend(said)
        return replace(plan, warnings=tuple(map(visible, warnings)))

    def _read(
        self, source: Source, mapped: HeaderMap, table: RawTable, warnings: list[str]
    ) -> Read:
        head, names = source.head, self.mapping.of(table)
        if isinstance(head, ParquetHead):
            return plan_parquet(source.file, head, mapped, table, names)
        if isinstance(head, SheetHead):
            book = self.books[source.file.relative]
            return plan_sheet(book, head, mapped, table, names, warnings)
        return plan_text(source.file, head, mapped, table, names, warnings)

    def _refuse_more_than_once(self, table: RawTable, sources: Sequence[Source]) -> None:
        books = [s.file.relative for s in sources if isinstance(s.head, SheetHead)]
        parts = [s for s in sources if s.form == "part" and not self._shares(s, books)]
        folders = sorted({s.relative.split("/")[0] for s in sources if s.form == "folder"})
        whole = [s.relative for s in sources if s.form != "folder" and s not in parts]
        if len(whole) + len(folders) > 1 or (folders and parts):
            given = [*whole, *(folder + "/" for folder in folders), *(s.relative for s in parts)]
            raise DropError(
                f"{self.path}: {table.name} is delivered more than once ({', '.join(given)}): "
                "reading all would count its rows twice. Keep one. If they are parts of one "
                f"table, name them {table.stems[0]}-1, {table.stems[0]}-2 and so on, or put them "
                f"into a folder named {table.stems[0]}."
            )

    @staticmethod
    def _shares(source: Source, books: Sequence[str]) -> bool:
        """Return whether a sheet got its form from its workbook and is not the only such sheet."""
        return (
            isinstance(source.head, SheetHead)
            and not source.head.is_own_hint
            and books.count(source.file.relative) > 1
        )

    @staticmethod
    def _refuse_twins(sources: Sequence[Source]) -> None:
        """Refuse two files with the same content, because their rows would count twice."""
        for place, one in enumerate(sources):
            for other in sources[place + 1 :]:
                if one.file.content.stat().st_size != other.file.content.stat().st_size:
                    continue
                if one.file == other.file:  # two sheets of a workbook
                    continue
                if is_same_content(one.file.content, other.file.content):
                    raise DropError(
                        f"{one.relative} and {other.relative} hold the same bytes, so their rows "
                        "would count twice. Remove one of them."
                    )


def survey_drop(
    path: Path, settings: Settings | None = None, mapping: Path | None = None
) -> DropPlan:
    """Examine a whole drop, and plan as much of the read as possible.

    Args:
        path: the folder or the single file of the drop.
        settings: how dates and amounts are written; by default each file must prove it.
        mapping: the mapping file; None for the one beside the tables or in their ZIP, if there is
            one.

    Raises:
        DropError: as in :func:`bank_warehouse.raw_drop.files.list_drop`.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        return _Survey(path, settings, mapping, connection).plan()


def plan_drop(
    path: Path, settings: Settings | None = None, mapping: Path | None = None
) -> DropPlan:
    """Plan the read of a whole drop. The plan is cached until a file or a setting changes.

    Raises:
        DropError: the drop is refused; the message lists all problems and what to do.
    """
    plan = _surveyed(path, settings, mapping or mapping_setting())
    problems = Problems()
    for message in plan.problems:
        problems.add(0, message)
    problems.refuse(str(path))
    return plan


def hand_on_plan(path: Path, settings: Settings, mapping: Path | None = None) -> Path:
    """Plan the read of a drop for a child process, so that the child does not read it again.

    The child process must end before this one.

    Returns:
        The file that :data:`PLAN_VARIABLE` must name for the child. This file, and the temporary
        files that the plan reads, are removed when this process ends.

    Raises:
        DropError: as in :func:`plan_drop`.
    """
    plan = plan_drop(path, settings, mapping)
    target = temp_files.new_path(".plan")
    key = _key(path, settings, mapping or mapping_setting())
    target.write_bytes(pickle.dumps((key, _last[key][0], plan)))
    return target


def plan_table(raw_dir: Path, table: str, settings: Settings | None = None) -> TablePlan:
    """Plan the read of a raw table, as part of its drop.

    Args:
        raw_dir: the folder or the single file of the drop.
        table: a name in :data:`bank_warehouse.raw_drop.schema.TABLES`.
        settings: how dates and amounts are written; by default each file must prove it.

    Raises:
        DropError: the drop is refused; the message says why and what to do.
    """
    if table not in TABLES:
        raise DropError(f"{table}: no such raw table. The raw tables are {', '.join(TABLES)}.")
    return plan_drop(raw_dir, settings).tables[table]


def mapping_setting() -> Path | None:
    """Return the mapping file that BANK_RAW_MAPPING names; None if it is not set."""
    named = os.environ.get(MAPPING_SETTING, "").strip()
    return Path(named) if named else None


_Key = tuple[int, str, Settings, str]

_lock = threading.Lock()
_last: dict[_Key, tuple[object, DropPlan]] = {}


def _key(path: Path, settings: Settings | None, mapping: Path | None) -> _Key:
    # A forked process inherits its parent's plans, but the parent may remove the files too early.
    return (os.getpid(), str(path), settings or Settings(), str(mapping))


def _surveyed(path: Path, settings: Settings | None, mapping: Path | None) -> DropPlan:
    key = _key(path, settings, mapping)
    with _lock:  # four threads ask for the four tables at the same time
        state = _state(path, mapping)
        kept = _last.get(key) or _handed_on(key)
        if kept is None or kept[0] != state:
            kept = (state, survey_drop(path, settings, mapping))
        _last[key] = kept
        return kept[1]


def _handed_on(key: _Key) -> tuple[object, DropPlan] | None:
    """Return the state and plan of the same drop that the parent process handed on, or None."""
    handed = Path(os.environ.get(PLAN_VARIABLE, ""))
    if not temp_files.is_own(handed):
        return None
    try:
        # This program wrote the file, in a folder that only this user can write to.
        planned, state, plan = pickle.loads(handed.read_bytes())  # noqa: S301
    except Exception:  # if the file is broken in any way, the drop is planned again
        return None
    return (state, plan) if planned[1:] == key[1:] else None


def _state(path: Path, mapping: Path | None) -> object:
    """Return a value that changes if the drop, its mapping file or a setting changes."""
    problems = Problems()
    listing = list_drop(path, problems)
    given = mapping or find_mapping(listing.root)
    told = given.stat() if given and given.exists() else None
    return (
        tuple((file.relative, file.size, file.modified_ns) for file in listing.files),
        (str(given), told.st_size, told.st_mtime_ns) if told else None,
        listing.doubtful,
        problems.messages,
        os.environ.get(UNPACKED_LIMIT_SETTING),
        os.environ.get(ENCODING_SETTING),
        repr(TABLES),
    )
