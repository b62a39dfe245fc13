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

with

customers as (

    select * from {{ ref('int_customers_measured') }}

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
    {{ computed_once() }}
    group by grouping sets (  -- noqa: PRS
        {% for block in blocks %}
        ({{ block | join(', ') }}){{ ',' if not loop.last }}
        {% endfor %}
    )

),

crossed as (

    {% for dimension in dimensions %}
    {% for other_dimension in dimensions[loop.index:] %}

    select
        '{{ dimension }}' as dimension,
        '{{ other_dimension }}' as other_dimension,
        cast({{ dimension }} as string) as value,
        cast({{ other_dimension }} as string) as other_value,
        cast(sum(customers) as bigint) as customers

    from blocks
    where block_number = {{ block_of_pair[dimension ~ '/' ~ other_dimension] }}
    group by {{ dimension }}, {{ other_dimension }}
    {% if not (loop.last and dimension == dimensions[-2]) %}

    union all
    {% endif %}
    {% endfor %}
    {% endfor %}

)

select * from crossed
