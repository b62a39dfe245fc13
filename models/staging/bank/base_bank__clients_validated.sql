{{ config(materialized='view') }}

with

clients as (

    select
        *,
        {{ record_position(ref('base_bank__clients')) }} as record_position

    from {{ ref('base_bank__clients') }}

),

files as (

    select * from {{ ref('base_bank__client_files') }}

),

repeats as (

    select * from {{ ref('base_bank__client_duplicates') }}

),

-- The first of identical duplicates is accepted; duplicates that differ are all quarantined.
validated as (

    select
        clients.*,
        clients.record_position - files.first_position + 2 as source_row,
        case
            when not clients.is_valid then 'rejected'
            when {{ has_ambiguous_date('clients', 'files') }} then 'ambiguous'
            when repeats.customer_key is null then 'accepted'
            when repeats.is_identical and clients.record_position = repeats.first_position
                then 'accepted'
            else 'duplicate'
        end as record_status,
        repeats.occurrences,
        repeats.is_identical,
        repeats.first_file,
        repeats.first_position

    from clients
    inner join files on clients.source_file = files.source_file
    left join repeats on clients.customer_key = repeats.customer_key

)

select * from validated
