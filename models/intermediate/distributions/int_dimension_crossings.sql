{% set groups = dimension_groups() %}
{% set rows = [] %}
{% for group in groups %}
{% set number = loop.index %}
{% for other_number in range(number, groups | length + 1) %}
{% do rows.append({'columns': {
    'combination': 'combination_' ~ number,
    'other_combination': 'combination_' ~ other_number,
}}) %}
{% endfor %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_coded') }}

),

combination_values as (

    select * from {{ ref('int_combination_values') }}
    where dimension_number is not null

),

dimension_values as (

    select * from {{ ref('int_dimension_values') }}

),

-- Counts for every pair of dimension groups, including each group paired with itself.
counted as (

    {{ rows_of_each('customers', rows, count_as='customers') }}

),

by_value as (

    select
        combination_values.value_number,
        other_values.value_number as other_value_number,
        cast(sum(counted.customers) as bigint) as customers

    from counted
    inner join combination_values on counted.combination = combination_values.combination
    inner join combination_values as other_values
        on
            counted.other_combination = other_values.combination
            and combination_values.dimension_number < other_values.dimension_number
    group by combination_values.value_number, other_values.value_number

),

crossings as (

    select
        dimension_values.dimension,
        other_values.dimension as other_dimension,
        dimension_values.value,
        other_values.value as other_value,
        by_value.customers

    from by_value
    inner join dimension_values on by_value.value_number = dimension_values.value_number
    inner join dimension_values as other_values
        on by_value.other_value_number = other_values.value_number

)

select * from crossings
