{#-
    Each heat map of customers must cover all customers with all their loans and deposits. In the
    heat map of products, `exposure` is the balance of the product, so its sum is all loans plus all
    deposits. The shares in each row must add up to one. A product that nobody holds has no shares.
-#}

with

heatmap as (

    select * from {{ ref('fct_risk_heatmap') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

totals as (

    select
        count(*) as customers,
        sum(total_loans) as all_loans,
        sum(total_deposits) as all_deposits

    from positions

),

by_dimension as (

    select
        row_dimension,
        sum(customers) as customers,
        sum(exposure) as exposure,
        sum(deposits) as deposits,
        sum(share_of_row) as shares_of_rows,
        sum(expected_customers) as expected_customers,
        count(distinct case when share_of_row is not null then row_value end) as rows_with_shares

    from heatmap
    group by row_dimension

),

broken as (

    select by_dimension.*
    from by_dimension
    cross join totals
    where
        abs(by_dimension.shares_of_rows - by_dimension.rows_with_shares) > 1e-6
        or by_dimension.expected_customers > by_dimension.customers + 0.001
        or (
            by_dimension.row_dimension <> 'product'
            and (
                by_dimension.customers <> totals.customers
                or by_dimension.exposure <> totals.all_loans
                or by_dimension.deposits <> totals.all_deposits
            )
        )
        or (
            by_dimension.row_dimension = 'product'
            and by_dimension.exposure <> totals.all_loans + totals.all_deposits
        )

)

select * from broken
