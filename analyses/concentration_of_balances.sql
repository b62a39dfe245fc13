-- Question: how few customers hold how much of the bank's money?
-- How to read it: a row is an amount. A Gini coefficient of 0 means that all have the same, of
-- 1 that one has everything; the tenth with the most holds top_decile_share of the whole. The
-- effective number is the count of equal customers that would be as concentrated.

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
