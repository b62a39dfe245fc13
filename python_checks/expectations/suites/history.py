"""What the migration tables promise: every customer at one or both of two dates is counted once.

These checks do not open the history file. They compare the migrations that end at the date of this
warehouse with its customers, and the migrations that end at any date with those that start at it.
If the history has only one date, the tables are empty.
"""

from python_checks.expectations.declare import (
    Check,
    Nothing,
    Promise,
    Table,
    at_least,
    between,
    not_null,
    unique,
)

SEGMENT_MIGRATIONS = "marts.fct_segment_migrations"
RISK_MIGRATIONS = "marts.fct_risk_migrations"
POSITIONS = "marts.fct_customer_positions"
SEGMENTS = "marts.fct_customer_segments"
RISK = "marts.fct_customer_risk"
REQUIRED = (SEGMENT_MIGRATIONS, RISK_MIGRATIONS, POSITIONS, SEGMENTS, RISK)

MONEY = ("from_total_loans", "to_total_loans", "from_total_deposits", "to_total_deposits")
SEGMENT_STATE = ("segment",)
RISK_STATE = ("risk_weighting", "watch_list_level")


def history_tables() -> list[Table]:
    """Return the migrations and their promises."""
    return [_segment_migrations(), _risk_migrations()]


def _segment_migrations() -> Table:
    keys = ("to_date", "from_segment", "to_segment")
    return Table(
        SEGMENT_MIGRATIONS,
        keys,
        (
            *_of_any_migration(SEGMENT_MIGRATIONS, keys, SEGMENT_STATE),
            between("share_of_from_segment", 0, 1),
            Nothing(
                "the shares of each segment at the earlier date add up to one",
                "select to_date, from_segment, sum(share_of_from_segment) as shares "
                f"from {SEGMENT_MIGRATIONS} group by to_date, from_segment "
                "having abs(sum(share_of_from_segment) - 1) > 1e-9",
                "share_of_from_segment",
            ),
            _ends_match_customers(SEGMENT_MIGRATIONS, SEGMENTS, SEGMENT_STATE),
        ),
        may_be_empty=True,
    )


def _risk_migrations() -> Table:
    keys = (
        "to_date",
        "from_risk_weighting",
        "to_risk_weighting",
        "from_watch_list_level",
        "to_watch_list_level",
    )
    sums = ", ".join(f"sum({column}) as {column}" for column in ("customers", *MONEY))
    totals = "select from_date, to_date, {sums} from {mart} group by from_date, to_date"
    here = totals.format(sums=sums, mart=RISK_MIGRATIONS)
    there = totals.format(sums=sums, mart=SEGMENT_MIGRATIONS)
    return Table(
        RISK_MIGRATIONS,
        keys,
        (
            *_of_any_migration(RISK_MIGRATIONS, keys, RISK_STATE),
            Promise(
                "a higher risk weighting is worse, a lower one better",
                "risk_weighting_change = case when from_risk_weighting = 'joined' then 'joined' "
                "when to_risk_weighting = 'left' then 'left' "
                "when from_risk_weighting < to_risk_weighting then 'worse' "
                "when from_risk_weighting > to_risk_weighting then 'better' else 'unchanged' end",
                ("from_risk_weighting", "to_risk_weighting", "risk_weighting_change"),
            ),
            Promise(
                "the change is `unchanged` if and only if the watch-list level stays the same",
                "(watch_list_change = 'unchanged') = (from_watch_list_level = to_watch_list_level)",
                ("from_watch_list_level", "to_watch_list_level", "watch_list_change"),
            ),
            Nothing(
                "has the same customers and money as the segment migrations, for each two dates",
                f"with here as ({here}), there as ({there}), "
                "different as ((from here except from there) union all "
                "(from there except from here)) select * from different",
                ", ".join(("customers", *MONEY)),
            ),
            _ends_match_customers(RISK_MIGRATIONS, RISK, RISK_STATE),
        ),
        may_be_empty=True,
    )


def _of_any_migration(mart: str, keys: tuple[str, ...], state: tuple[str, ...]) -> list[Check]:
    first = state[0]
    return [
        unique(mart, *keys),
        *not_null("from_date", "customers", *keys, *MONEY),
        Promise("the dates are in order", "from_date < to_date", ("from_date", "to_date")),
        at_least("customers", 1),
        Promise(
            "customers who joined had no loans or deposits before",
            f"from_{first} <> 'joined' or (from_total_loans = 0 and from_total_deposits = 0)",
            ("from_total_loans", "from_total_deposits"),
        ),
        Promise(
            "customers who left have no loans or deposits afterwards",
            f"to_{first} <> 'left' or (to_total_loans = 0 and to_total_deposits = 0)",
            ("to_total_loans", "to_total_deposits"),
        ),
        Promise(
            "nobody both joins and leaves between two dates",
            f"from_{first} <> 'left' and to_{first} <> 'joined' "
            f"and not (from_{first} = 'joined' and to_{first} = 'left')",
            (f"from_{first}", f"to_{first}"),
        ),
        _is_continuous(mart, state),
    ]


def _side(mart: str, side: str, state: tuple[str, ...]) -> str:
    """Return the query for one side, `from` or `to`: customers and money by date and state."""
    columns = ", ".join(f"{side}_{column} as {column}" for column in state)
    return (
        f"select {side}_date as as_of_date, {columns}, sum(customers) as customers, "
        f"sum({side}_total_loans) as total_loans, sum({side}_total_deposits) as total_deposits "
        f"from {mart} where {side}_{state[0]} not in ('joined', 'left') group by all"
    )


def _is_continuous(mart: str, state: tuple[str, ...]) -> Check:
    """The migrations that end at a date have the customers and money of those that start at it."""
    return Nothing(
        "the migrations that end at a date and those that start at it match in each state",
        f"with ends as ({_side(mart, 'to', state)}), starts as ({_side(mart, 'from', state)}), "
        "different as ("
        "(from ends where as_of_date in (select as_of_date from starts) except from starts) "
        "union all "
        "(from starts where as_of_date in (select as_of_date from ends) except from ends)) "
        "select * from different",
        "customers",
    )


def _ends_match_customers(mart: str, customers: str, state: tuple[str, ...]) -> Check:
    """At the date of the warehouse, the customers and money in each state match its customers."""
    columns = ", ".join(f"cast(states.{column} as varchar) as {column}" for column in state)
    return Nothing(
        f"customers and money in each state at the date of the warehouse match {customers}",
        f"with ends as ({_side(mart, 'to', state)}), "
        f"there as (select states.as_of_date, {columns}, count(*) as customers, "
        "sum(positions.total_loans) as total_loans, "
        f"sum(positions.total_deposits) as total_deposits from {customers} as states "
        f"inner join {POSITIONS} as positions on states.customer_key = positions.customer_key "
        "group by all), "
        "here as (from ends where as_of_date in (select as_of_date from there)), "
        "different as ((from here except from there) union all "
        "(from there where as_of_date in (select as_of_date from here) except from here)) "
        "select * from different",
        "customers",
    )
