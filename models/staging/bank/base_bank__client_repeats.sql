{{ config(materialized='table') }}

{%- set compares_people = var('near_duplicates') == 'quarantine' %}

with

-- The clients are read twice: a CTE of them would be held in memory, wide as they are, where a
-- count needs their keys and a comparison only the few rows of keys that occur twice.
{%- if compares_people %}
repeated_keys as (

    select
        clients.customer_key,
        coalesce(near_duplicates.person_key, clients.customer_key) as person_key

    from {{ ref('base_bank__clients_judged') }} as clients
    left join {{ ref('base_bank__client_near_duplicates') }} as near_duplicates
        on clients.customer_key = near_duplicates.customer_key
    where clients.is_accepted and not clients.has_ambiguous_date
    group by clients.customer_key, near_duplicates.person_key
    having count(*) > 1 or near_duplicates.person_key is not null

),
{%- else %}
repeated_keys as (

    select
        customer_key,
        customer_key as person_key

    from {{ ref('base_bank__clients_judged') }}
    -- depends_on: {{ ref('base_bank__client_near_duplicates') }}
    where is_accepted and not has_ambiguous_date
    group by customer_key
    having count(*) > 1

),
{%- endif %}

copies as (

    select
        clients.customer_key,
        repeated_keys.person_key,
        clients.record_position,
        {{ row_fingerprint('clients') }} as row_fingerprint

    from {{ ref('base_bank__clients_judged') }} as clients
    inner join repeated_keys on clients.customer_key = repeated_keys.customer_key
    where clients.is_accepted and not clients.has_ambiguous_date

),

people as (

    select
        person_key,
        cast(count(*) as bigint) as occurrences,
        count(distinct row_fingerprint) = 1 as is_identical,
        cast(min(record_position) as bigint) as kept_position

    from copies
    group by person_key

),

repeats as (

    select
        repeated_keys.customer_key,
        people.occurrences,
        people.is_identical,
        people.kept_position

    from repeated_keys
    inner join people on repeated_keys.person_key = people.person_key

)

select * from repeats
