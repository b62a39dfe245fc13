"""What a role sees of a release: cubes and small tables.

A snapshot is made once and then only read. Nobody waits for a new release: :class:`Snapshots` makes
its snapshot in the background and gives out the old one until the new one is whole.
"""

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.answers import Answers, NotShownError, answers
from bank_warehouse.dashboard import cubes
from bank_warehouse.dashboard.access import Role
from bank_warehouse.dashboard.cube_files import CLOSED_MARTS, UnreadableError, cube_file
from bank_warehouse.dashboard.cubes import Codes, Cube
from bank_warehouse.dashboard.errors import DashboardError
from bank_warehouse.metrics import (
    Dimension,
    Metric,
    MetricsError,
    SemanticLayer,
    compile_query,
    load_metrics,
)
from bank_warehouse.publish import PublishError, Release, current_release
from bank_warehouse.publish.releases import METRICS, require_file
from bank_warehouse.sql import quote_identifier

MEMORY = "1GB"
"""Of the cubes, what a snapshot holds in memory at most; the rest is read when it is asked for."""

ANSWERS_KEPT = 4_096
"""Answers that a snapshot remembers: rows of a page, some ten kilobytes at most each."""

ROLES_KEPT = 32
"""Snapshots in memory; the one that was not asked for the longest goes first."""

PATIENCE = 8.0
"""Seconds that a page waits for a first snapshot before it says that one is being made."""

Row = tuple[Any, ...]
Filters = Mapping[str, Sequence[object]]


class PreparingError(Exception):
    """The first snapshot of a release is being made; it is worth asking again soon."""


class HiddenError(NotShownError):
    """The role does not see this table, or the release does not have it; the message says which."""


