"""A SQLAlchemy dialect for reading a DuckDB file without transactions.

Great Expectations fetches rows after it has returned the connection to the pool. By then,
SQLAlchemy has rolled back, and DuckDB has dropped the result with its transaction, so there are no
rows to fetch. Reading needs no transaction, so this dialect does not begin, commit or roll back.
"""

from typing import Any

from duckdb_sqlalchemy import Dialect
from sqlalchemy.dialects import registry

URL_SCHEME = "duckdb+readonly"


class ReadOnlyDialect(Dialect):
    """DuckDB without transactions, for a read-only connection."""

    driver = "readonly"
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Do nothing."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Do nothing."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Do nothing, so that a result stays readable."""


def register() -> None:
    """Register `URL_SCHEME` with SQLAlchemy. Repeated calls do no harm."""
    registry.register("duckdb.readonly", __name__, "ReadOnlyDialect")
