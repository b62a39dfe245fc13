{{ config(materialized='table') }}

with

clients as (

    select * from {{ ref('base_bank__clients_judged') }}
    where is_accepted and not has_ambiguous_date

),

-- Names are compared only where one id, however written, joined under two keys on one day.
ids_under_several_keys as (

    select
        {{ comparable_text('client_id') }} as comparable_id,
        joined_date

    from clients
    group by comparable_id, joined_date
    having min(customer_key) <> max(customer_key)

),

suspects as (

    select
        clients.customer_key,
        clients.record_position,
        clients.joined_date,
        ids_under_several_keys.comparable_id,
        {{ comparable_text('clients.client_name') }} as comparable_name

    from clients
    inner join ids_under_several_keys
        on
            {{ comparable_text('clients.client_id') }} = ids_under_several_keys.comparable_id
            and clients.joined_date = ids_under_several_keys.joined_date

),

people as (

    select
        customer_key,
        record_position,
        first_value(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
            order by record_position
        ) as person_key,
        min(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
        ) <> max(customer_key) over (
            partition by comparable_id, comparable_name, joined_date
        ) as has_several_keys

    from suspects

),

near_duplicates as (

    select
        customer_key,
        person_key,
        cast(count(*) as bigint) as occurrences,
        cast(min(record_position) as bigint) as first_position

    from people
    where has_several_keys
    group by customer_key, person_key

)

select * from near_duplicates
