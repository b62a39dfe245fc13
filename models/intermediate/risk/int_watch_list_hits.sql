{% set facts = [
    'risk_weighting', 'loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover',
    'total_loans', 'total_deposits', 'core_deposits', 'credit_card_balance',
    'estimated_income',
] %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

-- Column names become numbers, which are faster to compare.
rules as (

    select
        *,
        {{ column_number('fact', facts) }} as fact_number

    from {{ ref('watch_list_rules') }}

),

-- Tests every customer against every rule; a null fact meets no rule.
facts as (

    select
        customers.customer_key,
        rules.rule_code,
        rules.severity,
        rules.comparison,
        cast(rules.limit_value as double) as limit_value,
        {{ column_numbered('rules.fact_number', facts, 'customers', 'double') }} as fact_value

    from customers
    cross join rules

),

hits as (

    select
        customer_key,
        rule_code,
        cast(severity as integer) as severity,
        fact_value

    from facts
    where {{ meets_limit('fact_value', 'comparison', 'limit_value') }}

)

select * from hits
