with

customers as (

    select * from {{ ref('dim_customers') }}

),

delivered as (

    select * from {{ ref('base_bank__clients') }}

),

quarantined as (

    select * from {{ ref('fct_quarantined_clients') }}

),

counts as (

    select
        (select count(*) from delivered) as rows_delivered,
        (select count(*) filter (where not is_valid) from delivered) as rows_invalid,
        (select count(*) from customers) as customers,
        (select count(*) from quarantined) as rows_quarantined

),

unaccounted as (

    select * from counts
    where
        rows_delivered <> customers + rows_quarantined
        or rows_quarantined < rows_invalid
        or rows_delivered = 0

)

select * from unaccounted
