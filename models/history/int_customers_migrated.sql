{{ config(
    materialized='incremental' if engine() == 'duckdb' else 'table',
    database=history_database(),
    incremental_strategy='append',
    on_schema_change='fail'
) }}

with

history as (

    select * from {{ ref('fct_customer_history') }}

),

dates as (

    select distinct as_of_date from history

),

neighbours as (

    select
        lag(as_of_date) over (order by as_of_date) as from_date,
        as_of_date as to_date

    from dates

),

{% if is_incremental() %}
-- Existing comparisons are still valid, because a change to a date deletes those that it affects.
compared as (

    select distinct
        from_date,
        to_date

    from {{ this }}

),
{% endif %}

pairs as (

    select
        neighbours.from_date,
        neighbours.to_date

    from neighbours
    {% if is_incremental() %}
    left join compared
        on
            neighbours.from_date = compared.from_date
            and neighbours.to_date = compared.to_date
    where compared.to_date is null and neighbours.from_date is not null
    {% else %}
    where neighbours.from_date is not null
    {% endif %}

),

earlier as (

    select
        pairs.from_date,
        pairs.to_date,
        history.*

    from history
    inner join pairs on history.as_of_date = pairs.from_date

),

later as (

    select
        pairs.from_date,
        pairs.to_date,
        history.*

    from history
    inner join pairs on history.as_of_date = pairs.to_date

),

moves as (

    select
        coalesce(earlier.from_date, later.from_date) as from_date,
        coalesce(earlier.to_date, later.to_date) as to_date,
        coalesce(earlier.segment, 'joined') as from_segment,
        coalesce(later.segment, 'left') as to_segment,
        coalesce(cast(earlier.risk_weighting as string), 'joined') as from_risk_weighting,
        coalesce(cast(later.risk_weighting as string), 'left') as to_risk_weighting,
        coalesce(earlier.watch_list_level, 'joined') as from_watch_list_level,
        coalesce(later.watch_list_level, 'left') as to_watch_list_level,
        earlier.total_loans as from_total_loans,
        later.total_loans as to_total_loans,
        earlier.total_deposits as from_total_deposits,
        later.total_deposits as to_total_deposits

    from earlier
    full outer join later
        on
            earlier.to_date = later.to_date
            and earlier.customer_key = later.customer_key

),

counted as (

    select
        ---------- keys
        from_date,
        to_date,
        from_segment,
        to_segment,
        from_risk_weighting,
        to_risk_weighting,
        from_watch_list_level,
        to_watch_list_level,

        ---------- counts
        cast(count(*) as bigint) as customers,

        ---------- money
        {{ sum_money('from_total_loans') }} as from_total_loans,
        {{ sum_money('to_total_loans') }} as to_total_loans,
        {{ sum_money('from_total_deposits') }} as from_total_deposits,
        {{ sum_money('to_total_deposits') }} as to_total_deposits

    from moves
    group by
        from_date, to_date, from_segment, to_segment, from_risk_weighting, to_risk_weighting,
        from_watch_list_level, to_watch_list_level

)

select * from counted
