"""The promises of the raw layer: the drop as delivered, before anything is quarantined.

If the sample was built, its tables are checked as text. A build of a drop makes no raw tables, so
the first typed table is checked instead. Invalid rows are quarantined later, so most promises here
are about shares of rows.
"""

import duckdb

from python_checks.expectations import references
from python_checks.expectations.columns import MONEY
from python_checks.expectations.declare import (
    Check,
    Nothing,
    Promise,
    Table,
    not_null,
    share_between,
    unique,
)

BASE = "staging.base_bank__clients"
SEED_FILE = "seeds/raw/raw_clients.csv"
REQUIRED = (BASE, "reference.fee_rates", "reference.loyalty_tiers")

# At least this share of the cells in a column must be readable. This limit is looser than the
# default `max_quarantine_rate`, which the build has applied to whole rows.
READABLE = 0.9

MONEY_HEADERS = (
    "Estimated Income",
    "Superannuation Savings",
    "Credit Card Balance",
    "Bank Loans",
    "Bank Deposits",
    "Checking Accounts",
    "Saving Accounts",
    "Foreign Currency Account",
    "Business Lending",
)
LOOKUPS = {
    "raw.raw_banking_relationships": ("BRId", "Banking Relationship"),
    "raw.raw_genders": ("GenderId", "Gender"),
    "raw.raw_investment_advisors": ("IAId", "Investment Advisor"),
}


def is_built_from_seeds(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the last build read the sample, not a drop.

    Raw tables of an earlier build may still exist, so this looks at the source of a row.
    """
    found = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_schema = 'raw' and table_name = 'raw_clients'"
    ).fetchone()
    source = connection.execute(f"select source_file from {BASE} limit 1").fetchone()
    return bool(found and found[0] and source and source[0] == SEED_FILE)


def tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the raw tables of this build and their promises."""
    if is_built_from_seeds(connection):
        return [_seed_clients(connection), *_seed_lookups()]
    return [_delivered_clients()]


def _mostly(words: str, condition: str, column: str) -> Check:
    return share_between(words, f"coalesce(({condition}), false)", column, READABLE, 1)


def _seed_clients(connection: duckdb.DuckDBPyConnection) -> Table:
    relation = "raw.raw_clients"
    checks: list[Check] = [
        Nothing(
            "the first typed table has as many rows as the raw file",
            f"select delivered.row_count as rows_here, typed.row_count as rows_there "
            f"from (select count(*) as row_count from {relation}) as delivered "
            f"cross join (select count(*) as row_count from {BASE}) as typed "
            "where delivered.row_count <> typed.row_count",
            "row count",
        ),
        _mostly("Client ID is not blank", "trim(\"Client ID\") <> ''", "Client ID"),
        _mostly("Name is not blank", "trim(\"Name\") <> ''", "Name"),
        _mostly(
            "Age is a whole number from 0 to 120",
            'try_cast("Age" as integer) between 0 and 120',
            "Age",
        ),
        _mostly(
            "Risk Weighting is a whole number from 1 to 5",
            'try_cast("Risk Weighting" as integer) between 1 and 5',
            "Risk Weighting",
        ),
        _mostly(
            "Joined Bank is a day, a month and a year",
            "regexp_full_match(trim(\"Joined Bank\"), '[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}')",
            "Joined Bank",
        ),
    ]
    checks += [
        _mostly(f"{header} holds digits", f"regexp_matches(\"{header}\", '[0-9]')", header)
        for header in MONEY_HEADERS
    ]
    for column, source, name in (
        ("Fee Structure", "reference.fee_rates", "fee_structure"),
        ("Loyalty Classification", "reference.loyalty_tiers", "loyalty_classification"),
        ("BRId", "raw.raw_banking_relationships", "BRId"),
        ("GenderId", "raw.raw_genders", "GenderId"),
        ("IAId", "raw.raw_investment_advisors", "IAId"),
    ):
        known = ", ".join(
            "'" + str(value).strip().lower().replace("'", "''") + "'"
            for value in references.values(connection, source, name)
        )
        checks.append(
            _mostly(f"{column} is one of {source}", f'lower(trim("{column}")) in ({known})', column)
        )
    return Table(relation, ("rowid",), tuple(checks))


def _seed_lookups() -> list[Table]:
    return [
        Table(
            relation,
            (identifier,),
            (*not_null(identifier, name), unique(relation, identifier), unique(relation, name)),
        )
        for relation, (identifier, name) in LOOKUPS.items()
    ]


def _delivered_clients() -> Table:
    checks: list[Check] = [
        Promise("every row has a source file", "source_file <> ''", ("source_file",)),
        *[
            _mostly(f"{column} can be read", f"{column} is not null", column)
            for column in ("client_id", "client_name", "age", "joined_date", *MONEY)
        ],
        *[
            _mostly(f"{column} is a known code", f"{column} is not null", column)
            for column in (
                "gender",
                "banking_relationship",
                "investment_advisor",
                "fee_structure",
                "loyalty_classification",
            )
        ],
    ]
    return Table(BASE, ("rowid",), tuple(checks))
