with

products as (

    select * from {{ ref('products') }}

),

described as (

    select
        product,
        product_name,
        product_family,
        cast(product_order as integer) as product_order,
        is_core_deposit

    from products

)

select * from described
