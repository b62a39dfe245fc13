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

-- In a file that holds dates of both orders, a date that could be either cannot be trusted.
judged as (

    select
        clients.*,
        files.dates_exchanged > 0
        and not clients.has_exchanged_date
        and coalesce({{ is_ambiguous_date('clients.joined_date') }}, false)
            as has_ambiguous_date

    from clients
    inner join files on clients.source_file = files.source_file

)

select * from judged
