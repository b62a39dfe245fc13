with

migrated as (

    select * from {{ ref('int_customers_migrated') }}

),

levels as (

    select * from {{ ref('watch_list_levels') }}

),

counted as (

    select
        from_date,
        to_date,
        from_risk_weighting,
        to_risk_weighting,
        from_watch_list_level,
        to_watch_list_level,
        try_cast(from_risk_weighting as integer) as from_risk_order,
        try_cast(to_risk_weighting as integer) as to_risk_order,
        cast(sum(customers) as bigint) as customers,
        {{ sum_money('from_total_loans') }} as from_total_loans,
        {{ sum_money('to_total_loans') }} as to_total_loans,
        {{ sum_money('from_total_deposits') }} as from_total_deposits,
        {{ sum_money('to_total_deposits') }} as to_total_deposits

    from migrated
    group by
        from_date, to_date, from_risk_weighting, to_risk_weighting, from_watch_list_level,
        to_watch_list_level

),

compared as (

    select
        ---------- keys
        counted.from_date,
        counted.to_date,
        counted.from_risk_weighting,
        counted.to_risk_weighting,
        counted.from_watch_list_level,
        counted.to_watch_list_level,

        ---------- what it means
        case
            when counted.from_risk_weighting = 'joined' then 'joined'
            when counted.to_risk_weighting = 'left' then 'left'
            when counted.to_risk_order > counted.from_risk_order then 'worse'
            when counted.to_risk_order < counted.from_risk_order then 'better'
            else 'unchanged'
        end as risk_weighting_change,
        case
            when counted.from_watch_list_level = 'joined' then 'joined'
            when counted.to_watch_list_level = 'left' then 'left'
            when to_levels.watch_list_order > from_levels.watch_list_order then 'worse'
            when to_levels.watch_list_order < from_levels.watch_list_order then 'better'
            when counted.from_watch_list_level = counted.to_watch_list_level then 'unchanged'
            else 'not comparable'
        end as watch_list_change,

        ---------- counts
        counted.customers,

        ---------- money
        counted.from_total_loans,
        counted.to_total_loans,
        counted.from_total_deposits,
        counted.to_total_deposits

    from counted
    left join levels as from_levels
        on counted.from_watch_list_level = from_levels.watch_list_level
    left join levels as to_levels
        on counted.to_watch_list_level = to_levels.watch_list_level

)

select * from compared
