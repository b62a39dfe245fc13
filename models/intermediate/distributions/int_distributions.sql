{% set rows = [] %}
{% for measure in difference_measures() %}
{% set measure_number = loop.index %}
{% for group in dimension_groups() %}
{% do rows.append({'columns': {
    'measure_number': measure_number,
    'combination': 'combination_' ~ loop.index,
    'bucket': measure ~ '_bucket',
}}) %}
{% endfor %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_coded') }}

),

combination_values as (

    select * from {{ ref('int_combination_values') }}

),

counted as (

    {{ rows_of_each('customers', rows, count_as='customers') }}

),

distributions as (

    select
        combination_values.value_number,
        counted.measure_number,
        counted.bucket,
        cast(sum(counted.customers) as bigint) as customers

    from counted
    inner join combination_values on counted.combination = combination_values.combination
    where counted.bucket is not null
    group by combination_values.value_number, counted.measure_number, counted.bucket

)

select * from distributions
