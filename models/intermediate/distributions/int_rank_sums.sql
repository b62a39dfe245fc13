{% set rows = [] %}
{% for measure in difference_measures() %}
{% set measure_number = loop.index %}
{% for group in dimension_groups() %}
{% do rows.append({'columns': {
    'measure_number': measure_number,
    'combination': 'combination_' ~ loop.index,
    'bucket': 'cast(' ~ measure ~ ' as double)',
}}) %}
{% endfor %}
{% endfor %}

with

coded as (

    select * from {{ ref('int_customers_coded') }}

),

measured as (

    select * from {{ ref('int_customers_segmented') }}

),

distributions as (

    select * from {{ ref('int_distributions') }}

),

combination_values as (

    select * from {{ ref('int_combination_values') }}

),

dimension_values as (

    select * from {{ ref('int_dimension_values') }}

),

sizes as (

    select count(*) <= {{ var('exact_ranks_limit') }} as is_small
    from coded

),

-- In a small bank, each value of a measure has its own bucket.
customers_of_a_small_bank as (

    select
        {% for group in dimension_groups() %}
        coded.combination_{{ loop.index }},
        {% endfor %}
        {% for measure in difference_measures() %}
        measured.{{ measure }},
        {% endfor %}
        coded.customer_key

    from coded
    inner join measured on coded.customer_key = measured.customer_key
    cross join sizes
    where sizes.is_small

),

values_of_a_small_bank as (

    {{ rows_of_each('customers_of_a_small_bank', rows) }}

),

bucket_counts as (

    select
        combination_values.value_number,
        exact.measure_number,
        exact.bucket,
        count(*) as customers

    from values_of_a_small_bank as exact
    inner join combination_values on exact.combination = combination_values.combination
    where exact.bucket is not null
    group by combination_values.value_number, exact.measure_number, exact.bucket

    union all

    select
        distributions.value_number,
        distributions.measure_number,
        cast(distributions.bucket as double) as bucket,
        distributions.customers

    from distributions
    cross join sizes
    where not sizes.is_small

),

-- Every customer has exactly one value of the first dimension, so the counts of that dimension
-- include no customer twice.
buckets as (

    select
        bucket_counts.measure_number,
        bucket_counts.bucket,
        cast(sum(bucket_counts.customers) as bigint) as customers

    from bucket_counts
    inner join dimension_values on bucket_counts.value_number = dimension_values.value_number
    where dimension_values.dimension_number = 1
    group by bucket_counts.measure_number, bucket_counts.bucket

),

-- The first rank of a bucket is one more than the number of customers below it. Each customer in a
-- bucket gets the mean of the bucket's ranks; twice that mean is a whole number.
ranked as (

    select
        measure_number,
        bucket,
        customers,
        cast(
            2 * sum(customers) over (
                partition by measure_number order by bucket
                rows between unbounded preceding and current row
            ) - customers + 1 as bigint
        ) as twice_middle_rank

    from buckets

),

-- Tie correction of Kruskal-Wallis: t customers in a bucket contribute t^3 - t.
ties as (

    select
        measure_number,
        cast(
            sum(
                cast(customers as decimal(38, 0))
                * (cast(customers as decimal(38, 0)) * cast(customers as decimal(38, 0)) - 1)
            ) as double
        ) as tie_sum

    from ranked
    group by measure_number

),

summed as (

    select
        bucket_counts.value_number,
        bucket_counts.measure_number,
        cast(sum(bucket_counts.customers) as bigint) as customers,
        cast(sum(bucket_counts.customers * ranked.twice_middle_rank) as bigint)
            as twice_rank_sum

    from bucket_counts
    inner join ranked
        on
            bucket_counts.measure_number = ranked.measure_number
            and bucket_counts.bucket = ranked.bucket
    group by bucket_counts.value_number, bucket_counts.measure_number

),

rank_sums as (

    select
        dimension_values.dimension,
        dimension_values.value,
        {{ measure_of_number('summed.measure_number') }} as measure,
        summed.customers,
        summed.twice_rank_sum,
        ties.tie_sum

    from summed
    inner join dimension_values on summed.value_number = dimension_values.value_number
    inner join ties on summed.measure_number = ties.measure_number

)

select * from rank_sums
