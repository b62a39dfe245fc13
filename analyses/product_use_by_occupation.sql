-- Question: which products do people of each occupation family use, and how deeply?
-- How to read it: one row per occupation family and product. Nearly everybody holds every
-- product, so penetration is close to 1 everywhere. index_of_depth divides the median balance of
-- the family's holders by the median of these medians over all families.

with

penetration as (

    select * from {{ ref('fct_product_penetration') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

families as (

    select * from penetration
    where dimension = 'occupation_family'

),

middles as (

    select
        product,
        median(median_balance_of_holders) as middle_balance

    from families
    group by product

),

product_use as (

    select
        families.value as occupation_family,
        products.product_order,
        products.product_name,
        products.product_family,
        families.customers,
        families.holders,
        families.penetration,
        families.balance,
        families.median_balance_of_holders,
        {{ ratio('families.median_balance_of_holders', 'middles.middle_balance') }}
            as index_of_depth

    from families
    inner join products on families.product = products.product
    inner join middles on families.product = middles.product

)

select * from product_use
order by occupation_family, product_order
