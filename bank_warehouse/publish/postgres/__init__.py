"""Publish a release to PostgreSQL: all marts in one transaction, without disturbing readers.

The tables are kept; their rows are deleted and inserted again. So a transaction that began before
the commit still sees the old rows, whatever its isolation level; renamed or new tables would look
empty to it. Just before the commit, the publisher takes an exclusive lock on all marts, so that it
commits when no transaction is between two of its queries.
"""

from bank_warehouse.publish.postgres.target import PostgresTarget, open_target

__all__ = ["PostgresTarget", "open_target"]
