{#-
    The limits are checked for every rule. Which customers are due an action is recomputed only for
    rules whose facts are all published as measures; test_recommendations.py does this for the other
    rules.
-#}
{%- set published = [
    'risk_weighting', 'watch_list_severity', 'deposit_score', 'lending_score', 'fee_rate',
    'tenure_days', 'loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover',
    'total_loans', 'total_deposits', 'net_position', 'fee_income', 'credit_card_balance',
    'superannuation_savings', 'estimated_income',
] -%}
{%- set conditions = ['', 'second_', 'third_'] -%}

with

rules as (

    select
        {% for condition in conditions %}
        {{ column_number(condition ~ 'fact', published) }} as {{ condition }}fact_number,
        {% endfor %}
        *

    from {{ ref('recommendation_rules') }}

),

recommendations as (

    select * from {{ ref('fct_customer_recommendations') }}

),

customers as (

    select
        positions.*,
        dimensions.tenure_days,
        risks.risk_weighting,
        risks.watch_list_severity,
        segments.deposit_score,
        segments.lending_score

    from {{ ref('fct_customer_positions') }} as positions
    inner join {{ ref('dim_customers') }} as dimensions
        on positions.customer_key = dimensions.customer_key
    inner join {{ ref('fct_customer_risk') }} as risks
        on positions.customer_key = risks.customer_key
    inner join {{ ref('fct_customer_segments') }} as segments
        on positions.customer_key = segments.customer_key

),

evaluated as (

    select
        cast(recommendations.customer_key as string) || ' ' || rules.action as culprit,
        {% for condition in conditions %}
        {{ meets_limit(
            'recommendations.' ~ condition ~ 'fact_value',
            'rules.' ~ condition ~ 'comparison',
            'cast(rules.' ~ condition ~ 'limit_value as double)',
        ) }}
            as {{ condition }}holds,
        {% endfor %}
        rules.second_fact,
        rules.third_fact

    from recommendations
    left join rules on recommendations.action = rules.action

),

wrong as (

    select
        culprit,
        'does not meet the rule' as breach

    from evaluated
    where
        not coalesce(holds, false)
        or (second_fact is not null and not coalesce(second_holds, false))
        or (third_fact is not null and not coalesce(third_holds, false))

),

published_facts as (

    {% for fact in published %}

    select '{{ fact }}' as fact
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

evaluable as (

    select rules.action

    from rules
    inner join published_facts as first_facts on rules.fact = first_facts.fact
    left join published_facts as second_facts on rules.second_fact = second_facts.fact
    left join published_facts as third_facts on rules.third_fact = third_facts.fact
    where
        (rules.second_fact is null or second_facts.fact is not null)
        and (rules.third_fact is null or third_facts.fact is not null)

),

compared as (

    select
        {% for condition in conditions %}
        {{ column_numbered(
            'rules.' ~ condition ~ 'fact_number', published, 'customers', 'double'
        ) }}
            as {{ condition }}fact_value,
        {% endfor %}
        rules.*,
        customers.customer_key

    from customers
    cross join rules
    inner join evaluable on rules.action = evaluable.action

),

due as (

    select *
    from compared
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

-- The stance that takes precedence in each conflict group of a customer.
stances as (

    select
        recommendations.customer_key,
        rules.conflict_group,
        min(rules.precedence) as winning_precedence

    from recommendations
    inner join rules on recommendations.action = rules.action
    where rules.conflict_group is not null
    group by recommendations.customer_key, rules.conflict_group

),

expected as (

    select
        due.action,
        count(*) as customers

    from due
    left join stances
        on
            due.customer_key = stances.customer_key
            and due.conflict_group = stances.conflict_group
            and due.precedence > stances.winning_precedence
    where stances.customer_key is null
    group by due.action

),

found as (

    select
        recommendations.action,
        count(*) as customers

    from recommendations
    inner join evaluable on recommendations.action = evaluable.action
    group by recommendations.action

),

miscounted as (

    select
        evaluable.action as culprit,
        'is due for ' || cast(coalesce(expected.customers, 0) as string)
        || ' customers and recommended to ' || cast(coalesce(found.customers, 0) as string)
            as breach

    from evaluable
    left join expected on evaluable.action = expected.action
    left join found on evaluable.action = found.action
    where coalesce(expected.customers, 0) <> coalesce(found.customers, 0)

),

breaches as (

    select * from wrong

    union all

    select * from miscounted

)

select * from breaches
