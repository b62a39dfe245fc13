-- Question: how large are the segments, what do they hold, and what does each bring?
-- How to read it: a row is a segment, in the order of its rules. Segments come from deposits,
-- lending and tenure only; age, gender and nationality take no part in them.

with

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

segment_rules as (

    select * from {{ ref('segment_rules') }}

),

segments as (

    select
        segment_rules.segment,
        segment_rules.priority,
        segment_rules.description,
        coalesce(profiles.customers, 0) as customers,
        coalesce(profiles.share_of_customers, 0) as share_of_customers,
        coalesce(profiles.total_loans, 0) as total_loans,
        coalesce(profiles.total_deposits, 0) as total_deposits,
        coalesce(profiles.fee_income, 0) as fee_income,
        {{ ratio('profiles.fee_income', 'profiles.customers') }} as fee_income_per_customer,
        profiles.loan_to_deposit_ratio,
        profiles.mean_risk_weighting

    from segment_rules
    left join profiles
        on segment_rules.segment = profiles.value and profiles.dimension = 'segment'

)

select * from segments
order by priority
