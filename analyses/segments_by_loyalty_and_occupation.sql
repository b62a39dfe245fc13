-- Question: how do customers divide by loyalty class and occupation, and which groups earn the
-- bank the most?
-- How to read it: one row per loyalty class and occupation family. If index_of_fees is above 1,
-- the group's share of fees is larger than its share of customers. If the interval of its mean
-- deposits includes the mean of all customers, the group does not clearly differ from the rest.

with

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

totals as (

    select
        sum(customers) as customers,
        sum(fee_income) as fee_income,
        sum(total_deposits) as total_deposits

    from profiles
    where dimension = 'loyalty_classification'

),

groups_compared as (

    select
        split_part(profiles.value, ' / ', 1) as loyalty_classification,
        split_part(profiles.value, ' / ', 2) as occupation_family,
        profiles.customers,
        profiles.share_of_customers,
        profiles.total_loans,
        profiles.total_deposits,
        profiles.fee_income,
        {{ ratio('profiles.fee_income', 'totals.fee_income') }}
        / profiles.share_of_customers as index_of_fees,
        profiles.mean_total_deposits,
        profiles.mean_total_deposits_lower,
        profiles.mean_total_deposits_upper,
        {{ ratio('totals.total_deposits', 'totals.customers') }}
        between profiles.mean_total_deposits_lower
        and profiles.mean_total_deposits_upper as is_like_all_customers

    from profiles
    cross join totals
    where profiles.dimension = 'loyalty_classification_and_occupation_family'

)

select * from groups_compared
order by fee_income desc, loyalty_classification asc, occupation_family asc
