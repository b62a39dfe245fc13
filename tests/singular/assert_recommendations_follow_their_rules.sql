{#- Facts that the published measures hold as they are; the others are tested in Python. -#}
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

met as (

    select * from {{ ref('int_recommendations_met') }}

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

judged as (

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

    from judged
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

-- Rules whose facts are all published.
judgeable as (

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
        rules.fact,
        rules.comparison,
        cast(rules.limit_value as double) as limit_value,
        rules.second_fact,
        rules.second_comparison,
        cast(rules.second_limit_value as double) as second_limit_value,
        rules.third_fact,
        rules.third_comparison,
        cast(rules.third_limit_value as double) as third_limit_value,
        {{ column_numbered('rules.fact_number', published, 'customers', 'double') }}
            as fact_value,
        {{ column_numbered('rules.second_fact_number', published, 'customers', 'double') }}
            as second_fact_value,
        {{ column_numbered('rules.third_fact_number', published, 'customers', 'double') }}
            as third_fact_value,
        rules.action

    from customers
    cross join rules
    inner join judgeable on rules.action = judgeable.action

),

expected as (

    select
        action,
        count(*) filter (
            where
            {{ meets_limit('fact_value', 'comparison', 'limit_value') }}
            and (
                second_fact is null
                or {{ meets_limit(
                    'second_fact_value', 'second_comparison', 'second_limit_value'
                ) }}
            )
            and (
                third_fact is null
                or {{ meets_limit('third_fact_value', 'third_comparison', 'third_limit_value') }}
            )
        ) as customers

    from compared
    group by action

),

found as (

    select
        action,
        count(*) as customers

    from met
    group by action

),

miscounted as (

    select
        expected.action as culprit,
        'is due for ' || cast(expected.customers as string) || ' customers and found for '
        || cast(coalesce(found.customers, 0) as string) as breach

    from expected
    left join found on expected.action = found.action
    where expected.customers <> coalesce(found.customers, 0)

),

breaches as (

    select * from wrong

    union all

    select * from miscounted

)

select * from breaches
