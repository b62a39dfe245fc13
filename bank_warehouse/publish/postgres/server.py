"""Connect to PostgreSQL, and turn its errors into messages that never show part of a password.

If a password contains a character that separates parts of a URI (`@`, `/`), libpq mistakes part of
it for the host, port or database, and prints it in errors. Such a connection string is refused
before it is used, and messages only show parts that cannot belong to a password.
"""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bank_warehouse.publish.errors import BusyError, PostgresError, UnreachableError

APPLICATION = "bank_warehouse publish"
CONNECT_SECONDS = 15
BUSY_SECONDS = 15
"""Seconds to wait for another publisher; the server notices a killed one within two seconds."""

_HOST = re.compile(r"[\w.,:%-]*|[/@][^\s@]*(,[/@][^\s@]*)*", re.ASCII)
_PORT = re.compile(r"[0-9,]*")
_NAME = re.compile(r"[\w$.-]+")
_SECRET = ("password", "sslpassword", "oauth_client_secret")

_PUBLISHING_KEY = 0x62616E6B_70756231
"""Key of the advisory lock: `bankpub1` in ASCII."""

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """Open a connection without autocommit.

    Raises:
        UnreachableError: The server cannot be reached.
        PostgresError: The DSN cannot be read, or the server's encoding is not UTF-8.
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
        # Not chained: a traceback would print the driver's message with the connection string.
        said = f"{where} cannot be reached: {_without_secrets(first_line(problem), dsn)}"
        if not _has_address(dsn):
            # For user:pass@word without a host, half of the password would be read as the host.
            said = "The host in BANK_POSTGRES_DSN cannot be resolved to an address."
        raise UnreachableError(
            said,
            "Check that the server is running and that BANK_POSTGRES_DSN has the right host, "
            "port, database, user and password. Nothing was published.",
        ) from None
    try:
        encoding = connection.execute("show server_encoding").fetchone()
        if encoding != ("UTF8",):
            raise PostgresError(
                f"{where} has the encoding {encoding[0] if encoding else 'unknown'}, but the marts "
                "need UTF-8.",
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
    """Make the server check each second whether this process still exists, if it supports this."""
    try:
        with connection.transaction():
            connection.execute("set client_connection_check_interval = '1s'")
    except psycopg.Error:
        # Servers before version 14, and those on Windows, notice at the end of a statement.
        return


def described(dsn: str) -> str:
    """Return the database that a DSN names, without anything that could be part of its password.

    Raises:
        PostgresError: It is not a DSN, or part of a password may have been read as something else.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        parts = None
    if parts is None or not _is_plain(dsn, parts):
        raise PostgresError(
            "BANK_POSTGRES_DSN cannot be read as a connection string.",
            "Write it as postgresql://user:password@host:5432/database, and percent-encode special "
            "characters in the password (@ is %40, / is %2F, % is %25, # is %23). Or write it as "
            "'host=... dbname=... user=... password=...', and quote a password that has blanks.",
        )
    host = parts.get("host") or "localhost"
    if _is_uri(dsn) and "@" not in dsn:
        # For user:password without a host, the password would be read as the port.
        return f"PostgreSQL {host}"
    port = f":{parts['port']}" if parts.get("port") else ""
    name = str(parts.get("dbname") or parts.get("user") or "")
    return f"PostgreSQL {host}{port}/{name if _NAME.fullmatch(name) else '...'}"


def _is_uri(dsn: str) -> bool:
    return dsn.startswith(("postgresql://", "postgres://"))


def _is_plain(dsn: str, parts: Mapping[str, Any]) -> bool:
    """Return whether no part of a password can have been read as host, port or database."""
    if _is_uri(dsn):
        user, _, rest = dsn.split("://", 1)[1].partition("@")
        if "@" in rest or (rest and "/" in user):
            return False
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "")
    return bool(_HOST.fullmatch(host) and _PORT.fullmatch(port))


def _has_address(dsn: str) -> bool:
    hosts = str(conninfo_to_dict(dsn).get("host") or "").split(",")
    try:
        for host in hosts:
            if host and not host.startswith(("/", "@")):
                socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _without_secrets(said: str, dsn: str) -> str:
    """Return the message of the server or driver, unless it contains a secret of the DSN."""
    parts = conninfo_to_dict(dsn)
    secrets = [str(parts[name]) for name in _SECRET if parts.get(name)]
    return "see the server's log" if any(secret in said for secret in secrets) else said


def lock_out_other_publishers(connection: Connection, where: str) -> None:
    """Lock out other publishers of the database until the end of the transaction.

    Raises:
        BusyError: Another publisher keeps the lock.
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
                f"Another publisher is running on {where}.",
                "Wait until it has ended and publish again. Nothing was published.",
            )
        time.sleep(0.2)


@contextmanager
def told_in_words(where: str) -> Iterator[None]:
    """Turn the server's errors into messages.

    Raises:
        PostgresError: The server's error, and what to do.
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
            f"{where} has no disk space left: {first_line(problem)}.",
            "Free some space: a release needs twice its size until the old rows are vacuumed. "
            "The marts there have not changed.",
        ) from problem
    except psycopg.Error as problem:
        raise PostgresError(
            f"{where} refuses: {first_line(problem)}",
            "Nothing was published. This is the server's message; publish again when the cause "
            "is fixed.",
        ) from problem


def first_line(problem: Exception) -> str:
    """Return the first line of an error; the lines after it can contain a row."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
