with

clients as (

    select * from {{ ref('base_bank__clients_validated') }}
    where record_status <> 'accepted'

),

files as (

    select * from {{ ref('base_bank__client_files') }}

),

quarantined as (

    select
        clients.source_file,
        clients.source_row,
        {% for column in money_columns() %}
        clients.{{ column }},
        {% endfor %}
        case
            when clients.record_status = 'rejected' then clients.reject_reasons
            when clients.record_status = 'ambiguous'
                then
                    'joined_bank is ' || cast(clients.joined_date as string)
                    || ' or the same date with day and month exchanged: the file has dates in both'
                    || ' orders, see row ' || cast(files.first_exchanged_row as string)
            when clients.is_identical
                then
                    'repeats row '
                    || cast(clients.first_position - first_files.first_position + 2 as string)
                    || ' of ' || clients.first_file
            else
                'one of ' || cast(clients.occurrences as string)
                || ' rows with the {{ same_person() }} but different values, first in row '
                || cast(clients.first_position - first_files.first_position + 2 as string)
                || ' of ' || clients.first_file
        end as reject_reasons,
        case
            when clients.record_status = 'rejected' then clients.raw_text
            else {{ json_object(typed_columns(), 'cast(clients.* as string)') }}
        end as raw_text,
        {{ as_of_date() }} as as_of_date

    from clients
    inner join files on clients.source_file = files.source_file
    left join files as first_files on clients.first_file = first_files.source_file

)

select * from quarantined
