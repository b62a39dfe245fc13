{{ config(materialized='view') }}

with

met as {{ computed_each_time() }} (

    select * from {{ ref('int_recommendations_met') }}

),

overruling as (

    select
        customer_key,
        conflict_group,
        precedence

    from met
    where may_overrule

),

-- An action stays unless one of the same group with a lower precedence number is due as well.
resolved as (

    select
        met.customer_key,
        met.as_of_date,
        met.action,
        met.fact_value,
        met.second_fact_value,
        met.third_fact_value,
        met.money_concerned,
        met.gap_to_close

    from met
    left join overruling
        on
            met.customer_key = overruling.customer_key
            and met.conflict_group = overruling.conflict_group
            and met.precedence > overruling.precedence
    where overruling.customer_key is null

)

select * from resolved
