-- Question: how large are the segments, what do they hold, and what does each earn the bank?
-- How to read it: one row per segment, in the order of the rules. Segments depend only on
-- deposits, lending and tenure, not on age, gender or nationality.

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
