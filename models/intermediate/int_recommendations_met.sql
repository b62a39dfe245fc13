{% set facts = recommendation_facts() %}
{% set amounts = recommendation_amounts() %}
{% set conditions = ['', 'second_', 'third_'] %}

with

customers as (

    select * from {{ ref('int_recommendation_facts') }}

),

-- An action may overrule others where its group holds one with a higher precedence number.
rules as (

    select
        *,
        coalesce(precedence < max(precedence) over (partition by conflict_group), false)
            as may_overrule

    from {{ ref('recommendation_rules') }}

),

-- Every customer meets every rule, in one scan: the rules are a handful and stay in memory.
looked_up as (

    select
        customers.customer_key,
        customers.as_of_date,
        rules.*,
        {% for condition in conditions %}
        {{ column_named('rules.' ~ condition ~ 'fact', facts, 'customers', 'double') }}
            as {{ condition }}fact_value,
        {% endfor %}
        {{ column_named('rules.gap_measure', amounts, 'customers', 'double') }} as gap_amount,
        {{ column_named('rules.money_measure', amounts, 'customers', 'decimal(18, 2)') }}
            as money_concerned

    from customers
    cross join rules

),

-- All conditions of a rule have to hold; a fact that is null meets none.
met as (

    select
        customer_key,
        as_of_date,
        action,
        conflict_group,
        precedence,
        may_overrule,
        fact_value,
        second_fact_value,
        third_fact_value,
        money_concerned,
        {{ round_money('abs(fact_value - cast(target_value as double)) * gap_amount') }}
            as gap_to_close

    from looked_up
    where
        {% for condition in conditions %}
        {% set holds = meets_limit(
            condition ~ 'fact_value',
            condition ~ 'comparison',
            'cast(' ~ condition ~ 'limit_value as double)',
        ) %}
        {% if condition %}
        and ({{ condition }}fact is null or {{ holds }})
        {% else %}
        {{ holds }}
        {% endif %}
        {% endfor %}

)

select * from met
