{{ config(materialized='table') }}

with

-- The clients are read twice: a CTE of them would be held in memory, wide as they are, where a
-- count needs their keys and a comparison only the few rows of keys that occur twice.
repeated_keys as (

    select
        customer_key,
        cast(count(*) as bigint) as occurrences

    from {{ ref('base_bank__clients_judged') }}
    where is_accepted and not has_ambiguous_date
    group by customer_key
    having count(*) > 1

),

copies as (

    select
        clients.customer_key,
        repeated_keys.occurrences,
        clients.record_position,
        {{ row_fingerprint('clients') }} as row_fingerprint

    from {{ ref('base_bank__clients_judged') }} as clients
    inner join repeated_keys on clients.customer_key = repeated_keys.customer_key
    where clients.is_accepted and not clients.has_ambiguous_date

),

repeats as (

    select
        customer_key,
        occurrences,
        count(distinct row_fingerprint) = 1 as is_identical,
        cast(min(record_position) as bigint) as kept_position

    from copies
    group by customer_key, occurrences

)

select * from repeats
