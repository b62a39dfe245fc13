with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

scores as (

    select * from {{ ref('int_watch_list_scores') }}

),

levels as (

    select * from {{ ref('watch_list_levels') }}

),

default_probabilities as (

    select * from {{ ref('default_probabilities') }}

),

scored as (

    select
        customers.customer_key,
        customers.as_of_date,

        ---------- ratios
        customers.risk_weighting,
        customers.total_loans as exposure,
        customers.loan_to_deposit_ratio,
        customers.debt_to_income_ratio,
        customers.liquidity_cover,
        cast(default_probabilities.probability_of_default as double)
            as probability_of_default,

        ---------- flags
        customers.is_overleveraged,
        customers.total_deposits = 0 as has_no_deposits,

        ---------- watch list
        coalesce(scores.watch_list_severity, 0) as watch_list_severity,
        coalesce(scores.rules_met, 0) as rules_met,
        coalesce(scores.watch_list_reasons, 'No rule of the watch list applies')
            as watch_list_reasons

    from customers
    left join scores on customers.customer_key = scores.customer_key
    left join default_probabilities
        on customers.risk_weighting = default_probabilities.risk_weighting

),

levelled as (

    select
        scored.customer_key,
        scored.as_of_date,
        scored.risk_weighting,
        scored.exposure,
        scored.loan_to_deposit_ratio,
        scored.debt_to_income_ratio,
        scored.liquidity_cover,
        scored.probability_of_default,
        scored.is_overleveraged,
        scored.has_no_deposits,
        scored.watch_list_severity,
        scored.rules_met,
        levels.watch_list_level,
        levels.watch_list_level <> 'none' as is_on_watch_list,
        scored.watch_list_reasons

    from scored
    left join levels
        on
            scored.watch_list_severity >= levels.minimum_severity
            and scored.watch_list_severity <= coalesce(levels.maximum_severity, 9999)

)

select * from levelled
