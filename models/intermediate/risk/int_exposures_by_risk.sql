with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

by_risk as (

    select
        risk_weighting,
        {% for product, column in product_columns().items() %}
        cast(count(*) filter (where {{ column }} <> 0) as bigint) as {{ product }}_holders,
        {{ sum_money(column) }} as {{ product }}_balance,
        {% endfor %}
        max(as_of_date) as as_of_date,
        cast(count(*) as bigint) as customers

    from customers
    {{ computed_once() }}
    group by risk_weighting

),

exposures as (

    {% for product in product_columns() %}

    select
        risk_weighting,
        '{{ product }}' as product,
        as_of_date,
        customers,
        {{ product }}_holders as holders,
        {{ product }}_balance as balance

    from by_risk
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from exposures
