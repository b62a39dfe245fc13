"""The roles of the readers, `bank_reader` and `bank_restricted_reader`.

Only the second can read the schema `restricted`.
"""

from collections.abc import Iterable

import psycopg

from bank_warehouse.publish.contracts import Contract
from bank_warehouse.publish.errors import PostgresError
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.postgres.server import Connection, first_line
from bank_warehouse.sql import quote_identifier

READER = "bank_reader"
RESTRICTED_READER = "bank_restricted_reader"

BY_HAND = (
    f"create role {READER} nologin",
    f"create role {RESTRICTED_READER} nologin",
    f"grant {READER} to {RESTRICTED_READER}",
)


def make_roles(connection: Connection) -> None:
    """Create the two roles if they do not exist; the second is a member of the first.

    Raises:
        PostgresError: The user may not create roles; the message has the statements for an
            administrator.
    """
    there = connection.execute(
        "select rolname from pg_roles where rolname in (%s, %s)", (READER, RESTRICTED_READER)
    ).fetchall()
    statements = [
        f"create role {role} nologin"
        for role in (READER, RESTRICTED_READER)
        if (role,) not in there
    ]
    is_member = not statements and connection.execute(
        "select pg_has_role(%s, %s, 'member')", (RESTRICTED_READER, READER)
    ).fetchone() == (True,)
    if not is_member:
        statements.append(f"grant {READER} to {RESTRICTED_READER}")
    try:
        for statement in statements:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as problem:
        raise PostgresError(
            f"The roles of the readers cannot be created: {first_line(problem)}.",
            f"Have an administrator run `{'; '.join(BY_HAND)};` once, and publish again.",
        ) from problem


def grant(connection: Connection, marts: Iterable[Contract]) -> None:
    """Give both roles their rights on the marts, and revoke those of `public`."""
    listed = list(marts)
    for schema in sorted({contract.schema for contract in listed}):
        quoted = quote_identifier(schema)
        role = _role_of(next(each for each in listed if each.schema == schema))
        connection.execute(f"revoke all on schema {quoted} from public, {READER}")
        connection.execute(f"grant usage on schema {quoted} to {role}")
    for contract in listed:
        table = source_of(contract.relation)
        connection.execute(f"revoke all on {table} from public, {READER}")
        connection.execute(f"grant select on {table} to {_role_of(contract)}")


def _role_of(contract: Contract) -> str:
    return RESTRICTED_READER if contract.is_restricted else READER
