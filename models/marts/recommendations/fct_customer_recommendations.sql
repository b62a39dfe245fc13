{{ config(materialized='view') }}

with

resolved as (

    select * from {{ ref('int_recommendations_resolved') }}

),

rules as (

    select
        *,
        reason || ' ('
        || {{ condition_text('fact', 'comparison', 'limit_value') }}
        || coalesce(
            ', '
            || {{ condition_text('second_fact', 'second_comparison', 'second_limit_value') }},
            ''
        )
        || coalesce(
            ', '
            || {{ condition_text('third_fact', 'third_comparison', 'third_limit_value') }},
            ''
        )
        || ')' as reasons

    from {{ ref('recommendation_rules') }}

),

recommendations as (

    select
        resolved.customer_key,
        resolved.as_of_date,

        ---------- what to do, and who
        resolved.action,
        rules.action_name,
        rules.kind,
        rules.priority,
        rules.owner,
        rules.wording,
        rules.product,

        ---------- why
        rules.reasons,
        rules.fact,
        resolved.fact_value,
        rules.second_fact,
        resolved.second_fact_value,
        rules.third_fact,
        resolved.third_fact_value,

        ---------- how much
        rules.money_measure,
        resolved.money_concerned,
        resolved.gap_to_close

    from resolved
    inner join rules on resolved.action = rules.action

)

select * from recommendations
