{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

products as (

    select * from {{ ref('products') }}

),

balances as (

    select
        customers.customer_key,
        products.product,
        customers.as_of_date,
        customers.income_band,
        customers.risk_weighting,
        case products.product
            {% for product, column in product_columns().items() %}
            when '{{ product }}' then customers.{{ column }}
            {% endfor %}
        end as balance,
        customers.total_loans + customers.total_deposits as balance_of_all_products

    from customers
    cross join products

)

select * from balances
