with

history as (

    select * from {{ ref('fct_customer_history') }}

),

segment_migrations as (

    select * from {{ ref('fct_segment_migrations') }}

),

risk_migrations as (

    select * from {{ ref('fct_risk_migrations') }}

),

dates as (

    select
        as_of_date,
        as_of_date = min(as_of_date) over () as is_first,
        as_of_date = max(as_of_date) over () as is_last

    from (select distinct as_of_date from history) as distinct_dates

),

counted as (

    select
        as_of_date,
        segment,
        risk_weighting,
        watch_list_level,
        count(*) as customers,
        sum(total_loans) as total_loans,
        sum(total_deposits) as total_deposits

    from history
    group by as_of_date, segment, risk_weighting, watch_list_level

),

states as (

    select
        as_of_date,
        segment as state,
        customers,
        total_loans,
        total_deposits

    from counted

    union all

    select
        as_of_date,
        cast(risk_weighting as string) || ' ' || watch_list_level as state,
        customers,
        total_loans,
        total_deposits

    from counted

),

-- Customers come from every date but the last, and go to every date but the first.
expected as (

    select
        'from' as side,
        states.*

    from states
    inner join dates on states.as_of_date = dates.as_of_date
    where not dates.is_last

    union all

    select
        'to' as side,
        states.*

    from states
    inner join dates on states.as_of_date = dates.as_of_date
    where not dates.is_first

),

found as (

    {%- for side in ['from', 'to'] %}

    select
        '{{ side }}' as side,
        {{ side }}_date as as_of_date,
        {{ side }}_segment as state,
        customers,
        {{ side }}_total_loans as total_loans,
        {{ side }}_total_deposits as total_deposits

    from segment_migrations
    where {{ side }}_segment not in ('joined', 'left')

    union all

    select
        '{{ side }}' as side,
        {{ side }}_date as as_of_date,
        {{ side }}_risk_weighting || ' ' || {{ side }}_watch_list_level as state,
        customers,
        {{ side }}_total_loans as total_loans,
        {{ side }}_total_deposits as total_deposits

    from risk_migrations
    where {{ side }}_risk_weighting not in ('joined', 'left')
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

-- For each state and date, the expected figures minus the ones found must be zero.
less as (

    select * from expected

    union all

    select
        side,
        as_of_date,
        state,
        -customers as customers,
        -total_loans as total_loans,
        -total_deposits as total_deposits

    from found

),

different as (

    select
        side,
        as_of_date,
        state,
        sum(customers) as customers,
        sum(total_loans) as total_loans,
        sum(total_deposits) as total_deposits

    from less
    group by side, as_of_date, state
    having sum(customers) <> 0 or sum(total_loans) <> 0 or sum(total_deposits) <> 0

)

select * from different
