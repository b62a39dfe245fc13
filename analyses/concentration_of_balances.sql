-- Question: how few customers hold how much of the bank's money?
-- How to read it: one row per measure. A Gini coefficient of 0 means that all customers have the
-- same amount, and 1 that one customer has everything. top_decile_share is the share of the top
-- tenth. effective_customers is the number of customers with equal amounts that would give the
-- same concentration.

with

concentration as (

    select * from {{ ref('fct_balance_concentration') }}

),

measures as (

    select
        measure,
        customers,
        total_amount,
        gini,
        top_decile_share,
        1 - max(cumulative_share) filter (where percentile = 99) as top_percentile_share,
        max(cumulative_share) filter (where percentile = 50) as lower_half_share,
        {{ ratio('1', 'herfindahl_index') }} as effective_customers

    from concentration
    group by measure, customers, total_amount, gini, top_decile_share, herfindahl_index

)

select * from measures
order by gini desc, measure asc
