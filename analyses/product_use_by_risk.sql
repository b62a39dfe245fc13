-- Question: which products do customers of each risk weighting use?
-- How to read it: one row per risk weighting and product. To see whether a risk weighting
-- holds more than its part of a product, compare its share of the balance with its share of
-- customers.

with

penetration as (

    select * from {{ ref('fct_product_penetration') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

classes as (

    select * from penetration
    where dimension = 'risk_weighting'

),

totals as (

    select
        product,
        sum(customers) as customers,
        sum(balance) as balance

    from classes
    group by product

),

product_use as (

    select
        cast(classes.value as integer) as risk_weighting,
        products.product_order,
        products.product_name,
        products.product_family,
        classes.customers,
        {{ ratio('classes.customers', 'totals.customers') }} as share_of_customers,
        classes.penetration,
        classes.balance,
        {{ ratio('classes.balance', 'totals.balance') }} as share_of_balance,
        classes.median_balance_of_holders

    from classes
    inner join products on classes.product = products.product
    inner join totals on classes.product = totals.product

)

select * from product_use
order by risk_weighting, product_order
