with

thresholds as (

    select * from {{ ref('int_peer_thresholds') }}

),

medians as (

    select
        income_band,
        risk_weighting,
        {% for product in product_columns() %}
        max(case when product = '{{ product }}' then decile_5_limit end)
            as {{ product }}_peer_median,
        {% endfor %}
        max(customers) as peers

    from thresholds
    group by income_band, risk_weighting

)

select * from medians
