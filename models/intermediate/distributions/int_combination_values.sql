{% set dimensions = profile_dimensions() %}
{% set rows = [] %}
{% for group in dimension_groups() %}
{% set condition = 'dimension_group = ' ~ loop.index %}
{% for dimension in group %}
{% do rows.append({'condition': condition, 'columns': {
    'combination': 'combination',
    'dimension': "'" ~ dimension ~ "'",
    'dimension_number': dimensions.index(dimension) + 1,
    'value': 'cast(' ~ dimension ~ ' as string)',
}}) %}
{% endfor %}
{% endfor %}
{% do rows.append({'condition': 'dimension_group = 1', 'columns': {
    'combination': 'combination',
    'dimension': "'loyalty_classification_and_occupation_family'",
    'dimension_number': 'cast(null as integer)',
    'value': "cast(loyalty_classification as string) || ' / ' || occupation_family",
}}) %}

with

combinations as (

    select * from {{ ref('int_dimension_combinations') }}

),

named as (

    {{ rows_of_each('combinations', rows) }}

),

-- Values are numbered, because counting text over millions of rows is slow.
combination_values as (

    select
        *,
        cast(dense_rank() over (order by dimension, value) as integer) as value_number

    from named

)

select * from combination_values
