"""The data of a release for one role: cubes and small tables.

A snapshot is created once and then only read. :class:`Snapshots` prepares a new release in the
background and serves the old one until the new one is ready, so readers wait only for their first
snapshot.
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
"""Memory limit of a snapshot; what exceeds it is read from disk when needed."""

ANSWERS_KEPT = 4_096
"""Number of query results that a snapshot caches. Each takes about ten kilobytes at most."""

ROLES_KEPT = 32
"""Maximum number of snapshots in memory; the least recently used is removed first."""

PATIENCE = 8.0
"""Seconds that a page waits for its first snapshot before it says that one is being prepared."""

Row = tuple[Any, ...]
Filters = Mapping[str, Sequence[object]]


class PreparingError(Exception):
    """The first snapshot of a release is being prepared; try again soon."""


class HiddenError(NotShownError):
    """The role may not see this table, or the release lacks it; the message says which."""


@dataclass
class Snapshot:
    """A release as one role sees it.

    Attributes:
        release: the release.
        role: the role of its readers.
        layer: the metric definitions of the release.
        connection: a read-only database with the cubes and the small marts, without customer
            records.
        cubes: the cubes by name.
        codes: values of the dimensions that cubes hold as numbers.
        whole: non-additive metrics for all customers of the role.
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
        """Return metrics by dimensions for the customers that match the filters.

        Args:
            metrics: names of metrics.
            by: filter dimensions, and at most one other.
            filters: the values allowed for each dimension; None means a missing value.
            cube: name of the cube; None for the one that has the dimensions.

        Returns:
            Rows of dimension values, then metrics, sorted by the values.

        Raises:
            MetricsError: No cube has all these dimensions, or the cube lacks a metric.
            HiddenError: The release lacks the data for this cube.
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
        """The answers for all customers of the role, computed once."""
        return answers(self)

    def rows(self, mart: str, order: str = "all") -> Sequence[Mapping[str, Any]]:
        """Return a small mart as rows by column name.

        Args:
            mart: name of the mart.
            order: comma-separated columns to sort by; this is SQL, so it must not come from a user.

        Raises:
            HiddenError: The role may not see the mart, or the release lacks it.
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
                "These figures cover all customers, and your role may not see all of them."
                if hidden
                else f"Release {self.release.number} does not have {mart}: publish a new one."
            )
        cursor.execute(f"from small.{quote_identifier(mart)} order by {order}")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def difference(self, dimension: str, measure: str) -> Mapping[str, Any] | None:
        """Return the row of fct_segment_differences for two columns, in either order, or None."""
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
        """Return the cursor of this thread; threads must not share one."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._own, "cursor", None)
        if cursor is None:
            cursor = self._own.cursor = self.connection.cursor()
        return cursor

    def values(self, dimension: str) -> tuple[object, ...]:
        """Return the values of a dimension in order; a missing value comes last."""
        return tuple(value for value, _ in self.ask(["customers"], [dimension]))

    def metric(self, name: str) -> Metric:
        """Return the definition of a metric."""
        return self.layer.metric(name)

    def dimension(self, name: str) -> Dimension:
        """Return the definition of a dimension.

        Raises:
            MetricsError: There is no such dimension.
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
                    f"Release {self.release.number} does not have the data for these figures. "
                    "Publish a new release."
                )
            return self.cubes[asked]
        extra = {name for name in (*by, *filters) if name not in cubes.FILTERS}
        name = "all" if not extra else f"by_{min(extra)}"
        if name not in self.cubes or len(extra) > 1:
            message = f"No figures are available by {', '.join(sorted(extra))} together."
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
    """Open the cubes of a release for a role; create them if necessary.

    Args:
        release: the release. Its database is not read if the cubes already exist.
        role: the role of its readers.
        folder: folder that keeps the cubes; None for a temporary folder.

    Raises:
        DamagedReleaseError: A file of the release is missing, or differs from the published one.
        UnreadableReleaseError: This user may not read a file of the release.
        DashboardError: The release has no readable metric definitions or cannot be pre-aggregated,
            or the cubes cannot be written.
    """
    if "metrics" in release.manifest:
        require_file(release, release.manifest["metrics"])
    try:
        layer = load_metrics(release.path / METRICS)
    except MetricsError as problem:
        message = (
            f"The metric definitions of release {release.number} cannot be used: {problem.problem} "
            "Run `bank build`, `bank check` and `bank publish` for a new release."
        )
        raise DashboardError(message) from problem
    # The temporary folder is deleted while the database is open. If the system does not allow this,
    # the error is ignored.
    temporary = tempfile.TemporaryDirectory(prefix="bank-cubes-", ignore_cleanup_errors=True)
    try:
        with temporary:
            if folder is None:
                folder = Path(temporary.name)
            path = cube_file(release, role, folder)
            # The connection is read-only and cannot open other files; these settings are locked.
            # Many small queries run in parallel, and are fastest with one thread each.
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
            "rollback` to return to an older one."
        )
        raise DashboardError(message) from problem
    return Snapshot(release, role, layer, connection, found, codes, whole)


class Snapshots:
    """The snapshots of the current release, created on demand."""

    def __init__(
        self,
        publish_dir: Path,
        patience: float = PATIENCE,
        opened: Callable[[Release, Role], Snapshot] = open_snapshot,
    ) -> None:
        """Use the releases in a folder.

        Args:
            publish_dir: folder of the releases.
            patience: seconds to wait for a snapshot if there is no older one.
            opened: function that creates a snapshot.
        """
        self.publish_dir = publish_dir
        self._patience = patience
        self._open = opened
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot")
        self._ready: OrderedDict[Role, Snapshot] = OrderedDict()
        self._making: dict[tuple[int, Role], Future[Snapshot]] = {}
        self._lock = threading.Lock()

    def current(self, role: Role) -> Snapshot:
        """Return the snapshot of the current release; until it is ready, return an older one.

        Raises:
            PublishError: There is no release, it is damaged, or this user may not read it.
            PreparingError: The snapshot is being prepared, and there is no older one to show.
            DashboardError: The snapshot cannot be created.
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
        """Start creating the snapshot of a role, so that its first reader waits less."""
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
            # The error is reported to whoever asks for the snapshot.
            return

    def close(self) -> None:
        """Create no more snapshots, and wait for the one in progress."""
        self._workers.shutdown(wait=True, cancel_futures=True)
