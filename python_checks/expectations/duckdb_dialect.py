"""A SQLAlchemy dialect that reads one DuckDB file and never writes to it.

Great Expectations fetches the rows of a result after it has given the connection back to the
pool. SQLAlchemy then rolls back, and DuckDB drops the rows of a result with its transaction: the
result is empty when it is read. Reading needs no transaction, so this dialect begins, commits and
rolls back nothing.
"""

from typing import Any

from duckdb_sqlalchemy import Dialect
from sqlalchemy.dialects import registry

URL_SCHEME = "duckdb+readonly"


class ReadOnlyDialect(Dialect):
    """DuckDB without transactions: for a connection that is opened read-only."""

    driver = "readonly"
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin nothing."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit nothing."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back nothing, so that a result stays readable."""


def register() -> None:
    """Make `URL_SCHEME` known to SQLAlchemy. Calling it again changes nothing."""
    registry.register("duckdb.readonly", __name__, "ReadOnlyDialect")
