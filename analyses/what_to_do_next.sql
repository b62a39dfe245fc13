-- Question: what should the bank do next, for whom, and why?
-- How to read it: one row per customer with an action. It shows the first action by priority, and
-- the number of all actions of the customer. The reasons name the limits of the seed
-- recommendation_rules. The values of the facts are in separate columns. Readers with access to
-- the schema restricted can look up the person by customer_code. People declared the rules, and
-- the data do not show whether an action works.

with

recommendations as (

    select * from {{ ref('fct_customer_recommendations') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

first_actions as (

    select
        customer_key,
        min(priority) as priority,
        count(*) as actions,
        sum(gap_to_close) as gaps_to_close

    from recommendations
    group by customer_key

),

next_actions as (

    select
        customers.customer_code,
        recommendations.action_name,
        recommendations.kind,
        recommendations.priority,
        recommendations.owner,
        recommendations.wording,
        recommendations.reasons,
        recommendations.fact_value,
        recommendations.second_fact_value,
        recommendations.third_fact_value,
        recommendations.money_measure,
        recommendations.money_concerned,
        recommendations.gap_to_close,
        first_actions.actions,
        first_actions.gaps_to_close,
        customers.investment_advisor,
        customers.loyalty_classification

    from recommendations
    inner join first_actions
        on
            recommendations.customer_key = first_actions.customer_key
            and recommendations.priority = first_actions.priority
    inner join customers on recommendations.customer_key = customers.customer_key

)

select * from next_actions
order by priority asc, money_concerned desc, customer_code asc
