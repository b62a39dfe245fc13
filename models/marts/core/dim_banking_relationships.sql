with

banking_relationships as (

    select * from {{ ref('stg_bank__banking_relationships') }}

),

described as (

    select
        banking_relationship,
        {{ order_of_ids('banking_relationship_id') }} as banking_relationship_order

    from banking_relationships

)

select * from described
