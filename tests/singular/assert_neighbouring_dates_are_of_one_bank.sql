with

migrations as (

    select * from {{ ref('fct_segment_migrations') }}

),

pairs_without_shared_customers as (

    select
        from_date,
        to_date,
        sum(case when from_segment = 'joined' then customers else 0 end) as joined,
        sum(case when to_segment = 'left' then customers else 0 end) as departed,
        sum(case when from_segment <> 'joined' and to_segment <> 'left' then customers else 0 end)
            as stayed

    from migrations
    group by from_date, to_date
    having
        sum(case when from_segment <> 'joined' and to_segment <> 'left' then customers else 0 end)
        = 0

)

select * from pairs_without_shared_customers
where joined > 0 and departed > 0
