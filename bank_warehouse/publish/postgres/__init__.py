"""Publish a release to PostgreSQL: all marts in one transaction, without disturbing readers.

The tables are kept; their rows are deleted and inserted again. So a transaction that began before
the commit still sees the old rows, whatever its isolation level; renamed or new tables would look
empty to it. Just before the commit, the publisher takes an exclusive lock on all marts, so that no
reader's transaction is between two queries when it commits.
"""

from bank_warehouse.publish.postgres.target import PostgresTarget, open_target

__all__ = ["PostgresTarget", "open_target"]
