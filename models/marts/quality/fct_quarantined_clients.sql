with

clients as (

    select * from {{ ref('base_bank__clients_judged') }}

),

repeats as (

    select * from {{ ref('base_bank__client_repeats') }}

),

first_positions as (

    select
        source_file,
        min(record_position) as first_position

    from clients
    group by source_file

),

-- The first row of a file stands behind its header: its number is 2.
numbered as (

    select
        clients.*,
        cast(clients.record_position - first_positions.first_position + 2 as bigint)
            as source_row

    from clients
    inner join first_positions on clients.source_file = first_positions.source_file

),

kept_rows as (

    select
        numbered.customer_key,
        numbered.source_file,
        numbered.source_row

    from numbered
    inner join repeats
        on
            numbered.customer_key = repeats.customer_key
            and numbered.record_position = repeats.kept_position

),

rejected as (

    select
        source_file,
        source_row,
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}
        reject_reasons,
        raw_text

    from numbered
    where not is_accepted

),

ambiguous as (

    select
        numbered.source_file,
        numbered.source_row,
        {% for column in money_columns() %}
        numbered.{{ column }},
        {% endfor %}
        'joined_bank is ' || cast(numbered.joined_date as string)
        || ' or the same with day and month exchanged: the file holds dates of both orders'
            as reject_reasons,
        {{ typed_text('numbered') }} as raw_text

    from numbered
    where numbered.is_accepted and numbered.has_ambiguous_date

),

repeated as (

    select
        numbered.source_file,
        numbered.source_row,
        {% for column in money_columns() %}
        numbered.{{ column }},
        {% endfor %}
        case
            when repeats.is_identical
                then
                    'repeats row ' || cast(kept_rows.source_row as string)
                    || ' of ' || kept_rows.source_file
            else
                'same client id, name and joining date as '
                || cast(repeats.occurrences - 1 as string)
                || ' other row(s) with other values, first in row '
                || cast(kept_rows.source_row as string)
                || ' of ' || kept_rows.source_file
        end as reject_reasons,
        {{ typed_text('numbered') }} as raw_text

    from numbered
    inner join repeats on numbered.customer_key = repeats.customer_key
    inner join kept_rows on repeats.customer_key = kept_rows.customer_key
    where
        numbered.is_accepted
        and not numbered.has_ambiguous_date
        and not (repeats.is_identical and numbered.record_position = repeats.kept_position)

),

quarantined as (

    select * from rejected

    union all

    select * from ambiguous

    union all

    select * from repeated

),

listed as (

    select
        source_file,
        source_row,
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}
        reject_reasons,
        raw_text,
        {{ as_of_date() }} as as_of_date

    from quarantined

)

select * from listed
