{{ config(materialized='table') }}

with

raw_banking_relationships as (

    select * from {{ raw_table('banking_relationships') }}

),

cleaned as (

    select
        {{ clean_id('br_id') }} as banking_relationship_id,
        {{ clean_text('banking_relationship') }} as banking_relationship

    from raw_banking_relationships

)

select * from cleaned
