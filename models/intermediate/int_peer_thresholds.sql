{% set shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] %}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

peer_groups as (

    select
        income_band,
        risk_weighting,
        {% for product, column in product_columns().items() %}
        {{ quantile_list(column, shares) }} as {{ product }}_limits,
        {% endfor %}
        {{ count_rows() }} as customers

    from customers
    {{ computed_once() }}
    group by income_band, risk_weighting

),

thresholds as (

    {% for product in product_columns() %}

    select
        income_band,
        risk_weighting,
        '{{ product }}' as product,
        {% for share in shares %}
        cast({{ list_element(product ~ '_limits', loop.index) }} as decimal(18, 2))
            as decile_{{ loop.index }}_limit,
        {% endfor %}
        customers

    from peer_groups
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from thresholds
