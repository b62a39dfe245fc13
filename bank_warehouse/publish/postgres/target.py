"""A PostgreSQL database as the target of a release: prepare, commit, verify."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from bank_warehouse.publish.contracts import Contract
from bank_warehouse.publish.errors import PostgresError, UnreachableError
from bank_warehouse.publish.files import published_marts
from bank_warehouse.publish.fingerprints import MART_SCHEMAS, source_of
from bank_warehouse.publish.manifest import ManifestError, require_manifest
from bank_warehouse.publish.pending import Commit, Outcome
from bank_warehouse.publish.postgres import access, readers, rows, tables
from bank_warehouse.publish.postgres.server import (
    Connection,
    connected,
    described,
    first_line,
    lock_out_other_publishers,
    told_in_words,
)
from bank_warehouse.publish.releases import Release
from bank_warehouse.sql import quote_identifier

HISTORY = "publishing.releases"
"""The publisher's own table of all releases published to this database, with their manifests."""

SHOWN = 6

REACH_TRIES = 3

SETTLE_SECONDS = 15
"""Seconds to wait for the server to end the transaction of a client that is gone."""

Progress = Callable[[str], None]


class PostgresTarget:
    """An open connection to the database that releases are published to."""

    def __init__(self, connection: Connection, dsn: str) -> None:
        """Use an open connection; `dsn` is for a second connection and for messages."""
        self._connection = connection
        self._dsn = dsn
        self.where = described(dsn)

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of the release in the database, or None."""
        with told_in_words(self.where):
            found = self._manifest()
            self._connection.rollback()
            return found

    def customer_keys(self, at_once: int = 50_000) -> Generator[list[int], None, None]:
        """Yield the keys of all customers that readers have, in batches."""
        with told_in_words(self.where):
            try:
                with self._connection.cursor(name="customer_keys") as cursor:
                    cursor.execute("select customer_key from marts.dim_customers")
                    while found := cursor.fetchmany(at_once):
                        yield [int(key) for (key,) in found]
            finally:
                self.give_up()

    def highest_number(self) -> int:
        """Return the highest release number ever used in the database, or 0."""
        with told_in_words(self.where):
            highest = 0
            if self._has_history():
                row = self._connection.execute(
                    f"select coalesce(max(release), 0) from {HISTORY}"
                ).fetchone()
                highest = int(row[0]) if row else 0
            self._connection.rollback()
            return highest

    def prepare(
        self,
        release: Release,
        scratch: Path,
        wait: float,
        progress: Progress,
        *,
        is_new: bool,
    ) -> Commit:
        """Do everything except the commit; readers see no change yet.

        Afterwards all marts are locked, so call :meth:`commit` or :meth:`give_up` immediately.

        Args:
            release: The release, with complete files.
            scratch: An empty folder on a disk with enough space.
            wait: Seconds to wait for readers that are in a transaction.
            progress: Called with a line for each step that may take a long time.
            is_new: Whether the release is being published, not rolled back to.

        Returns:
            What :meth:`commit` will commit.

        Raises:
            BusyError: Another publisher is running on the database.
            PostgresError: The server refuses, holds tables that are not from a release, or differs
                from what was sent, or readers do not end their transactions in time.
        """
        marts = published_marts(release.manifest)
        with told_in_words(self.where):
            connection = self._connection
            lock_out_other_publishers(connection, self.where)
            before = self._manifest()
            ours = {contract.relation for contract, _ in published_marts(before or {"marts": []})}
            there = tables.found_tables(connection, MART_SCHEMAS)
            wanted = {contract.relation for contract, _ in marts}
            foreign = set(there) - ours
            self._require_room(foreign if before is None else foreign & wanted)
            old = {relation: found for relation, found in there.items() if relation in ours}
            self._make_schemas(marts)
            access.make_roles(connection)
            changes = {
                contract.relation: tables.changes_before(contract, old[contract.relation])
                for contract, _ in marts
                if contract.relation in old
            }
            completions = {
                contract.relation: tables.changes_after(contract, old.get(contract.relation))
                for contract, _ in marts
            }
            is_locked = any(
                statement.startswith("alter")
                for relation in changes
                for statement in (*changes[relation], *completions[relation])
            )
            if is_locked:
                # Readers must not see half-changed tables, so they wait.
                readers.lock_marts(connection, old, wait, progress)
            for contract, entry in marts:
                found = old.get(contract.relation)
                if found is None:
                    connection.execute(tables.creation(contract))
                for statement in changes.get(contract.relation, []):
                    connection.execute(statement)
                file = release.path / entry["file"]
                rows.replace_rows(connection, contract, file, scratch, progress)
                for statement in (*completions[contract.relation], *tables.comments(contract)):
                    connection.execute(statement)
                progress(f"  {contract.relation:42} {entry['row_count']:>12,} rows to PostgreSQL")
            access.grant(connection, [contract for contract, _ in marts])
            rows.require_same(connection, marts, "Before the commit")
            commit = self._remember(release.manifest, is_new)
            if not is_locked:
                readers.lock_marts(connection, old, wait, progress)
            for relation in sorted(set(old) - wanted):
                connection.execute(f"drop table {source_of(relation)} cascade")
        return commit

    def commit(self, commit: Commit) -> Outcome:
        """Commit, which shows readers the prepared release.

        Returns:
            The outcome. If the connection is lost, the server is asked over a new one. If it does
            not answer, the outcome is unknown.

        Raises:
            PostgresError: The transaction was rolled back.
        """
        try:
            self._connection.commit()
        except psycopg.Error as problem:
            outcome = self.outcome_of(commit)
            if outcome is Outcome.ROLLED_BACK:
                raise PostgresError(
                    f"{self.where} has not committed: {first_line(problem)}",
                    "Nothing was published. Check that the server is running, and publish again.",
                ) from problem
            return outcome
        return Outcome.COMMITTED

    def outcome_of(self, commit: Commit) -> Outcome:
        """Ask the server for the outcome of a commit, over a separate connection.

        If the transaction is still open, because the server has not noticed that its client is
        gone, it is terminated first. So any outcome but `UNKNOWN` is final.
        """
        try:
            with ExitStack() as stack:
                connection = self._reconnected(stack)
                connection.autocommit = True
                if _identity(connection, self.where) != commit.database:
                    return Outcome.UNKNOWN
                deadline = time.monotonic() + SETTLE_SECONDS
                while _is_open(connection, commit.transaction):
                    if time.monotonic() > deadline:
                        return Outcome.UNKNOWN
                    connection.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where backend_xid = (%s::bigint %% 4294967296)::text::xid",
                        (commit.transaction,),
                    )
                    time.sleep(0.1)
                # The transaction has ended, so the row exists if and only if it was committed.
                there = connection.execute("select to_regclass(%s) is not null", (HISTORY,))
                if there.fetchone() != (True,):
                    return Outcome.ROLLED_BACK
                row = connection.execute(
                    f"select count(*) from {HISTORY} where position = %s and release = %s",
                    (commit.position, commit.release),
                ).fetchone()
        except (psycopg.Error, PostgresError):
            return Outcome.UNKNOWN
        return Outcome.COMMITTED if row == (1,) else Outcome.ROLLED_BACK

    def _reconnected(self, stack: ExitStack) -> Connection:
        """Open a connection to a server that may be restarting.

        Raises:
            UnreachableError: The server does not answer within a few seconds.
        """
        for _ in range(REACH_TRIES - 1):
            try:
                return stack.enter_context(connected(self._dsn))
            except UnreachableError:
                time.sleep(1)
        return stack.enter_context(connected(self._dsn))

    def give_up(self) -> None:
        """Roll back, so that the database does not change."""
        with suppress(psycopg.Error):
            # If the connection is lost, the server rolls back automatically.
            self._connection.rollback()

    def verify(self, release: Release, progress: Progress) -> None:
        """Compare what readers now see with the release, over a separate connection.

        Raises:
            PostgresError: A table differs from the release, or cannot be read.
        """
        try:
            with connected(self._dsn) as connection:
                rows.require_same(connection, published_marts(release.manifest), "After the commit")
        except (psycopg.Error, UnreachableError) as problem:
            said = problem.problem if isinstance(problem, PostgresError) else first_line(problem)
            raise PostgresError(
                f"Release {release.number} is published: {self.where} has committed it. It could "
                f"not be compared after the commit: {said}",
                "Run `bank releases` when the server can be reached again: it shows which "
                "release readers have.",
            ) from None
        progress(f"{self.where}: rows and sums of all marts agree after the commit.")

    def tidy(self, release: Release, progress: Progress) -> None:
        """Free the space of the old rows and update the planner's statistics.

        Readers are not affected. If the server refuses, autovacuum does it later.
        """
        try:
            with connected(self._dsn) as connection:
                connection.autocommit = True
                for contract, _ in published_marts(release.manifest):
                    connection.execute(
                        f"vacuum (analyze, truncate false) {source_of(contract.relation)}"
                    )
        except (psycopg.Error, PostgresError) as problem:
            progress(f"{self.where}: old rows are left to autovacuum ({first_line(problem)}).")

    def _has_history(self) -> bool:
        row = self._connection.execute("select to_regclass(%s) is not null", (HISTORY,)).fetchone()
        return row == (True,)

    def _manifest(self) -> dict[str, Any] | None:
        if not self._has_history():
            return None
        row = self._connection.execute(
            f"select release, manifest from {HISTORY} order by position desc limit 1"
        ).fetchone()
        if row is None:
            return None
        try:
            return require_manifest(row[1], int(row[0]))
        except ManifestError as problem:
            raise PostgresError(
                f"The manifest of release {row[0]} in {HISTORY} of {self.where} {problem}",
                "Restore this row from a backup of the database. Without a backup, drop the "
                f"schemas {', '.join((*MART_SCHEMAS, HISTORY.split('.')[0]))} and publish again.",
            ) from None

    def _require_room(self, foreign: set[str]) -> None:
        """Refuse a database in which the schemas of the marts hold other tables.

        Raises:
            PostgresError: The message names these tables.
        """
        if foreign:
            more = " and more" if len(foreign) > SHOWN else ""
            raise PostgresError(
                f"{self.where} contains {', '.join(sorted(foreign)[:SHOWN])}{more}, which no "
                "release created.",
                "Publish to another database, or move these tables out of the schemas "
                f"{', '.join(MART_SCHEMAS)}. Nothing was published.",
            )

    def _make_schemas(self, marts: list[tuple[Contract, dict[str, Any]]]) -> None:
        wanted = {contract.schema for contract, _ in marts} | {HISTORY.split(".")[0]}
        there = self._connection.execute("select nspname from pg_namespace").fetchall()
        for schema in sorted(wanted):
            if (schema,) not in there:
                self._connection.execute(f"create schema {quote_identifier(schema)}")
        if not self._has_history():
            self._connection.execute(
                f"create table {HISTORY} (position bigint generated always as identity primary "
                "key, release bigint not null, put_in_place_at timestamptz not null default now(),"
                " manifest jsonb not null)"
            )
            self._connection.execute(
                f"comment on table {HISTORY} is 'One row per publish or rollback. The last one is "
                "what the marts hold.'"
            )

    def _remember(self, manifest: Mapping[str, Any], is_new: bool) -> Commit:
        """Add the release to the list in the database; return what the transaction commits."""
        row = self._connection.execute(
            f"insert into {HISTORY} (release, manifest) values (%s, %s::jsonb) "
            "returning position, txid_current()",
            (manifest["release"], json.dumps(manifest)),
        ).fetchone()
        position, transaction = row or (0, 0)
        return Commit(
            release=manifest["release"],
            is_new=is_new,
            database=_identity(self._connection, self.where),
            where=self.where,
            transaction=transaction,
            position=position,
        )


def _identity(connection: Connection, where: str) -> str:
    """Return an identifier of the server and database.

    It contains the address only if this user may not read the server's own identifier.
    """
    row = connection.execute(
        "select oid::bigint, has_function_privilege('pg_control_system()', 'execute') "
        "from pg_database where datname = current_database()"
    ).fetchone()
    database, may_ask = row or (0, False)
    if not may_ask:
        return f"{where} {database}"
    found = connection.execute("select system_identifier from pg_control_system()").fetchone()
    return f"{found[0] if found else where} {database}"


def _is_open(connection: Connection, transaction: int) -> bool:
    """Return whether a transaction has been neither committed nor rolled back."""
    try:
        row = connection.execute("select txid_status(%s)", (transaction,)).fetchone()
    except psycopg.errors.InvalidParameterValue:
        # The server was restored to a time before the transaction.
        return False
    return row == ("in progress",)


@contextmanager
def open_target(dsn: str) -> Iterator[PostgresTarget]:
    """Connect to the database that a DSN names.

    Raises:
        PostgresError: The DSN cannot be read, the database cannot be reached, or its encoding is
            not UTF-8.
    """
    with connected(dsn) as connection:
        yield PostgresTarget(connection, dsn)
