{#- `computed_each_time` affects only DuckDB, `computed_once` only Spark. -#}
{% set shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] %}
{% set columns = product_columns() %}
{#- In DuckDB, one aggregation per product takes less memory than one for all products. -#}
{% set products_at_once = columns | length if engine() == 'spark' else 1 %}
{% set steps = columns | batch(products_at_once) | list %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

{% for step in steps %}
peer_groups_{{ loop.index }} as (

    select
        income_band,
        risk_weighting,
        {% for product in step %}
        {{ quantile_list(columns[product], shares) }} as {{ product }}_limits,
        {% endfor %}
        cast(count(*) as bigint) as customers

    from customers
    {{ computed_once() }}
    group by income_band, risk_weighting

),

{% endfor %}
thresholds as (

    {% for product in columns %}

    select
        income_band,
        risk_weighting,
        '{{ product }}' as product,
        {% for share in shares %}
        cast({{ list_element(product ~ '_limits', loop.index) }} as decimal(18, 2))
            as decile_{{ loop.index }}_limit,
        {% endfor %}
        customers

    from peer_groups_{{ (loop.index0 // products_at_once) + 1 }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from thresholds
