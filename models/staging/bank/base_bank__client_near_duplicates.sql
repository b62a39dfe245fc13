{{ config(materialized='table') }}

with

delivered as (

    select
        *,
        {{ record_position(ref('base_bank__clients')) }} as record_position

    from {{ ref('base_bank__clients') }}
    where is_valid

),

files as (

    select * from {{ ref('base_bank__client_files') }}

),

clients as (

    select
        delivered.customer_key,
        delivered.client_id,
        delivered.client_name,
        delivered.joined_date,
        delivered.record_position

    from delivered
    inner join files on delivered.source_file = files.source_file
    where not {{ has_ambiguous_date('delivered', 'files') }}

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
