-- Question: do customers with a higher income keep more money with the bank?
-- How to read it: one row per income band and age band, with both definitions of deposits: core
-- deposits leave out bank deposits, which may count the other accounts a second time.
-- income_correlation is the correlation of income and total deposits among the customers of the
-- row.

with

customers as (

    select * from {{ ref('dim_customers') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

income_bands as (

    select * from {{ ref('income_bands') }}

),

by_band as (

    select
        income_bands.income_band_order,
        customers.income_band,
        customers.age_band,
        cast(count(*) as bigint) as customers,
        {{ sum_money('positions.estimated_income') }} as estimated_income,
        {{ sum_money('positions.total_deposits') }} as total_deposits,
        {{ sum_money('positions.core_deposits') }} as core_deposits,
        corr(positions.total_deposits, positions.estimated_income) as income_correlation

    from positions
    inner join customers on positions.customer_key = customers.customer_key
    inner join income_bands on customers.income_band = income_bands.income_band
    group by income_bands.income_band_order, customers.income_band, customers.age_band

),

compared as (

    select
        *,
        {{ ratio('total_deposits', 'customers') }} as mean_total_deposits,
        {{ ratio('total_deposits', 'estimated_income') }} as deposits_to_income_ratio,
        {{ ratio('core_deposits', 'estimated_income') }} as core_deposits_to_income_ratio

    from by_band

)

select * from compared
order by income_band_order, age_band
