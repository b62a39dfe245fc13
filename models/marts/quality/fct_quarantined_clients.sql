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

-- The few rows that may be set aside, and nothing of the others. The first row of a file stands
-- behind its header: its number is 2.
concerned as (

    select
        clients.*,
        repeats.occurrences,
        repeats.is_identical,
        repeats.kept_position,
        repeats.customer_key is not null as is_repeated,
        cast(clients.record_position - first_positions.first_position + 2 as bigint)
            as source_row

    from clients
    left join repeats on clients.customer_key = repeats.customer_key
    inner join first_positions on clients.source_file = first_positions.source_file
    where
        not clients.is_accepted
        or clients.has_ambiguous_date
        or repeats.customer_key is not null

),

kept_rows as (

    select
        customer_key,
        source_file,
        source_row

    from concerned
    where is_repeated and record_position = kept_position

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

    from concerned
    where not is_accepted

),

ambiguous as (

    select
        source_file,
        source_row,
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}
        'joined_bank is ' || cast(joined_date as string)
        || ' or the same with day and month exchanged: the file holds dates of both orders'
            as reject_reasons,
        {{ typed_text('concerned') }} as raw_text

    from concerned
    where is_accepted and has_ambiguous_date

),

repeated as (

    select
        concerned.source_file,
        concerned.source_row,
        {% for column in money_columns() %}
        concerned.{{ column }},
        {% endfor %}
        case
            when concerned.is_identical
                then
                    'repeats row ' || cast(kept_rows.source_row as string)
                    || ' of ' || kept_rows.source_file
            else
                'same client id, name and joining date as '
                || cast(concerned.occurrences - 1 as string)
                || ' other row(s) with other values, first in row '
                || cast(kept_rows.source_row as string)
                || ' of ' || kept_rows.source_file
        end as reject_reasons,
        {{ typed_text('concerned') }} as raw_text

    from concerned
    inner join kept_rows on concerned.customer_key = kept_rows.customer_key
    where
        concerned.is_accepted
        and not concerned.has_ambiguous_date
        and not (concerned.is_identical and concerned.record_position = concerned.kept_position)

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
