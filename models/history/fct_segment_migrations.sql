with

migrated as (

    select * from {{ ref('int_customers_migrated') }}

),

counted as (

    select
        from_date,
        to_date,
        from_segment,
        to_segment,
        cast(sum(customers) as bigint) as customers,
        {{ sum_money('from_total_loans') }} as from_total_loans,
        {{ sum_money('to_total_loans') }} as to_total_loans,
        {{ sum_money('from_total_deposits') }} as from_total_deposits,
        {{ sum_money('to_total_deposits') }} as to_total_deposits

    from migrated
    group by from_date, to_date, from_segment, to_segment

),

shared as (

    select
        ---------- keys
        from_date,
        to_date,
        from_segment,
        to_segment,

        ---------- counts
        customers,
        {{ ratio('customers', 'sum(customers) over (partition by to_date, from_segment)') }}
            as share_of_from_segment,

        ---------- money
        from_total_loans,
        to_total_loans,
        from_total_deposits,
        to_total_deposits

    from counted

)

select * from shared
