-- Question: how many customers does each action reach, what balances are involved, and does it
-- treat nationalities, genders and age bands equally?
-- How to read it: one row per action. A group is flagged if its ratio to the best-treated group
-- is below four fifths. If the difference is more than chance, examine the rule. Groups that are
-- too small to judge are counted separately.

with

recommendations as (

    select * from {{ ref('fct_customer_recommendations') }}

),

monitor as (

    select * from {{ ref('fct_fairness_monitor') }}

),

rules as (

    select * from {{ ref('recommendation_rules') }}

),

work as (

    select
        action,
        count(*) as customers,
        sum(money_concerned) as money_concerned,
        sum(gap_to_close) as gap_to_close

    from recommendations
    group by action

),

fairness as (

    select
        action,
        count(*) as groups_looked_at,
        count(*) filter (where not is_large_enough) as groups_too_small,
        count(*) filter (where is_flagged) as groups_flagged,
        count(*) filter (where verdict = 'under the limit, more than chance')
            as groups_flagged_beyond_chance,
        min(ratio_to_best) as lowest_ratio

    from monitor
    group by action

),

compared as (

    select
        rules.priority,
        rules.action_name,
        rules.kind,
        rules.owner,
        coalesce(work.customers, 0) as customers,
        work.money_concerned,
        work.gap_to_close,
        fairness.groups_looked_at,
        fairness.groups_too_small,
        fairness.groups_flagged,
        fairness.groups_flagged_beyond_chance,
        fairness.lowest_ratio

    from rules
    inner join fairness on rules.action = fairness.action
    left join work on rules.action = work.action

)

select * from compared
order by priority
