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
        cast(
            min(record_position) filter (where has_exchanged_date) - min(record_position) + 2
            as bigint
        ) as first_exchanged_row,

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