@dataclass
class Snapshot:
    """A release as a role sees it.

    Attributes:
        release: where it comes from.
        role: who sees it.
        layer: the definitions it carries.
        connection: a database with the cubes and the small marts, no customer; read-only.
        cubes: by name.
        codes: values of the dimensions that the cubes hold as numbers.
        whole: metrics that do not add up, for all customers of the role.
    """

    release: Release
    role: Role
    layer: SemanticLayer
    connection: duckdb.DuckDBPyConnection
    cubes: Mapping[str, Cube]
    codes: Codes
    whole: Mapping[str, object]
    _asked: "OrderedDict[object, list[Row]]" = field(default_factory=OrderedDict)
    _tables: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    _differences: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    _own: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        filters: Filters | None = None,
        cube: str | None = None,
    ) -> list[Row]:
        """Return metrics by dimensions, for the customers that the filters let through.

        Args:
            metrics: names.
            by: dimensions: those of the filters and one more.
            filters: dimension to values, null for those without one.
            cube: which one to ask; null for the one that has the dimensions.

        Returns:
            Rows of dimension values, then metrics; in the order of the values.

        Raises:
            MetricsError: No cube holds these together.
        """
        wanted = {name: tuple(values) for name, values in (filters or {}).items()}
        key = (tuple(metrics), tuple(by), tuple(sorted(wanted.items(), key=str)), cube)
        with self._lock:
            if key in self._asked:
                self._asked.move_to_end(key)
                return self._asked[key]
        rows = self._look_up(metrics, by, wanted, self._cube(by, wanted, cube))
        with self._lock:
            self._asked[key] = rows
            while len(self._asked) > ANSWERS_KEPT:
                self._asked.popitem(last=False)
        return rows

    @cached_property
    def answers(self) -> Answers:
        """What the data say of all customers of the role; asked for once."""
        return answers(self)

    def rows(self, mart: str, order: str = "all") -> Sequence[Mapping[str, Any]]:
        """Return a small mart, each row by column.

        Args:
            mart: its name.
            order: names of columns to order by, with commas: only from this package.

        Raises:
            HiddenError: The role does not see it, or the release does not have it.
        """
        kept = self._tables.get((mart, order))
        if kept is None:
            kept = self._read(mart, order)
            self._tables[(mart, order)] = kept
        return kept

    def _read(self, mart: str, order: str) -> list[Mapping[str, Any]]:
        cursor = self._cursor()
        known = cursor.execute(
            "select 1 from duckdb_tables() where schema_name = 'small' and table_name = ?", [mart]
        ).fetchone()
        if known is None:
            hidden = not self.role.sees_all and mart in {name for _, name in CLOSED_MARTS}
            raise HiddenError(
                "These are figures of all customers, which your role does not show."
                if hidden
                else f"Release {self.release.number} does not have {mart}: publish a new one."
            )
        cursor.execute(f"from small.{quote_identifier(mart)} order by {order}")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def difference(self, dimension: str, measure: str) -> Mapping[str, Any] | None:
        """Return the test of whether groups differ in a measure, of either by the other."""
        if not self._differences:
            self._differences.update(
                {
                    (row["dimension"], row["measure"]): row
                    for row in self.rows("fct_segment_differences")
                }
            )
        found = self._differences
        return found.get((dimension, measure)) or found.get((measure, dimension))

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor: threads must not share one."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._own, "cursor", None)
        if cursor is None:
            cursor = self._own.cursor = self.connection.cursor()
        return cursor

    def values(self, dimension: str) -> tuple[object, ...]:
        """Return the values of a dimension in order; null comes last, where there are such."""
        return tuple(value for value, _ in self.ask(["customers"], [dimension]))

    def metric(self, name: str) -> Metric:
        """Return the definition of a metric."""
        return self.layer.metric(name)

    def dimension(self, name: str) -> Dimension:
        """Return the definition of a dimension.

        Raises:
            MetricsError: There is none.
        """
        for model in self.layer.models.values():
            if name in model.dimensions:
                return model.dimensions[name]
        message = f"There is no dimension {name!r}."
        raise MetricsError(message)

    def _cube(self, by: Sequence[str], filters: Filters, asked: str | None) -> Cube:
        if asked is not None:
            if asked not in self.cubes:
                raise HiddenError(
                    f"Release {self.release.number} does not have what this is made of: publish a "
                    "new one."
                )
            return self.cubes[asked]
        extra = {name for name in (*by, *filters) if name not in cubes.FILTERS}
        name = "all" if not extra else f"by_{min(extra)}"
        if name not in self.cubes or len(extra) > 1:
            message = f"Nothing here is by {', '.join(sorted(extra))} together."
            raise MetricsError(message)
        return self.cubes[name]

    def _look_up(
        self, metrics: Sequence[str], by: Sequence[str], filters: Filters, cube: Cube
    ) -> list[Row]:
        coded = {name: self._coded(name, values) for name, values in filters.items()}
        layer = cube.layer_for((*by, *filters))
        query = compile_query(layer, metrics, by, coded, prefix=(cubes.SCHEMA,))
        found = self._cursor().execute(query.sql, query.parameters).fetchall()
        texts = [self.codes.get(name) for name in by]
        return [
            (
                *(
                    value if value is None or listed is None else listed[value]
                    for listed, value in zip(texts, row, strict=False)
                ),
                *row[len(by) :],
            )
            for row in found
        ]

    def _coded(self, name: str, values: Iterable[object]) -> list[object]:
        listed = self.codes.get(name)
        if listed is None:
            return list(values)
        places = {value: place for place, value in enumerate(listed)}
        return [None if value is None else places[str(value)] for value in values]


