"""The promises of the quality layer: control totals tie out, and quarantined rows have reasons."""

import duckdb

from python_checks.expectations.columns import MONEY
from python_checks.expectations.declare import Check, Nothing, Promise, Table, not_null, unique

BASE = "staging.base_bank__clients"
POSITIONS = "marts.fct_customer_positions"
CONTROL = "quality.fct_control_totals"
QUARANTINE = "quality.fct_quarantined_clients"
PROFILE = "quality.fct_source_profile"
REQUIRED = (BASE, POSITIONS, CONTROL, QUARANTINE, PROFILE)


def tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:  # noqa: ARG001
    """Return the tables of the quality layer and their promises."""
    return [
        Table(CONTROL, ("column_name",), _control_totals()),
        Table(QUARANTINE, ("source_file", "source_row"), _quarantine(), may_be_empty=True),
        Table(PROFILE, ("column_name",), _profile()),
    ]


def _recounted(relation: str) -> str:
    sums = ", ".join(f"coalesce(sum({column}), 0) as {column}" for column in MONEY)
    return (
        f"(unpivot (select cast(count(*) as decimal(38, 2)) as row_count, {sums} from {relation}) "
        f"on row_count, {', '.join(MONEY)} into name column_name value amount)"
    )


def _control_totals() -> tuple[Check, ...]:
    named = ", ".join(f"'{column}'" for column in ("row_count", *MONEY))
    return (
        unique(CONTROL, "column_name"),
        *not_null("delivered", "in_marts", "in_quarantine", "difference"),
        Promise(
            "no row or amount is lost or counted twice: the difference is 0",
            "difference = 0",
            ("difference",),
        ),
        Promise(
            "the difference is delivered less marts less quarantine",
            "difference = delivered - in_marts - in_quarantine",
            ("delivered", "in_marts", "in_quarantine", "difference"),
        ),
        Promise(
            "each total is the number of rows or the sum of a money column",
            f"column_name in ({named})",
            (),
        ),
        Nothing(
            "the totals equal a recount of the tables",
            "select coalesce(control.column_name, delivered.column_name) as column_name, "
            "control.delivered, delivered.amount as delivered_counted, control.in_marts, "
            "marts.amount as in_marts_counted, control.in_quarantine, quarantined.amount as "
            f"in_quarantine_counted from {CONTROL} as control "
            f"full join {_recounted(BASE)} as delivered "
            "on control.column_name = delivered.column_name "
            f"left join {_recounted(POSITIONS)} as marts "
            "on delivered.column_name = marts.column_name "
            f"left join {_recounted(QUARANTINE)} as quarantined "
            "on delivered.column_name = quarantined.column_name "
            "where control.delivered is distinct from delivered.amount "
            "or control.in_marts is distinct from marts.amount "
            "or control.in_quarantine is distinct from quarantined.amount",
            "delivered, in_marts, in_quarantine",
        ),
    )


def _quarantine() -> tuple[Check, ...]:
    return (
        unique(QUARANTINE, "source_file", "source_row"),
        Promise(
            "a quarantined row has its file, row number, reasons and text",
            "source_file <> '' and source_row >= 2 and reject_reasons <> '' "
            "and raw_text is not null",
            ("reject_reasons",),
        ),
    )


def _profile() -> tuple[Check, ...]:
    return (
        unique(PROFILE, "column_name"),
        Promise(
            "null_count and zero_count are at most row_count",
            "null_count between 0 and row_count and coalesce(zero_count, 0) between 0 and "
            "row_count",
            ("row_count", "null_count", "zero_count"),
        ),
        Promise(
            "the percentiles are in order",
            "percentile_1 is null or (percentile_1 <= quartile_1 and quartile_1 <= median "
            "and median <= quartile_3 and quartile_3 <= percentile_99)",
            ("percentile_1", "quartile_1", "median", "quartile_3", "percentile_99"),
        ),
        Nothing(
            "the profile covers all rows delivered",
            f"select distinct row_count as rows_here, delivered.rows_there from {PROFILE} "
            f"cross join (select count(*) as rows_there from {BASE}) as delivered "
            "where row_count <> delivered.rows_there",
            "row_count",
        ),
    )
