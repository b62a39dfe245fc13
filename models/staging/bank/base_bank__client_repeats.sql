{{ config(materialized='table') }}

with

-- Not kept in memory: the rows are wide, while counting needs only their keys and comparing only
-- the few rows whose key occurs twice.
delivered as {{ computed_each_time() }} (

    select
        *,
        {{ record_position(ref('base_bank__clients')) }} as record_position

    from {{ ref('base_bank__clients') }}
    where is_valid

),

files as (

    select * from {{ ref('base_bank__client_files') }}

),

clients as {{ computed_each_time() }} (

    select delivered.*
    from delivered
    inner join files on delivered.source_file = files.source_file
    where not {{ has_ambiguous_date('delivered', 'files') }}

),

near_duplicates as (

    select * from {{ ref('base_bank__client_near_duplicates') }}
    where {{ var('near_duplicates') == 'quarantine' }}

),

repeated_keys as (

    select
        clients.customer_key,
        coalesce(near_duplicates.person_key, clients.customer_key) as person_key

    from clients
    left join near_duplicates on clients.customer_key = near_duplicates.customer_key
    group by clients.customer_key, near_duplicates.person_key
    having count(*) > 1 or near_duplicates.person_key is not null

),

copies as (

    select
        clients.customer_key,
        clients.source_file,
        clients.record_position,
        repeated_keys.person_key,
        {{ row_fingerprint('clients') }} as row_fingerprint

    from clients
    inner join repeated_keys on clients.customer_key = repeated_keys.customer_key

),

people as (

    select
        person_key,
        cast(count(*) as bigint) as occurrences,
        count(distinct row_fingerprint) = 1 as is_identical,
        cast(min(record_position) as bigint) as first_position,
        min_by(source_file, record_position) as first_file

    from copies
    group by person_key

),

repeats as (

    select
        repeated_keys.customer_key,
        people.occurrences,
        people.is_identical,
        people.first_position,
        people.first_file

    from repeated_keys
    inner join people on repeated_keys.person_key = people.person_key

)

select * from repeats
