with

clients as (

    select * from {{ ref('stg_bank__clients') }}

),

shared_client_ids as (

    select
        client_key,
        cast(count(*) as bigint) as customers

    from clients
    group by client_key
    having count(*) > 1

)

select * from shared_client_ids
