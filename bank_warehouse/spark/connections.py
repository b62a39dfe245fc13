"""Statements for a Spark that is reached over Thrift."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Cursor(Protocol):
    """What is needed of a cursor, PyHive's own or that of dbt's connection."""

    @property
    def description(self) -> Any:
        """Name and type of each column of the last statement, and more."""

    def execute(self, sql: str) -> None:
        """Run a statement and wait for it."""

    def fetchall(self) -> Any:
        """Return the rows of the last statement, as tuples."""


@contextmanager
def connection(host: str, port: int, user: str = "bank") -> Iterator[Cursor]:
    """Connect to a Thrift server without authentication, as a reader of marts may.

    Args:
        host: Its address.
        port: Its port.
        user: The name to go by; nobody asks for a proof.

    Yields:
        A cursor of PyHive.
    """
    from pyhive import hive

    opened = hive.connect(host=host, port=port, username=user)
    try:
        yield opened.cursor()
    finally:
        opened.close()
