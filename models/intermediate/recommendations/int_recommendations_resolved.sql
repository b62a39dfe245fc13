{% set facts = recommendation_facts() %}
{% set amounts = recommendation_amounts() %}
{% set conditions = ['', 'second_', 'third_'] %}

with

customers as (

    select * from {{ ref('int_recommendation_facts') }}

),

-- An action overrules the actions in its conflict group that have a higher precedence number.
-- Column names become numbers, which are faster to compare.
rules as (

    select
        *,
        {% for condition in conditions %}
        {{ column_number(condition ~ 'fact', facts) }} as {{ condition }}fact_number,
        {% endfor %}
        {{ column_number('gap_measure', amounts) }} as gap_measure_number,
        {{ column_number('money_measure', amounts) }} as money_measure_number,
        coalesce(precedence < max(precedence) over (partition by conflict_group), false)
            as may_overrule

    from {{ ref('recommendation_rules') }}

),

-- Pairs every customer with every rule in one scan: the rules are few and stay in memory.
looked_up as (

    select
        customers.customer_key,
        customers.as_of_date,
        rules.*,
        {% for condition in conditions %}
        {{ column_numbered(
            'rules.' ~ condition ~ 'fact_number', facts, 'customers', 'double'
        ) }}
            as {{ condition }}fact_value,
        {% endfor %}
        {{ column_numbered('rules.gap_measure_number', amounts, 'customers', 'double') }}
            as gap_amount,
        {{ column_numbered(
            'rules.money_measure_number', amounts, 'customers', 'decimal(18, 2)'
        ) }}
            as money_concerned

    from customers
    cross join rules

),

-- All conditions of a rule must hold. A value that is null meets no condition.
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
        case
            when gap_amount >= 0
                then
                    {{ round_money(
                        'abs(fact_value - cast(target_value as double)) * gap_amount'
                    ) }}
        end as gap_to_close

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

),

overruling as (

    select
        customer_key,
        conflict_group,
        precedence

    from met
    where may_overrule

),

-- An action is kept unless another action in its group, with a lower precedence number, is due.
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
