"""Wait until no reader's transaction is using the marts.

At the isolation level `read committed`, each query of a transaction sees the latest commit, so a
commit between two queries would show two releases. A transaction keeps a lock on every table that
it has read. So once the publisher has an exclusive lock on all marts, no transaction is using them.
The publisher tries to get the lock in short attempts. It gives up each attempt before the server
checks for deadlocks, so no attempt makes a reader fail or wait for long.
"""

import time
from collections.abc import Callable, Iterable

import psycopg

from bank_warehouse.publish.errors import ReadersInTheWayError
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.postgres.server import Connection
from bank_warehouse.sql import quote_literal

PAUSE_SECONDS = 0.2
TELL_AFTER_SECONDS = 3
SHOWN = 5


def lock_marts(
    connection: Connection, relations: Iterable[str], wait: float, progress: Callable[[str], None]
) -> None:
    """Take an exclusive lock on all tables until the end of the transaction.

    Args:
        connection: A connection to the server, in a transaction.
        relations: Names of existing tables, as `schema.table`.
        wait: How long to keep trying, in seconds.
        progress: Called once with the blocking sessions, if the lock takes more than a few seconds.

    Raises:
        ReadersInTheWayError: The time has run out; the message names the sessions.
    """
    wanted = sorted(relations)
    if not wanted:
        return
    statement = (
        f"lock table {', '.join(source_of(name) for name in wanted)} in access exclusive mode"
    )
    attempt = _attempt_milliseconds(connection)
    began = time.monotonic()
    has_reported = False
    while True:
        try:
            with connection.transaction():
                connection.execute(f"set local statement_timeout = {attempt}")
                connection.execute(statement)
                connection.execute("set local statement_timeout = 0")
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            waited = time.monotonic() - began
            if waited > wait:
                raise ReadersInTheWayError(
                    f"Readers of the marts did not end their transactions within {wait:g} seconds: "
                    f"{holders(connection, wanted)}.",
                    "Ask them to commit, or end their sessions with `select "
                    "pg_terminate_backend(<pid>)`, and try again; --wait-for-readers sets how "
                    "long to wait. Nothing has changed for readers.",
                ) from None
            if waited > TELL_AFTER_SECONDS and not has_reported:
                has_reported = True
                progress(f"  waiting for readers: {holders(connection, wanted)}")
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _attempt_milliseconds(connection: Connection) -> int:
    """Return how long an attempt may last: half the server's deadlock timeout."""
    row = connection.execute(
        "select setting::integer from pg_settings where name = 'deadlock_timeout'"
    ).fetchone()
    return max(20, (row[0] if row else 1000) // 2)


def holders(connection: Connection, relations: Iterable[str]) -> str:
    """Return the sessions that hold a lock on one of the tables, in words."""
    listed = ", ".join(f"{quote_literal(source_of(name))}::regclass" for name in relations)
    rows = connection.execute(
        f"""
        select distinct
            locks.pid,
            coalesce(sessions.usename, 'unknown'),
            coalesce(nullif(sessions.application_name, ''), 'unnamed'),
            coalesce(to_char(sessions.xact_start, 'YYYY-MM-DD HH24:MI:SS "UTC"'), 'an unknown time')
        from pg_locks as locks
        left join pg_stat_activity as sessions on locks.pid = sessions.pid
        where locks.granted and locks.relation in ({listed}) and locks.pid <> pg_backend_pid()
        order by 1
        """
    ).fetchall()
    if not rows:
        return "sessions that have ended in the meantime"
    words = [
        f"pid {pid} ({user}, {program}, in a transaction since {since})"
        for pid, user, program, since in rows[:SHOWN]
    ]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return ", ".join(words) + more
