{% set measures = difference_measures() %}
{% set ratios = ratio_measures() %}
{% set pair = ['loyalty_classification', 'occupation_family'] %}
{% set rows = [] %}
{% for members in (profile_dimensions() | batch(1) | list) + [pair] %}
{% set columns = dimension_value(members) %}
{% for measure in measures %}
{% do columns.update({measure ~ '_ranks': measure ~ '_ranks'}) %}
{% endfor %}
{% for measure in ratios %}
{% do columns.update({measure ~ '_customers': measure ~ '_customers'}) %}
{% endfor %}
{% do columns.update({'customers': 'customers'}) %}
{% do rows.append({
    'condition': 'dimension_group = ' ~ dimension_group_of(members[0], profile_dimensions()),
    'columns': columns,
}) %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

ranks as (

    select * from {{ ref('int_measures_ranked') }}

),

sizes as (

    select count(*) <= {{ var('exact_ranks_limit') }} as is_exact
    from customers

),

{% for measure in measures %}
{{ measure }}_ranks as (

    select
        bucket,
        twice_middle_rank

    from ranks
    where measure = '{{ measure }}'

),

{% endfor %}
ranked as (

    select
        {% for dimension in profile_dimensions() %}
        customers.{{ dimension }},
        {% endfor %}
        {% for measure in measures %}
        {{ measure }}_ranks.twice_middle_rank as {{ measure }}_rank,
        {% endfor %}
        customers.customer_key

    from customers
    cross join sizes
    {% for measure, unit in measures.items() %}
    left join {{ measure }}_ranks
        on
            {{ rank_bucket('customers.' ~ measure, unit, 'sizes.is_exact') }}
            = {{ measure }}_ranks.bucket
    {% endfor %}

),

grouped as (

    select
        {{ dimension_group_number(profile_dimensions()) }} as dimension_group,
        {% for dimension in profile_dimensions() %}
        {{ dimension }},
        {% endfor %}
        {% for measure in measures %}
        sum({{ measure }}_rank) as {{ measure }}_ranks,
        {% endfor %}
        {% for measure in ratios %}
        count({{ measure }}_rank) as {{ measure }}_customers,
        {% endfor %}
        {{ count_rows() }} as customers

    from ranked
    group by {{ grouped_dimensions(profile_dimensions()) }}  -- noqa: PRS

),

values_of_groups as (

    {{ rows_of_each('grouped', rows) }}

),

by_dimension as (

    select
        dimension,
        value,
        {% for measure in measures %}
        sum({{ measure }}_ranks) as {{ measure }}_ranks,
        {% endfor %}
        {% for measure in ratios %}
        sum({{ measure }}_customers) as {{ measure }}_customers,
        {% endfor %}
        sum(customers) as customers

    from values_of_groups
    group by dimension, value

),

-- The ties of a measure: t customers in a bucket count as t cubed less t.
tie_sums as (

    select
        measure,
        cast(
            sum(
                cast(customers as decimal(38, 0))
                * (cast(customers as decimal(38, 0)) * cast(customers as decimal(38, 0)) - 1)
            ) as double
        ) as tie_sum

    from ranks
    group by measure

),

summed as (

    select
        by_dimension.dimension,
        by_dimension.value,
        tie_sums.measure,
        cast(
            case tie_sums.measure
                {% for measure in ratios %}
                when '{{ measure }}' then by_dimension.{{ measure }}_customers
                {% endfor %}
                else by_dimension.customers
            end as bigint
        ) as customers,
        cast(
            case tie_sums.measure
                {% for measure in measures %}
                when '{{ measure }}' then by_dimension.{{ measure }}_ranks
                {% endfor %}
            end as bigint
        ) as twice_rank_sum,
        tie_sums.tie_sum

    from by_dimension
    cross join tie_sums

)

select * from summed
where customers > 0
