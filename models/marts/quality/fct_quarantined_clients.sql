-- The clients are read once for each kind of row that is quarantined, with a condition: a CTE of
-- them all would be held in memory, wide as they are, for the few that are wanted.

with

rejected_clients as (

    select * from {{ ref('base_bank__clients_judged') }}
    where not is_accepted

),

ambiguous_clients as (

    select * from {{ ref('base_bank__clients_judged') }}
    where is_accepted and has_ambiguous_date

),

repeated_clients as (

    select
        clients.*,
        repeats.occurrences,
        repeats.is_identical,
        repeats.kept_position

    from {{ ref('base_bank__clients_judged') }} as clients
    inner join {{ ref('base_bank__client_repeats') }} as repeats
        on clients.customer_key = repeats.customer_key
    where clients.is_accepted and not clients.has_ambiguous_date

),

-- The first row of a file stands behind its header: its number is 2.
first_positions as (

    select
        source_file,
        cast(min(record_position) as bigint) - 2 as position_before_file

    from {{ ref('base_bank__clients_judged') }}
    group by source_file

),

kept_rows as (

    select
        repeated_clients.record_position,
        repeated_clients.source_file,
        repeated_clients.record_position - first_positions.position_before_file as source_row

    from repeated_clients
    inner join first_positions on repeated_clients.source_file = first_positions.source_file
    where repeated_clients.record_position = repeated_clients.kept_position

),

rejected as (

    select
        source_file,
        record_position,
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}
        reject_reasons,
        raw_text

    from rejected_clients

),

ambiguous as (

    select
        ambiguous_clients.source_file,
        ambiguous_clients.record_position,
        {% for column in money_columns() %}
        ambiguous_clients.{{ column }},
        {% endfor %}
        'joined_bank is ' || cast(ambiguous_clients.joined_date as string)
        || ' or the same with day and month exchanged: the file holds dates of both orders'
            as reject_reasons,
        {{ typed_text('ambiguous_clients') }} as raw_text

    from ambiguous_clients

),

repeated as (

    select
        repeated_clients.source_file,
        repeated_clients.record_position,
        {% for column in money_columns() %}
        repeated_clients.{{ column }},
        {% endfor %}
        case
            when repeated_clients.is_identical
                then
                    'repeats row ' || cast(kept_rows.source_row as string)
                    || ' of ' || kept_rows.source_file
            else
                '{{ same_person() }} as '
                || cast(repeated_clients.occurrences - 1 as string)
                || ' other row(s) with other values, first in row '
                || cast(kept_rows.source_row as string)
                || ' of ' || kept_rows.source_file
        end as reject_reasons,
        {{ typed_text('repeated_clients') }} as raw_text

    from repeated_clients
    inner join kept_rows on repeated_clients.kept_position = kept_rows.record_position
    where
        not (
            repeated_clients.is_identical
            and repeated_clients.record_position = repeated_clients.kept_position
        )

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
        quarantined.source_file,
        quarantined.record_position - first_positions.position_before_file as source_row,
        {% for column in money_columns() %}
        quarantined.{{ column }},
        {% endfor %}
        quarantined.reject_reasons,
        quarantined.raw_text,
        {{ as_of_date() }} as as_of_date

    from quarantined
    inner join first_positions on quarantined.source_file = first_positions.source_file

)

select * from listed
