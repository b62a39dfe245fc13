"""The promises of the aggregated marts: totals that tie to the customers, and valid shares.

`_tie` compares the totals of a mart with the same sums over all customers. One missing customer or
cent breaks the promise.
"""

import duckdb

from python_checks.expectations import references
from python_checks.expectations.columns import PRODUCT_BALANCES
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
    written_differences,
)

POSITIONS = "marts.fct_customer_positions"
PROFILES = "marts.fct_segment_profiles"
PENETRATION = "marts.fct_product_penetration"
PAIRS = "marts.fct_product_pairs"
HEATMAP = "marts.fct_risk_heatmap"
CONCENTRATION = "marts.fct_balance_concentration"
LOSSES = "marts.fct_expected_losses"
STRESS = "marts.fct_stress_results"
SENSITIVITY = "marts.fct_stress_sensitivity"
AGGREGATE_RELATIONS = (
    PROFILES,
    PENETRATION,
    PAIRS,
    HEATMAP,
    CONCENTRATION,
    LOSSES,
    STRESS,
    SENSITIVITY,
)

PROFILED = (
    "estimated_income",
    "total_loans",
    "total_deposits",
    "core_deposits",
    "fee_income",
    "net_position",
)
LENDING = ("credit_card", "bank_loan", "business_lending")


