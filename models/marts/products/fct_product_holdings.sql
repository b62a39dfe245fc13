{{ config(materialized='view') }}

with

balances as (

    select * from {{ ref('int_product_balances') }}

),

thresholds as (

    select * from {{ ref('int_peer_thresholds') }}

),

holdings as (

    select
        balances.customer_key,
        balances.product,
        balances.as_of_date,
        balances.balance,
        balances.balance <> 0 as is_held,
        {{ ratio('balances.balance', 'balances.balance_of_all_products') }}
            as share_of_balances,
        1
        {% for decile in range(1, 10) %}
        + case when balances.balance > thresholds.decile_{{ decile }}_limit then 1 else 0 end
        {% endfor %} as peer_decile

    from balances
    inner join thresholds
        on
            balances.income_band = thresholds.income_band
            and balances.risk_weighting = thresholds.risk_weighting
            and balances.product = thresholds.product

)

select * from holdings
