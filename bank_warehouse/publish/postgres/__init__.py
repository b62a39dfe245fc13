"""Publish a release to PostgreSQL: all marts in one transaction, without disturbing readers.

The tables are kept; their rows are deleted and inserted again. So a transaction whose snapshot is
older than the commit still sees the old rows. It would see no rows in renamed or new tables.

Before the commit, the publisher takes an exclusive lock on all marts, so that no reader's
transaction is between two queries on them. For a release that changes columns or keys, it takes
this lock first, so readers wait until the release is published.
"""

from bank_warehouse.publish.postgres.target import PostgresTarget, open_target

__all__ = ["PostgresTarget", "open_target"]
