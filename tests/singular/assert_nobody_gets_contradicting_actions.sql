with

rules as (

    select * from {{ ref('recommendation_rules') }}

),

recommendations as (

    select * from {{ ref('fct_customer_recommendations') }}

),

stances as (

    select
        recommendations.customer_key,
        rules.conflict_group,
        min(rules.precedence) as first_precedence,
        max(rules.precedence) as last_precedence

    from recommendations
    inner join rules on recommendations.action = rules.action
    where rules.conflict_group is not null
    group by recommendations.customer_key, rules.conflict_group

),

contradicting as (

    select
        cast(customer_key as string) as culprit,
        'has actions with two stances in the group ' || conflict_group as breach

    from stances
    where first_precedence <> last_precedence

),

unclear as (

    select
        conflict_group as culprit,
        'a stance has two precedences, or two stances have the same one' as breach

    from rules
    where conflict_group is not null
    group by conflict_group
    having
        count(distinct stance) <> count(distinct precedence)
        or count(distinct stance) <> count(distinct stance || ' ' || cast(precedence as string))

),

breaches as (

    select * from contradicting

    union all

    select * from unclear

)

select * from breaches
