{% set dimensions = profile_dimensions() %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

{% for group in dimension_groups() %}
group_{{ loop.index }} as (

    select distinct
        {{ loop.index }} as dimension_group,
        {% for dimension in dimensions %}
        {% if dimension in group %}{{ dimension }}{% else %}null as {{ dimension }}
        {% endif %}{{ ',' if not loop.last }}
        {% endfor %}

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
