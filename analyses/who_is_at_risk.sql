-- Question: which customers should the bank examine first, and why?
-- How to read it: one row per customer at the highest level of the watch list, with the reasons
-- in words. The most severe and most exposed come first. Readers with access to the schema
-- restricted can look up the person by customer_code. The rules are in the seed
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
