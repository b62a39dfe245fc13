{{ config(materialized='table') }}

with

raw_genders as (

    select * from {{ raw_table('genders') }}

),

cleaned as (

    select
        {{ clean_id('gender_id') }} as gender_id,
        {{ clean_text('gender') }} as gender

    from raw_genders

)

select * from cleaned
