{#- Recomputes the total number of rules met and their severity from the published measures. -#}
{%- set facts = [
    'risk_weighting', 'loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover',
    'total_loans', 'total_deposits', 'core_deposits', 'credit_card_balance',
    'estimated_income',
] -%}

with

rules as (

    select * from {{ ref('watch_list_rules') }}

),

levels as (

    select * from {{ ref('watch_list_levels') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

risks as (

    select * from {{ ref('fct_customer_risk') }}

),

facts as (

    select
        risks.risk_weighting,
        positions.loan_to_deposit_ratio,
        positions.debt_to_income_ratio,
        positions.liquidity_cover,
        positions.total_loans,
        positions.total_deposits,
        positions.core_deposits,
        positions.credit_card_balance,
        positions.estimated_income

    from risks
    inner join positions on risks.customer_key = positions.customer_key

),

met as (

    {%- for fact in facts %}

    select
        rules.rule_code,
        rules.severity

    from rules
    inner join facts
        on
            (rules.comparison = 'above' and facts.{{ fact }} > rules.limit_value)
            or (rules.comparison = 'at least' and facts.{{ fact }} >= rules.limit_value)
            or (rules.comparison = 'below' and facts.{{ fact }} < rules.limit_value)
            or (rules.comparison = 'at most' and facts.{{ fact }} <= rules.limit_value)
    where rules.fact = '{{ fact }}'
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

expected as (

    select
        count(*) as rules_met,
        coalesce(sum(severity), 0) as severity

    from met

),

found as (

    select
        sum(risks.rules_met) as rules_met,
        sum(risks.watch_list_severity) as severity,
        count(*) filter (
            where
            levels.watch_list_level is distinct from risks.watch_list_level
            or risks.is_on_watch_list <> (risks.watch_list_severity > 0)
        ) as wrong_levels

    from risks
    left join levels
        on
            risks.watch_list_severity
            between levels.minimum_severity and coalesce(levels.maximum_severity, 9999)

),

broken as (

    select
        found.rules_met,
        expected.rules_met as expected_rules_met,
        found.severity,
        expected.severity as expected_severity,
        found.wrong_levels

    from found
    cross join expected
    where
        found.rules_met <> expected.rules_met
        or found.severity <> expected.severity
        or found.wrong_levels <> 0

)

select * from broken
