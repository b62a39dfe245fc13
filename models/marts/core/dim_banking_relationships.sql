with

banking_relationships as (

    select * from {{ ref('stg_bank__banking_relationships') }}

),

described as (

    select
        banking_relationship,
        cast(banking_relationship_id as integer) as banking_relationship_order

    from banking_relationships

)

select * from described
