{{ config(materialized='view', schema='restricted') }}

with

clients as (

    select * from {{ ref('stg_bank__clients') }}

),

identities as (

    select
        customer_key,
        {{ key_as_text('customer_key') }} as customer_code,
        client_key,
        {{ as_of_date() }} as as_of_date,
        client_id,
        client_name,
        banking_contact,
        location_id

    from clients

)

select * from identities
