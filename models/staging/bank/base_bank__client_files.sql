{{ config(materialized='table') }}

with

clients as (

    select * from {{ ref('base_bank__clients') }}

),

files as (

    select
        source_file,
        {{ count_rows() }} as row_count,
        {{ count_rows('joined_date is not null') }} as dates_as_declared,
        {{ count_rows('unread_joined_text is not null') }} as dates_unread,
        {{ count_rows('has_exchanged_date') }} as dates_exchanged,
        {{ count_rows(is_ambiguous_date('joined_date')) }} as dates_of_either_order

    from clients
    group by source_file

)

select * from files