def aggregate_tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the aggregated marts and their promises."""
    dimensions = references.values(connection, "reference.dimensions", "dimension")
    products = references.values(connection, "reference.products", "product")
    return [
        _profiles(dimensions),
        _penetration(dimensions, products),
        _pairs(products),
        _heatmap(),
        _concentration(connection),
        _losses(connection),
        _stress(connection),
        _sensitivity(connection),
    ]


def _tie(words: str, mart: str, by: str, sums: dict[str, str], *, where: str = "true") -> Check:
    """For each value of `by`, the sums over the mart equal the expressions over all positions."""
    here = ", ".join(f"sum({column}) as {column}" for column in sums)
    there = ", ".join(f"{expression} as {column}" for column, expression in sums.items())
    difference = written_differences(list(sums), "here", "there")
    differs = " or ".join(f"here.{column} is distinct from there.{column}" for column in sums)
    return Nothing(
        words,
        f"with here as (select {by}, {here} from {mart} where {where} group by {by}), "
        f"there as (select {there} from {POSITIONS}) "
        f"select here.{by}, {difference} as difference from here cross join there where {differs}",
        ", ".join(sums),
    )


def _all_present(mart: str, column: str, source: str) -> Check:
    return Nothing(
        f"every {column} of {source} is present",
        f"select {column} from {source} where {column} not in (select {column} from {mart})",
        column,
    )


def _profiles(dimensions: list[object]) -> Table:
    intervals = [
        Promise(
            f"mean_{measure} is {measure} per customer, and is inside its interval",
            f"abs(mean_{measure} - cast({measure} as double) / customers) "
            f"<= 1e-9 * greatest(abs(mean_{measure}), 1) and (mean_{measure}_lower is null or "
            f"mean_{measure} between mean_{measure}_lower and mean_{measure}_upper)",
            (f"mean_{measure}", measure, "customers"),
        )
        for measure in PROFILED
    ]
    checks: tuple[Check, ...] = (
        unique(PROFILES, "dimension", "value"),
        in_set("dimension", dimensions, "reference.dimensions"),
        _all_present(PROFILES, "dimension", "reference.dimensions"),
        *not_null("value", "as_of_date", *PROFILED),
        Promise("no group is empty", "customers >= 1", ("customers",)),
        between("share_of_customers", 0, 1),
        between("share_overleveraged", 0, 1),
        between("mean_risk_weighting", 1, 5),
        *intervals,
        _tie(
            "the groups of each dimension add up to all customers and their money",
            PROFILES,
            "dimension",
            {
                "customers": "count(*)",
                **{measure: f"sum({measure})" for measure in PROFILED},
                "overleveraged_customers": "count(*) filter (where is_overleveraged)",
            },
        ),
        Nothing(
            "the shares of each dimension add up to 1",
            f"select dimension, sum(share_of_customers) as total from {PROFILES} "
            "group by dimension having abs(sum(share_of_customers) - 1) > 1e-9",
            "share_of_customers",
        ),
    )
    return Table(PROFILES, ("dimension", "value"), checks)


def _penetration(dimensions: list[object], products: list[object]) -> Table:
    expected = " union all ".join(
        f"select '{product}' as product, count(*) as customers, "
        f"count(*) filter (where {column} <> 0) as holders, sum({column}) as balance "
        f"from {POSITIONS}"
        for product, column in PRODUCT_BALANCES.items()
    )
    checks: tuple[Check, ...] = (
        unique(PENETRATION, "dimension", "value", "product"),
        in_set("dimension", dimensions, "reference.dimensions"),
        in_set("product", products, "reference.products"),
        *not_null("value", "as_of_date", "balance"),
        Promise(
            "holders are at most the customers, and penetration is their share",
            "holders between 0 and customers "
            "and abs(penetration - cast(holders as double) / customers) <= 1e-9",
            ("customers", "holders", "penetration"),
        ),
        Promise(
            "the holders' mean and median balances are null if and only if there are no holders",
            "(holders = 0) = (mean_balance_of_holders is null) "
            "and (holders = 0) = (median_balance_of_holders is null)",
            ("holders", "mean_balance_of_holders", "median_balance_of_holders"),
        ),
        Nothing(
            "the groups of each dimension add up to all customers, holders and balances",
            f"with here as (select dimension, product, sum(customers) as customers, sum(holders) "
            f"as holders, sum(balance) as balance from {PENETRATION} group by dimension, "
            f"product), there as ({expected}) select here.dimension, here.product, "
            + written_differences(("customers", "holders", "balance"), "here", "there")
            + " as difference from here left join there "
            "on here.product = there.product where here.customers is distinct from "
            "there.customers or here.holders is distinct from there.holders "
            "or here.balance is distinct from there.balance",
            "customers, holders, balance",
        ),
    )
    return Table(PENETRATION, ("dimension", "value", "product"), checks)


def _pairs(products: list[object]) -> Table:
    checks: tuple[Check, ...] = (
        unique(PAIRS, "product", "other_product"),
        in_set("product", products, "reference.products"),
        in_set("other_product", products, "reference.products"),
        Promise(
            "holders of both are at most the holders of each",
            "product <> other_product and holders_of_both between 0 "
            "and least(holders, other_holders) and greatest(holders, other_holders) <= customers",
            ("holders", "other_holders", "holders_of_both"),
        ),
        between("share_holding_both", 0, 1),
        between("share_of_holders_with_other", 0, 1, or_null=True),
        between("balance_correlation", -1, 1, or_null=True),
        Promise("lift is never negative", "lift is null or lift >= 0", ("lift",)),
        Promise(
            "deep holders of both are at most the deep holders of each, and depth_lift is null if "
            "one product has none",
            "deep_holders_of_both between 0 and least(deep_holders, deep_other_holders) "
            "and greatest(deep_holders, deep_other_holders) <= customers "
            "and (depth_lift is null) = (least(deep_holders, deep_other_holders) = 0)",
            ("deep_holders", "deep_other_holders", "deep_holders_of_both", "depth_lift"),
        ),
        Nothing(
            "a pair is the same in both orders",
            f"select one.product, one.other_product, one.holders_of_both as here, "
            f"other.holders_of_both as there from {PAIRS} as one left join {PAIRS} as other "
            "on one.product = other.other_product and one.other_product = other.product "
            "where one.holders_of_both is distinct from other.holders_of_both "
            "or one.holders is distinct from other.other_holders "
            "or one.balance_correlation is distinct from other.balance_correlation",
            "holders_of_both",
        ),
    )
    return Table(PAIRS, ("product", "other_product"), checks)


def _heatmap() -> Table:
    checks: tuple[Check, ...] = (
        unique(HEATMAP, "row_dimension", "row_value", "column_dimension", "column_value"),
        *not_null("row_value", "column_value", "as_of_date", "exposure"),
        Promise("customers are never negative", "customers >= 0", ("customers",)),
        between("share_of_row", 0, 1, or_null=True),
        between("mean_risk_weighting", 1, 5, or_null=True),
        _tie(
            "the cells of each customer dimension add up to all customers and their money",
            HEATMAP,
            "row_dimension",
            {
                "customers": "count(*)",
                "exposure": "sum(total_loans)",
                "deposits": "sum(total_deposits)",
            },
            where="row_dimension <> 'product'",
        ),
    )
    return Table(HEATMAP, ("row_dimension", "row_value", "column_value"), checks)


def _concentration(connection: duckdb.DuckDBPyConnection) -> Table:
    measures = [
        row[0]
        for row in connection.execute(
            f"select distinct measure from {CONCENTRATION} intersect "
            "select column_name from information_schema.columns "
            "where table_schema = 'marts' and table_name = 'fct_customer_positions' order by 1"
        ).fetchall()
    ]
    totals = ", ".join(f"sum({measure}) as {measure}" for measure in measures)
    checks: tuple[Check, ...] = (
        unique(CONCENTRATION, "measure", "percentile"),
        between("percentile", 1, 100),
        between("gini", 0, 1, or_null=True),
        between("herfindahl_index", 0, 1.000000001, or_null=True),
        Promise(
            "all customers together hold the whole amount",
            "percentile < 100 or (gini is null and total_amount <= 0) "
            "or abs(cumulative_share - 1) <= 1e-9",
            ("percentile", "cumulative_share"),
        ),
        Nothing(
            "each measure has 100 percentiles",
            f"select measure, count(*) as percentiles from {CONCENTRATION} group by measure "
            "having count(*) <> 100",
            "percentile",
        ),
        Nothing(
            "the curve never falls",
            "select measure, percentile, cumulative_share, previous_share from (select measure, "
            "percentile, cumulative_share, lag(cumulative_share) over (partition by measure "
            f"order by percentile) as previous_share from {CONCENTRATION}) as steps "
            "where cumulative_share < coalesce(previous_share, 0) - 1e-9",
            "cumulative_share",
        ),
        Nothing(
            "customers and amounts are those of fct_customer_positions",
            f"with positions as (select {totals}, count(*) as row_count from {POSITIONS}), "
            f"there as (unpivot positions on {', '.join(measures)} into name measure value amount)"
            " select distinct here.measure, here.customers as customers_here, there.row_count as "
            "customers_there, here.total_amount as amount_here, there.amount as amount_there "
            f"from {CONCENTRATION} as here left join there on here.measure = there.measure "
            "where here.customers is distinct from there.row_count "
            "or here.total_amount is distinct from there.amount",
            "customers, total_amount",
        ),
    )
    return Table(CONCENTRATION, ("measure", "percentile"), checks)


def _losses(connection: duckdb.DuckDBPyConnection) -> Table:
    expected = " union all ".join(
        f"select '{product}' as product, sum({PRODUCT_BALANCES[product]}) as exposure, "
        f"count(*) filter (where {PRODUCT_BALANCES[product]} <> 0) as borrowers from {POSITIONS}"
        for product in LENDING
    )
    checks: tuple[Check, ...] = (
        unique(LOSSES, "risk_weighting", "product"),
        in_set(
            "product",
            references.values(connection, "reference.loss_given_defaults", "product"),
            "reference.loss_given_defaults",
        ),
        between("risk_weighting", 1, 5),
        between("probability_of_default", 0, 1),
        between("loss_given_default", 0, 1),
        Promise(
            "the expected loss is exposure times probability of default times loss given "
            "default, to the cent",
            "abs(cast(expected_loss as double) - cast(exposure as double) * probability_of_default"
            " * loss_given_default) <= 0.0051 + 1e-12 * abs(cast(exposure as double))",
            ("exposure", "probability_of_default", "loss_given_default", "expected_loss"),
        ),
        Nothing(
            "exposures and borrowers add up to those of fct_customer_positions",
            f"with here as (select product, sum(exposure) as exposure, sum(borrowers) as borrowers "
            f"from {LOSSES} group by product), there as ({expected}) select there.product, "
            "here.exposure as exposure_here, there.exposure as exposure_there, here.borrowers as "
            "borrowers_here, there.borrowers as borrowers_there from there left join here "
            "on here.product = there.product where here.exposure is distinct from there.exposure "
            "or here.borrowers is distinct from there.borrowers",
            "exposure, borrowers",
        ),
    )
    return Table(LOSSES, ("risk_weighting", "product"), checks)


def _stress(connection: duckdb.DuckDBPyConnection) -> Table:
    checks: tuple[Check, ...] = (
        unique(STRESS, "scenario", "measure"),
        in_set(
            "scenario",
            references.values(connection, "reference.stress_scenarios", "scenario"),
            "reference.stress_scenarios",
        ),
        _all_present(STRESS, "scenario", "reference.stress_scenarios"),
        Promise(
            "the change is the stressed value less the baseline, and relative_change is null if "
            "the baseline is 0",
            "change_in_value = stressed_value - baseline_value "
            "and (baseline_value = 0) = (relative_change is null)",
            ("baseline_value", "stressed_value", "change_in_value"),
        ),
        Promise(
            "the scenario `baseline` changes nothing",
            "scenario <> 'baseline' or change_in_value = 0",
            ("change_in_value",),
        ),
        Nothing(
            "the baselines are the totals of the other marts",
            "with there as (select 'expected_loss' as measure, sum(expected_loss) as amount "
            f"from {LOSSES} union all select 'total_deposits', sum(total_deposits) from "
            f"{POSITIONS} union all select 'net_position', sum(net_position) from {POSITIONS} "
            f"union all select 'estimated_income', sum(estimated_income) from {POSITIONS}) "
            "select here.scenario, here.measure, here.baseline_value as amount_here, there.amount "
            f"as amount_there from {STRESS} as here left join there on here.measure = "
            "there.measure where here.baseline_value is distinct from there.amount",
            "baseline_value",
        ),
    )
    return Table(STRESS, ("scenario", "measure"), checks)


def _sensitivity(connection: duckdb.DuckDBPyConnection) -> Table:
    assumptions = references.values(connection, "reference.stress_assumptions", "assumption")
    errors = " ".join(
        f"when {literal(assumption)} then {error}"
        for assumption, error in references.pairs(
            connection, "reference.stress_assumptions", "assumption", "relative_error"
        )
    )
    checks: tuple[Check, ...] = (
        unique(SENSITIVITY, "scenario", "assumption", "item", "direction", "measure"),
        in_set("assumption", assumptions, "reference.stress_assumptions"),
        _all_present(SENSITIVITY, "assumption", "reference.stress_assumptions"),
        _all_present(SENSITIVITY, "scenario", "reference.stress_scenarios"),
        Promise(
            "the assumption is changed by the relative_error of reference.stress_assumptions, in "
            "the direction given",
            f"relative_error = (case assumption {errors} end) "
            "* case direction when 'larger' then 1 when 'smaller' then -1 end",
            ("assumption", "direction", "relative_error"),
        ),
        Promise(
            "the change is the shifted value less the declared one, and relative_change is null "
            "if the declared value is 0",
            "change_in_value = shifted_value - declared_value "
            "and (declared_value = 0) = (relative_change is null)",
            ("declared_value", "shifted_value", "change_in_value"),
        ),
        Nothing(
            "the declared values are those of fct_stress_results",
            "select here.scenario, here.assumption, here.measure, here.declared_value as "
            "amount_here, there.stressed_value as amount_there "
            f"from {SENSITIVITY} as here left join {STRESS} as there "
            "on here.scenario = there.scenario and here.measure = there.measure "
            "where here.declared_value is distinct from there.stressed_value",
            "declared_value",
        ),
        Nothing(
            "the changes of the single items add up to the change of item `all`, to the cent",
            "select scenario, assumption, direction, "
            "sum(change_in_value) filter (where item = 'all') as amount_of_all, "
            "sum(change_in_value) filter (where item <> 'all') as amount_of_items "
            f"from {SENSITIVITY} group by scenario, assumption, direction, measure "
            "having count(*) > 1 and amount_of_all is distinct from amount_of_items",
            "change_in_value",
        ),
    )
    return Table(SENSITIVITY, ("scenario", "assumption", "item", "direction", "measure"), checks)
