-- Question: which customers should the bank examine first, and why?
-- How to read it: a row is a customer on the watch list at its highest level, the most severe
-- and most exposed first, with every rule that was met in words. The key identifies the person
-- in the restricted schema, for readers who may see it. The rules are the seed
-- watch_list_rules.

with

risks as (

    select * from {{ ref('fct_customer_risk') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

segments as (

    select * from {{ ref('fct_customer_segments') }}

),

at_risk as (

    select
        customers.customer_code,
        risks.watch_list_level,
        risks.watch_list_severity,
        risks.watch_list_reasons,
        risks.risk_weighting,
        risks.exposure,
        risks.loan_to_deposit_ratio,
        risks.debt_to_income_ratio,
        risks.liquidity_cover,
        customers.income_band,
        customers.loyalty_classification,
        customers.occupation_family,
        customers.investment_advisor,
        segments.segment

    from risks
    inner join customers on risks.customer_key = customers.customer_key
    inner join segments on risks.customer_key = segments.customer_key
    where risks.watch_list_level = 'act'

)

select * from at_risk
order by watch_list_severity desc, exposure desc, customer_code asc
