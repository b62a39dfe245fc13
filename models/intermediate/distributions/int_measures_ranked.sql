{% set measures = difference_measures() %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

sizes as (

    select count(*) <= {{ var('exact_ranks_limit') }} as is_exact
    from customers

),

bucketed as (

    select
        {% for measure, unit in measures.items() %}
        {{ rank_bucket('customers.' ~ measure, unit, 'sizes.is_exact') }} as {{ measure }},
        {% endfor %}
        sizes.is_exact

    from customers
    cross join sizes

),

counted as (

    select
        {{ grouped_dimension(measures) }} as measure,
        case
            {% for measure in measures %}
            when grouping({{ measure }}) = 0 then {{ measure }}
            {% endfor %}
        end as bucket,
        {{ count_rows() }} as customers

    from bucketed
    group by {{ grouping_sets(measures) }}  -- noqa: PRS

),

cumulated as (

    select
        measure,
        bucket,
        customers,
        sum(customers) over (
            partition by measure order by bucket
            rows between unbounded preceding and current row
        ) as customers_up_to

    from counted
    where bucket is not null

),

-- The ranks of a bucket go from the customers below it plus one to those up to it; each of its
-- customers gets their middle. Twice the middle is a whole number.
ranked as (

    select
        measure,
        bucket,
        customers,
        cast(2 * customers_up_to - customers + 1 as bigint) as twice_middle_rank

    from cumulated

)

select * from ranked
