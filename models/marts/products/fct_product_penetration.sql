{% set dimensions = profile_dimensions() %}
{% set columns = product_columns() %}

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
        {{ median_money(column, column ~ ' <> 0') }} as {{ product }}_median,
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers

    from customers
    {{ computed_once() }}
    group by {{ grouping_sets(dimensions) }}  -- noqa: PRS

),

penetration as (

    {% for product in columns %}

    select
        dimension,
        value,
        '{{ product }}' as product,
        as_of_date,
        customers,
        {{ product }}_holders as holders,
        {{ ratio(product ~ '_holders', 'customers') }} as penetration,
        {{ product }}_balance as balance,
        {{ ratio(product ~ '_balance', product ~ '_holders') }} as mean_balance_of_holders,
        {{ product }}_median as median_balance_of_holders

    from grouped
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from penetration
