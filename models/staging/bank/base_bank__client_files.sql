{{ config(materialized='table') }}

{%- set reading = raw_reading() %}

with

clients as (

    select
        *,
        {{ record_position(ref('base_bank__clients')) }} as record_position

    from {{ ref('base_bank__clients') }}

),

files as (

    select
        source_file,
        cast(count(*) as bigint) as row_count,
        cast(min(record_position) as bigint) as first_position,
        cast(count(*) filter (where joined_date is not null) as bigint) as dates_as_declared,
        cast(count(*) filter (where unread_joined_text is not null) as bigint) as dates_unread,
        cast(
            min(record_position) filter (where has_exchanged_date) - min(record_position) + 2
            as bigint
        ) as first_exchanged_row,
        cast(
            count(*) filter (where {{ is_ambiguous_date('joined_date') }}) as bigint
        ) as dates_of_either_order,

        ---------- how the file is read: as its cells prove, or as a variable declares
        {{ file_value(reading, 'source_file', 'dates', 'formats') }} as date_formats,
        {{ file_value(reading, 'source_file', 'dates', 'basis') }} as date_basis,
        {{ file_value(reading, 'source_file', 'dates', 'undecided') }} as dates_undecided,
        {{ file_value(reading, 'source_file', 'amounts', 'undecided') }} as amounts_undecided,
        {{ file_value(reading, 'source_file', 'amounts', 'comma_columns') }}
            as decimal_comma_columns,
        {{ "'" ~ reading['currency'] ~ "'" if reading['currency'] else 'cast(null as string)' }}
            as currency

    from clients
    group by source_file

)

select * from files