def open_snapshot(release: Release, role: Role, folder: Path | None = None) -> Snapshot:
    """Open the cubes of a release that a role sees, after they are made where they are not there.

    Args:
        release: the release; its own files are only read while cubes are made.
        role: who sees it.
        folder: where cubes are kept; null for a temporary one, gone at once.

    Raises:
        DamagedReleaseError: A file of the release is not the one that was published.
        DashboardError: The release cannot be read, or is older than the dashboard.
    """
    if "metrics" in release.manifest:
        require_file(release, release.manifest["metrics"])
    try:
        layer = load_metrics(release.path / METRICS)
    except MetricsError as problem:
        message = (
            f"Release {release.number} does not say how its numbers are defined ({problem}). "
            "Run `bank build`, `bank check` and `bank publish` for a new one."
        )
        raise DashboardError(message) from problem
    # A file that is open is gone when it is closed, or left where a system does not let it go.
    temporary = tempfile.TemporaryDirectory(prefix="bank-cubes-", ignore_cleanup_errors=True)
    try:
        with temporary:
            if folder is None:
                folder = Path(temporary.name)
            path = cube_file(release, role, folder)
            # The database can neither be changed, nor reach a file, nor be told that it may. Many
            # small questions at once: each is faster alone on the thread that asks it.
            connection = duckdb.connect(
                str(path),
                read_only=True,
                config={
                    "threads": 1,
                    "memory_limit": MEMORY,
                    "enable_external_access": "false",
                    "lock_configuration": "true",
                },
            )
            found, codes, whole = cubes.read_cubes(connection, layer)
    except (duckdb.Error, UnreadableError) as problem:
        message = (
            f"Release {release.number} in {release.path} cannot be read: "
            f"{str(problem).splitlines()[0] if str(problem) else type(problem).__name__}\n"
            "Run `bank build`, `bank check` and `bank publish` for a new one, or `bank "
            "rollback` to an older."
        )
        raise DashboardError(message) from problem
    return Snapshot(release, role, layer, connection, found, codes, whole)


class Snapshots:
    """The snapshots of the current release, made when they are asked for."""

    def __init__(
        self,
        publish_dir: Path,
        patience: float = PATIENCE,
        opened: Callable[[Release, Role], Snapshot] = open_snapshot,
    ) -> None:
        """Look for releases in a folder.

        Args:
            publish_dir: folder of the releases.
            patience: seconds to wait for a snapshot where there is no older one.
            opened: makes a snapshot.
        """
        self.publish_dir = publish_dir
        self._patience = patience
        self._open = opened
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot")
        self._ready: OrderedDict[Role, Snapshot] = OrderedDict()
        self._making: dict[tuple[int, Role], Future[Snapshot]] = {}
        self._lock = threading.Lock()

    def current(self, role: Role) -> Snapshot:
        """Return the snapshot of the current release, or of the one before while it is made.

        Raises:
            PublishError: There is no release, or it is damaged.
            PreparingError: It is being made and there is none to show meanwhile.
            DashboardError: It cannot be made.
        """
        release = current_release(self.publish_dir)
        with self._lock:
            ready = self._ready.get(role)
            if ready is not None:
                self._ready.move_to_end(role)
                if ready.release.number == release.number:
                    return ready
            key = (release.number, role)
            making = self._making.get(key)
            if making is None:
                making = self._workers.submit(self._open, release, role)
                self._making[key] = making
        if ready is not None and not making.done():
            return ready
        try:
            made = making.result(timeout=self._patience)
        except StillWorking as waiting:
            raise PreparingError(str(release.number)) from waiting
        except BaseException:
            with self._lock:
                self._making.pop(key, None)
            raise
        with self._lock:
            self._making.pop(key, None)
            self._ready[role] = made
            while len(self._ready) > ROLES_KEPT:
                self._ready.popitem(last=False)
        return made

    def prepare(self, role: Role) -> None:
        """Begin to make the snapshot of a role, so that its first reader waits less."""
        self._workers.submit(self._prepare, role)

    def _prepare(self, role: Role) -> None:
        try:
            release = current_release(self.publish_dir)
            with self._lock:
                key = (release.number, role)
                if key in self._making or role in self._ready:
                    return
                making: Future[Snapshot] = Future()
                self._making[key] = making
            try:
                making.set_result(self._open(release, role))
            except BaseException as problem:
                making.set_exception(problem)
        except PublishError:
            # Who asks is told.
            return

    def close(self) -> None:
        """Make no further snapshots."""
        self._workers.shutdown(wait=True, cancel_futures=True)
