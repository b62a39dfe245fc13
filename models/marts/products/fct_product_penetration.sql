{% set dimensions = profile_dimensions() %}
{% set columns = product_columns() %}
{% set medians = {} %}
{% for product, column in columns.items() %}
{% do medians.update({product ~ '_median': 'nullif(' ~ column ~ ', 0)'}) %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

grouped as (

    select
        {{ grouped_dimension(dimensions) }} as dimension,
        {{ grouped_value(dimensions) }} as value,
        {% for product, column in columns.items() %}
        {{ count_rows(column ~ ' <> 0') }} as {{ product }}_holders,
        {{ sum_money(column) }} as {{ product }}_balance,
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers

    from customers
    {{ computed_once() }}
    group by {{ grouping_sets(dimensions) }}  -- noqa: PRS

),

-- Of the holders: a balance of 0 is none.
{{ medians_by_dimension('customers', dimensions, [], medians) }},  -- noqa: PRS

penetration as (

    {% for product in columns %}

    select
        grouped.dimension,
        grouped.value,
        '{{ product }}' as product,
        grouped.as_of_date,
        grouped.customers,
        grouped.{{ product }}_holders as holders,
        {{ ratio('grouped.' ~ product ~ '_holders', 'grouped.customers') }} as penetration,
        grouped.{{ product }}_balance as balance,
        {{ ratio('grouped.' ~ product ~ '_balance', 'grouped.' ~ product ~ '_holders') }}
            as mean_balance_of_holders,
        medians.{{ product }}_median as median_balance_of_holders

    from grouped
    left join medians
        on
            grouped.dimension = medians.dimension
            and grouped.value is not distinct from medians.value
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from penetration
