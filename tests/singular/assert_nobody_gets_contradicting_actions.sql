with

rules as (

    select * from {{ ref('recommendation_rules') }}

),

recommendations as (

    select * from {{ ref('fct_customer_recommendations') }}

),

met as (

    select * from {{ ref('int_recommendations_met') }}

),

stances as (

    select
        recommendations.customer_key,
        rules.conflict_group,
        min(rules.precedence) as winning_precedence,
        max(rules.precedence) as last_precedence

    from recommendations
    inner join rules on recommendations.action = rules.action
    where rules.conflict_group is not null
    group by recommendations.customer_key, rules.conflict_group

),

contradicting as (

    select
        cast(customer_key as string) as culprit,
        'gets two stances of ' || conflict_group as breach

    from stances
    where winning_precedence <> last_precedence

),

-- Due, and neither there nor overruled by an action that is there.
lost as (

    select
        cast(met.customer_key as string) as culprit,
        met.action || ' is due and is lost' as breach

    from met
    left join recommendations
        on met.customer_key = recommendations.customer_key and met.action = recommendations.action
    left join stances
        on
            met.customer_key = stances.customer_key
            and met.conflict_group = stances.conflict_group
            and met.precedence > stances.winning_precedence
    where recommendations.customer_key is null and stances.customer_key is null

),

unclear as (

    select
        conflict_group as culprit,
        'a stance has two precedences or a precedence two stances' as breach

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

    select * from lost

    union all

    select * from unclear

)

select * from breaches
