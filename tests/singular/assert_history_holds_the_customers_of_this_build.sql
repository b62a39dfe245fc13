with

history as (

    select * from {{ ref('fct_customer_history') }}
    where as_of_date = {{ as_of_date() }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

kept as (

    select
        count(*) as customers,
        sum(cast(customer_key as decimal(38, 0))) as sum_of_keys,
        {{ sum_money('total_loans') }} as total_loans,
        {{ sum_money('total_deposits') }} as total_deposits,
        {{ sum_money('core_deposits') }} as core_deposits,
        {{ sum_money('fee_income') }} as fee_income

    from history

),

built as (

    select
        count(*) as customers,
        sum(cast(customer_key as decimal(38, 0))) as sum_of_keys,
        {{ sum_money('total_loans') }} as total_loans,
        {{ sum_money('total_deposits') }} as total_deposits,
        {{ sum_money('core_deposits') }} as core_deposits,
        {{ sum_money('fee_income') }} as fee_income

    from positions

),

different as (

    select * from kept
    except
    select * from built

)

select * from different
