with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

range_of_years as (

    select
        cast(
            cast(
                extract(year from least(min(joined_date), {{ as_of_date() }})) as string
            ) || '-01-01' as date
        ) as first_date,
        cast(
            cast(extract(year from {{ as_of_date() }}) as string) || '-12-31' as date
        ) as last_date

    from customers

),

days as (

    select {{ unnested(series('first_date', 'last_date', 'interval 1 day')) }} as day_begins
    from range_of_years

),

dates as (

    select cast(day_begins as date) as date_day
    from days

),

described as (

    select
        date_day,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(quarter from date_day) as integer) as quarter_of_year,
        cast(extract(month from date_day) as integer) as month_of_year,
        cast(extract(day from date_day) as integer) as day_of_month,
        cast(extract(year from date_day) as string)
        || '-Q' || cast(extract(quarter from date_day) as string) as year_quarter,
        substr(cast(date_day as string), 1, 7) as year_month,
        date_day = {{ as_of_date() }} as is_as_of_date

    from dates

)

select * from described
