{% set dimensions = profile_dimensions() %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

{% for group in dimension_groups() %}
group_{{ loop.index }} as (

    select distinct
        {% for dimension in dimensions %}
        {{ dimension if dimension in group else 'null' }} as {{ dimension }},
        {% endfor %}
        {{ loop.index }} as dimension_group

    from customers

),

{% endfor %}
combined as (

    {% for group in dimension_groups() %}

    select *
    from group_{{ loop.index }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

numbered as (

    select
        cast(
            row_number() over (order by dimension_group, {{ dimensions | join(', ') }}) as integer
        ) as combination,
        *

    from combined

)

select * from numbered
