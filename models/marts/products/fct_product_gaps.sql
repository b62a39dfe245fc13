{{ config(materialized='view') }}

with

balances as (

    select * from {{ ref('int_product_balances') }}

),

thresholds as (

    select * from {{ ref('int_peer_thresholds') }}

),

gaps as (

    select
        balances.customer_key,
        balances.product,
        balances.as_of_date,
        cast(balances.income_band as string) as income_band,
        balances.risk_weighting,
        thresholds.customers as peers,
        balances.balance,
        thresholds.decile_5_limit as peer_median_balance,
        cast(thresholds.decile_5_limit - balances.balance as decimal(18, 2))
            as gap_to_peer_median,
        {{ ratio_to_amount('balances.balance', 'thresholds.decile_5_limit') }}
            as balance_to_peer_median,
        balances.balance < thresholds.decile_5_limit as is_below_peer_median

    from balances
    inner join thresholds
        on
            balances.income_band = thresholds.income_band
            and balances.risk_weighting = thresholds.risk_weighting
            and balances.product = thresholds.product

)

select * from gaps
