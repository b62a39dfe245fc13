{% set facts = recommendation_facts() %}
{% set amounts = recommendation_amounts() %}
{% set conditions = ['', 'second_', 'third_'] %}

with

customers as (

    select * from {{ ref('int_recommendation_facts') }}

),

-- An action may overrule others where its group holds one with a higher precedence number. Words
-- become numbers here, once a rule: each customer would read them again.
rules as (

    select
        action,
        conflict_group,
        precedence,
        coalesce(precedence < max(precedence) over (partition by conflict_group), false)
            as may_overrule,
        {% for condition in conditions %}
        {{ condition }}fact,
        {{ column_number(condition ~ 'fact', facts) }} as {{ condition }}fact_number,
        cast({{ condition }}limit_value as double) as {{ condition }}limit_value,
        {{ comparison_direction(condition ~ 'comparison') }} as {{ condition }}direction,
        {{ comparison_includes_limit(condition ~ 'comparison') }}
            as {{ condition }}includes_limit,
        {% endfor %}
        {{ column_number('gap_measure', amounts) }} as gap_number,
        {{ column_number('money_measure', amounts) }} as money_number,
        cast(target_value as double) as target_value

    from {{ ref('recommendation_rules') }}

),

-- Every customer meets every rule, in one scan: the rules are a handful and stay in memory.
looked_up as (

    select
        customers.customer_key,
        customers.as_of_date,
        rules.*,
        {% for condition in conditions %}
        {{ column_numbered('rules.' ~ condition ~ 'fact_number', facts, 'customers', 'double') }}
            as {{ condition }}fact_value,
        {% endfor %}
        {{ column_numbered('rules.gap_number', amounts, 'customers', 'double') }} as gap_amount,
        {{ column_numbered('rules.money_number', amounts, 'customers', 'decimal(18, 2)') }}
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
        {{ round_money('abs(fact_value - target_value) * gap_amount') }}
            as gap_to_close

    from looked_up
    where
        {% for condition in conditions %}
        {% set holds = is_beyond_limit(
            condition ~ 'fact_value',
            condition ~ 'direction',
            condition ~ 'limit_value',
            condition ~ 'includes_limit',
        ) %}
        {% if condition %}
        and ({{ condition }}fact is null or {{ holds }})
        {% else %}
        {{ holds }}
        {% endif %}
        {% endfor %}

)

select * from met
