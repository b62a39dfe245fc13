{% set profiled = profile_measures() %}
{% set groups = dimension_groups() %}
{% set rows = [] %}
{% for measure in summed_measures() + ['is_overleveraged'] %}
{% do rows.append({'columns': {
    'combination': 'combination',
    'measure': "'" ~ measure ~ "'",
    'customers': 'customers',
    'holders': measure ~ '_holders',
    'amount': 'cast(' ~ measure ~ ' as decimal(18, 2))',
    'sum_of_squares':
        measure ~ '_squares' if measure in profiled else 'cast(null as decimal(38, 4))',
}}) %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_coded') }}

),

combination_values as (

    select * from {{ ref('int_combination_values') }}

),

dimension_values as (

    select * from {{ ref('int_dimension_values') }}

),

{% for group in groups %}
group_{{ loop.index }} as (

    select
        combination_{{ loop.index }} as combination,
        {% for measure in summed_measures() + ['is_overleveraged'] %}
        sum({{ measure }}) as {{ measure }},
        count(nullif({{ measure }}, 0)) as {{ measure }}_holders,
        {% endfor %}
        {% for measure in profiled %}
        cast({{ sum_of_squares(measure) }} as decimal(38, 4)) as {{ measure }}_squares,
        {% endfor %}
        count(*) as customers

    from customers
    group by combination_{{ loop.index }}

),

{% endfor %}
combination_sums as (

    {% for group in groups %}

    select *
    from group_{{ loop.index }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

by_measure as (

    {{ rows_of_each('combination_sums', rows) }}

),

by_value as (

    select
        combination_values.value_number,
        by_measure.measure,
        cast(sum(by_measure.customers) as bigint) as customers,
        cast(sum(by_measure.holders) as bigint) as holders,
        {{ sum_money('by_measure.amount') }} as amount,
        cast(sum(by_measure.sum_of_squares) as double) as sum_of_squares

    from by_measure
    inner join combination_values on by_measure.combination = combination_values.combination
    group by combination_values.value_number, by_measure.measure

),

dimension_sums as (

    select
        dimension_values.dimension,
        dimension_values.value,
        by_value.measure,
        by_value.customers,
        by_value.holders,
        by_value.amount,
        by_value.sum_of_squares

    from by_value
    inner join dimension_values on by_value.value_number = dimension_values.value_number

)

select * from dimension_sums
