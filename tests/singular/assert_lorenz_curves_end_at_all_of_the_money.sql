{#-
    A curve starts at zero or above, never falls, stays on or below the diagonal and ends at one.
-#}

with

concentration as (

    select * from {{ ref('fct_balance_concentration') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

totals as (

    select
        count(*) as customers,
        sum(total_loans) as total_loans,
        sum(total_deposits) as total_deposits

    from positions

),

steps as (

    select
        *,
        lag(cumulative_share, 1, 0.0) over (
            partition by measure order by percentile
        ) as share_before

    from concentration

),

broken as (

    select
        steps.measure,
        steps.percentile,
        steps.cumulative_share

    from steps
    cross join totals
    where
        steps.cumulative_share < steps.share_before - 1e-9
        or steps.cumulative_share > steps.percentile / 100.0 + 1e-9
        or (steps.percentile = 100 and abs(steps.cumulative_share - 1) > 1e-9)
        or steps.customers <> totals.customers
        or (steps.measure = 'total_loans' and steps.total_amount <> totals.total_loans)
        or (steps.measure = 'total_deposits' and steps.total_amount <> totals.total_deposits)

),

incomplete as (

    select
        measure,
        count(*) as percentile,
        max(cumulative_share) as cumulative_share

    from concentration
    group by measure
    having count(distinct percentile) <> 100

)

select * from broken

union all

select * from incomplete
