{#- The segment and its reason must be those of the first rule that fits the customer's scores. -#}

with

segments as (

    select * from {{ ref('fct_customer_segments') }}

),

rules as (

    select * from {{ ref('segment_rules') }}

),

assignments as (

    select
        deposit_score,
        lending_score,
        tenure_score,
        segment,
        split_part(segment_reasons, ': ', 1) as reason,
        count(*) as customers

    from segments
    group by deposit_score, lending_score, tenure_score, segment, reason

),

evaluated as (

    select
        assignments.*,
        min_by(rules.segment, rules.priority) as segment_by_rules,
        min_by(rules.description, rules.priority) as reason_by_rules

    from assignments
    left join rules
        on
            assignments.deposit_score >= rules.minimum_deposit_score
            and assignments.deposit_score <= rules.maximum_deposit_score
            and assignments.lending_score >= rules.minimum_lending_score
            and assignments.lending_score <= rules.maximum_lending_score
            and assignments.tenure_score >= rules.minimum_tenure_score
            and assignments.tenure_score <= rules.maximum_tenure_score
    group by all

),

misplaced as (

    select * from evaluated
    where
        segment is distinct from segment_by_rules
        or reason_by_rules is null
        or reason is distinct from split_part(reason_by_rules, ': ', 1)

)

select * from misplaced
