"""The promises of the recommendations and the fairness monitor: actions follow their rules.

The rules are read from the seed, so a limit is changed in only one place. Each value is checked
against its rule, and the customers in the fairness monitor are counted again.
"""

import duckdb

from python_checks.expectations import references
from python_checks.expectations.declare import (
    Check,
    Nothing,
    Promise,
    Table,
    between,
    in_set,
    literal,
    not_null,
    unique,
)

RECOMMENDATIONS = "marts.fct_customer_recommendations"
FAIRNESS = "marts.fct_fairness_monitor"
CUSTOMERS = "marts.dim_customers"
GAPS = "marts.fct_product_gaps"
RULES = "reference.recommendation_rules"
LIMITS = "reference.fairness_limits"
REQUIRED = (RECOMMENDATIONS, FAIRNESS, CUSTOMERS, GAPS, RULES, LIMITS)

SYMBOLS = {"above": ">", "at least": ">=", "below": "<", "at most": "<="}
PROTECTED = ("nationality", "gender", "age_band")
CONDITIONS = ("", "second_", "third_")

# A rule that applies to a larger share of customers is not selective.
LARGEST_SHARE = 0.5


def recommendation_tables(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> list[Table]:
    """Return the recommendations, the fairness monitor and their promises."""
    return [
        Table(
            RECOMMENDATIONS,
            ("customer_key", "action"),
            _recommendations(connection, is_large=is_large),
            may_be_empty=not is_large,
        ),
        Table(FAIRNESS, ("action", "dimension", "value"), _fairness(connection)),
    ]


def _met(connection: duckdb.DuckDBPyConnection, condition: str) -> Check:
    """The values of a condition meet the limit of the action's rule."""
    rules = references.rows(
        connection,
        RULES,
        "action",
        *(f"{condition}{part}" for part in ("fact", "comparison", "limit_value")),
    )
    whens = " ".join(
        f"when {literal(action)} then "
        + (
            f"{condition}fact is null and {condition}fact_value is null"
            if fact is None
            else f"{condition}fact = {literal(fact)} "
            f"and {condition}fact_value {SYMBOLS[str(comparison)]} {limit}"
        )
        for action, fact, comparison, limit in rules
    )
    return Promise(
        f"the {condition.rstrip('_') or 'first'} condition is that of {RULES} and is met",
        f"case action {whens} end",
        ("action", f"{condition}fact", f"{condition}fact_value"),
    )


def _recommendations(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> tuple[Check, ...]:
    actions = references.values(connection, RULES, "action")
    checks: list[Check] = [
        unique(RECOMMENDATIONS, "customer_key", "action"),
        in_set("action", actions, RULES),
        *not_null("as_of_date", "action_name", "owner", "wording", "reasons", "money_concerned"),
        *(_met(connection, condition) for condition in CONDITIONS),
        Promise(
            "the reasons name every fact of the rule",
            " and ".join(
                f"({condition}fact is null or contains(reasons, {condition}fact))"
                for condition in CONDITIONS
            ),
            ("reasons", "fact", "second_fact", "third_fact"),
        ),
        Promise(
            "a gap is never negative",
            "gap_to_close is null or gap_to_close >= 0",
            ("gap_to_close",),
        ),
        Nothing(
            "every action is for a customer of dim_customers",
            f"select customer_key from {RECOMMENDATIONS} "
            f"where customer_key not in (select customer_key from {CUSTOMERS})",
            "customer_key",
        ),
        Nothing(
            "no customer has conflicting actions",
            f"select one.customer_key, rules.conflict_group from {RECOMMENDATIONS} as one "
            f"inner join {RULES} as rules on one.action = rules.action "
            "where rules.conflict_group is not null "
            "group by one.customer_key, rules.conflict_group "
            "having min(rules.precedence) <> max(rules.precedence)",
            "customer_key, action",
        ),
        Nothing(
            "the gap of an action for a product equals the one in fct_product_gaps",
            f"select one.customer_key, one.product, one.gap_to_close as amount_here, "
            f"gaps.gap_to_peer_median as amount_there from {RECOMMENDATIONS} as one "
            f"left join {GAPS} as gaps on one.customer_key = gaps.customer_key "
            "and one.product = gaps.product where one.product is not null "
            "and (one.gap_to_close is distinct from gaps.gap_to_peer_median "
            "or one.money_concerned is distinct from gaps.balance)",
            "gap_to_close, money_concerned",
        ),
    ]
    if is_large:
        checks += [
            Nothing(
                f"no action is due for more than {LARGEST_SHARE:.0%} of the customers",
                f"select action, count(*) as customers from {RECOMMENDATIONS} group by action "
                f"having count(*) > {LARGEST_SHARE} * (select count(*) from {CUSTOMERS})",
                "action",
            ),
        ]
    return tuple(checks)


def _fairness(connection: duckdb.DuckDBPyConnection) -> tuple[Check, ...]:
    limits = dict(references.pairs(connection, LIMITS, "fairness_limit", "limit_value"))
    groups = " union all ".join(
        f"select '{dimension}' as dimension, {dimension} as value, customer_key from {CUSTOMERS}"
        for dimension in PROTECTED
    )
    return (
        unique(FAIRNESS, "action", "dimension", "value"),
        in_set("action", references.values(connection, RULES, "action"), RULES),
        in_set("dimension", list(PROTECTED), "the protected dimensions"),
        *not_null("value", "as_of_date", "verdict"),
        between("ratio_to_best", 0, 1, or_null=True),
        between("adjusted_p_value", 0, 1, or_null=True),
        Promise(
            "selection_rate is chosen / customers, and is inside its interval",
            "abs(selection_rate - cast(chosen as double) / customers) <= 1e-12 and "
            "0 <= selection_rate_lower and selection_rate_lower <= selection_rate and "
            "selection_rate <= selection_rate_upper and selection_rate_upper <= 1",
            ("customers", "chosen", "selection_rate", "selection_rate_lower"),
        ),
        Promise(
            "a group is flagged if and only if it is large enough and its ratio is below the limit",
            f"is_flagged = (is_large_enough and ratio_to_best < {limits['lowest_ratio']}) "
            "and is_large_enough = (ratio_to_best is not null) "
            f"and (not is_large_enough or customers >= {limits['minimum_customers']})",
            ("is_large_enough", "ratio_to_best", "is_flagged", "customers"),
        ),
        Promise(
            "the verdict agrees with the flag",
            "is_flagged = starts_with(verdict, 'under the limit') "
            "and is_large_enough = (verdict <> 'too few to judge')",
            ("is_flagged", "is_large_enough", "verdict"),
        ),
        Nothing(
            "customers and chosen match the marts, for every action and group",
            f"with groups as ({groups}), sizes as (select dimension, value, count(*) as customers "
            "from groups group by dimension, value), choices as (select one.action, "
            "groups.dimension, groups.value, count(*) as chosen from groups inner join "
            f"{RECOMMENDATIONS} as one on groups.customer_key = one.customer_key group by all), "
            "there as (select rules.action, sizes.dimension, sizes.value, sizes.customers, "
            f"coalesce(choices.chosen, 0) as chosen from {RULES} as rules cross join sizes "
            "left join choices on rules.action = choices.action and sizes.dimension = "
            "choices.dimension and sizes.value = choices.value) "
            "select coalesce(here.action, there.action) as action, "
            "coalesce(here.dimension, there.dimension) as dimension, here.chosen as chosen_here, "
            "there.chosen as chosen_there, here.customers as customers_here, there.customers as "
            f"customers_there from {FAIRNESS} as here full join there on here.action = "
            "there.action and here.dimension = there.dimension and here.value = there.value "
            "where here.chosen is distinct from there.chosen "
            "or here.customers is distinct from there.customers",
            "customers, chosen",
        ),
    )
