"""Run statements on Spark over Thrift."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Cursor(Protocol):
    """What the project uses of a cursor, which is PyHive's own or the one of dbt's connection."""

    @property
    def description(self) -> Any:
        """Name, type and more of each column of the last result."""

    def execute(self, sql: str) -> None:
        """Run a statement and wait for it."""

    def fetchall(self) -> Any:
        """Return the rows of the last statement, as tuples."""


@contextmanager
def connection(host: str, port: int, user: str = "bank") -> Iterator[Cursor]:
    """Connect to a Thrift server without authentication.

    Args:
        host: The server's address.
        port: The server's port.
        user: The user name, which is not verified.

    Yields:
        A PyHive cursor.
    """
    from pyhive import hive

    opened = hive.connect(host=host, port=port, username=user)
    try:
        yield opened.cursor()
    finally:
        opened.close()
