"""Publish a release to PostgreSQL: all marts in one transaction, readers undisturbed.

The tables stay; their rows are deleted and inserted again. So a transaction that has begun before
the commit goes on seeing the old rows, whatever its isolation level, where a table renamed or
created anew would look empty to it. Before the commit the publisher takes an exclusive lock on all
marts for a moment, so that it commits when no transaction stands between two of its queries.
"""

from bank_warehouse.publish.postgres.target import PostgresTarget, open_target

__all__ = ["PostgresTarget", "open_target"]
