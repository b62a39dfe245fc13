{% set groups = dimension_groups() %}
{% set blocks = [] %}
{% set block_of_pair = {} %}
{% for group in groups %}
{% set first_number = loop.index0 %}
{% for other_number in range(first_number + 1, groups | length) %}
{% set members = group + groups[other_number] %}
{% do blocks.append(members) %}
{% for dimension in members %}
{% for other_dimension in members %}
{% do block_of_pair.update({dimension ~ '/' ~ other_dimension: blocks | length}) %}
{% endfor %}
{% endfor %}
{% endfor %}
{% endfor %}
{% set dimensions = profile_dimensions() %}
{% set rows = [] %}
{% for dimension in dimensions %}
{% for other_dimension in dimensions[loop.index:] %}
{% do rows.append({
    'condition': 'block_number = ' ~ block_of_pair[dimension ~ '/' ~ other_dimension],
    'columns': {
        'dimension': "'" ~ dimension ~ "'",
        'other_dimension': "'" ~ other_dimension ~ "'",
        'value': 'cast(' ~ dimension ~ ' as string)',
        'other_value': 'cast(' ~ other_dimension ~ ' as string)',
        'customers': 'customers',
    },
}) %}
{% endfor %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

-- Every two groups of dimensions are a block; every pair of dimensions is in at least one.
blocks as (

    select
        case
            {% for block in blocks %}
            when
                grouping({{ block[0] }}) = 0 and grouping({{ block[-1] }}) = 0
                then {{ loop.index }}
            {% endfor %}
        end as block_number,
        {% for dimension in dimensions %}
        {{ dimension }},
        {% endfor %}
        {{ count_rows() }} as customers

    from customers
    group by grouping sets (  -- noqa: PRS
        {% for block in blocks %}
        ({{ block | join(', ') }}){{ ',' if not loop.last }}
        {% endfor %}
    )

),

pairs_of_values as (

    {{ rows_of_each('blocks', rows) }}

),

crossed as (

    select
        dimension,
        other_dimension,
        value,
        other_value,
        cast(sum(customers) as bigint) as customers

    from pairs_of_values
    group by dimension, other_dimension, value, other_value

)

select * from crossed
