"""The promises of the staging layer: every row is accepted or quarantined."""

import duckdb

from python_checks.expectations import references
from python_checks.expectations.columns import MONEY
from python_checks.expectations.declare import (
    Check,
    Nothing,
    Promise,
    Table,
    at_least,
    between,
    in_set,
    not_null,
    unique,
)

BASE = "staging.base_bank__clients"
CLIENTS = "staging.stg_bank__clients"
LOOKUPS = {
    "staging.stg_bank__banking_relationships": "banking_relationship",
    "staging.stg_bank__genders": "gender",
    "staging.stg_bank__investment_advisors": "investment_advisor",
}
REQUIRED = (
    BASE,
    CLIENTS,
    *LOOKUPS,
    "quality.fct_quarantined_clients",
    "reference.fee_rates",
    "reference.loyalty_tiers",
)


def tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the staging tables and their promises."""
    return [
        Table(BASE, ("customer_key",), _base()),
        Table(CLIENTS, ("customer_key",), _clients(connection)),
        *(
            Table(
                relation,
                (f"{name}_id",),
                (
                    *not_null(f"{name}_id", name),
                    unique(relation, f"{name}_id"),
                    unique(relation, name),
                ),
            )
            for relation, name in LOOKUPS.items()
        ),
    ]


def _base() -> tuple[Check, ...]:
    return (
        *not_null("source_file", "is_valid"),
        Promise(
            "an invalid row has reasons and its text, and a valid row has no reasons",
            "is_valid = (reject_reasons is null) and (is_valid or raw_text is not null)",
            ("source_file", "is_valid", "reject_reasons"),
        ),
        Promise(
            "a valid row has a key and every amount",
            "not is_valid or ("
            + " and ".join(f"{column} is not null" for column in ("customer_key", *MONEY))
            + ")",
            ("is_valid",),
        ),
        Nothing(
            "rows delivered = rows accepted + rows in quarantine",
            "select delivered.row_count as rows_delivered, accepted.row_count as rows_accepted, "
            "quarantined.row_count as rows_in_quarantine "
            f"from (select count(*) as row_count from {BASE}) as delivered "
            f"cross join (select count(*) as row_count from {CLIENTS}) as accepted "
            "cross join (select count(*) as row_count from quality.fct_quarantined_clients) "
            "as quarantined "
            "where delivered.row_count <> accepted.row_count + quarantined.row_count",
            "row count",
        ),
    )


def _clients(connection: duckdb.DuckDBPyConnection) -> tuple[Check, ...]:
    codes: list[Check] = [
        in_set(column, references.values(connection, source, column), source)
        for column, source in (
            ("fee_structure", "reference.fee_rates"),
            ("loyalty_classification", "reference.loyalty_tiers"),
            *((name, relation) for relation, name in LOOKUPS.items()),
        )
    ]
    return (
        *not_null(
            "customer_key",
            "client_key",
            "client_id",
            "client_name",
            "nationality",
            "occupation",
            "joined_date",
            *MONEY,
        ),
        *codes,
        between("age", 0, 120),
        between("risk_weighting", 1, 5),
        at_least("amount_of_credit_cards", 0),
        at_least("properties_owned", 0),
        Promise(
            "keys are 60-bit hashes",
            "customer_key between 0 and 1152921504606846975 "
            "and client_key between 0 and 1152921504606846975",
            ("client_key",),
        ),
    )
