"""Connect to PostgreSQL, and say in words what it refuses. The password is never shown."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bank_warehouse.publish.errors import BusyError, PostgresError

APPLICATION = "bank_warehouse publish"
CONNECT_SECONDS = 15
BUSY_SECONDS = 15
"""How long a publisher waits for another one on the same database: one that was killed is noticed
by the server after a second or two."""

_PUBLISHING_KEY = 0x62616E6B_70756231
"""Key of the advisory lock: `bankpub1` in ASCII."""

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """Open a connection in which nothing is committed by itself.

    Raises:
        PostgresError: The DSN cannot be read, the server not reached, or its encoding is not
            UTF-8.
    """
    where = described(dsn)
    try:
        connection = psycopg.connect(
            dsn,
            application_name=APPLICATION,
            connect_timeout=CONNECT_SECONDS,
            client_encoding="utf8",
        )
    except psycopg.Error as problem:
        raise PostgresError(
            f"{where} cannot be reached: {first_line(problem)}",
            "See that the server runs and that BANK_POSTGRES_DSN has the right host, port, "
            "database, user and password. Nothing was published.",
        ) from problem
    try:
        encoding = connection.execute("show server_encoding").fetchone()
        if encoding != ("UTF8",):
            raise PostgresError(
                f"{where} has the encoding {encoding[0] if encoding else 'unknown'}; the marts "
                "are UTF-8.",
                "Publish to a database that was created with encoding 'UTF8'.",
            )
        for setting, value in (
            ("statement_timeout", "0"),
            ("lock_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("timezone", "UTC"),
        ):
            connection.execute("select set_config(%s, %s, false)", (setting, value))
        _notice_a_killed_publisher(connection)
        connection.commit()
        yield connection
    finally:
        connection.close()


def _notice_a_killed_publisher(connection: Connection) -> None:
    """Have the server look each second whether this process is still there, if it can."""
    try:
        with connection.transaction():
            connection.execute("set client_connection_check_interval = '1s'")
    except psycopg.Error:
        # Servers before version 14, and those on Windows, notice at the end of a statement.
        return


def described(dsn: str) -> str:
    """Return which database a DSN names, without its password.

    Raises:
        PostgresError: It is no DSN.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error as problem:
        raise PostgresError(
            "BANK_POSTGRES_DSN cannot be read as a connection string.",
            "Write it as postgresql://user:password@host:5432/database, special characters in the "
            "password percent-encoded, or as 'host=... dbname=... user=... password=...'.",
        ) from problem
    host = parts.get("host") or "localhost"
    port = f":{parts['port']}" if parts.get("port") else ""
    name = parts.get("dbname") or parts.get("user") or ""
    return f"PostgreSQL {host}{port}/{name}"


def lock_out_other_publishers(connection: Connection, where: str) -> None:
    """Hold the database against other publishers until the end of the transaction.

    Raises:
        BusyError: Another one holds it, and goes on doing so.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        got = connection.execute(
            "select pg_try_advisory_xact_lock(%s)", (_PUBLISHING_KEY,)
        ).fetchone()
        if got == (True,):
            return
        if time.monotonic() > deadline:
            raise BusyError(
                f"Another publisher is at work on {where}.",
                "Wait until it has ended and publish again. Nothing was published.",
            )
        time.sleep(0.2)


@contextmanager
def told_in_words(where: str) -> Iterator[None]:
    """Turn the server's errors into messages.

    Raises:
        PostgresError: What the server has refused, and what to do.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as problem:
        raise PostgresError(
            f"{where} refuses: {first_line(problem)}.",
            "Publish as the user that owns the schemas marts, quality and restricted, or as one "
            "that may create schemas in this database. Nothing was published.",
        ) from problem
    except psycopg.errors.DiskFull as problem:
        raise PostgresError(
            f"{where} has no room left: {first_line(problem)}.",
            "Make room: a release needs the space of two until the old rows are vacuumed. The "
            "marts there are as they were.",
        ) from problem
    except psycopg.Error as problem:
        raise PostgresError(
            f"{where} refuses: {first_line(problem)}",
            "Nothing was published. The message is the server's; publish again when it is seen to.",
        ) from problem


def first_line(problem: Exception) -> str:
    """Return the first line of an error, which names no row."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
