{% set columns = product_columns() %}
{% set product_pairs = [] %}
{% for product in columns %}
{% for other_product in columns if other_product > product %}
{% do product_pairs.append([product, other_product]) %}
{% endfor %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

peer_medians as (

    select * from {{ ref('int_peer_medians') }}

),

-- Deep: above the median of peers of the same income band and risk weighting.
compared as (

    select
        customers.customer_key,
        {% for product, column in columns.items() %}
        customers.{{ column }},
        customers.{{ column }} > peer_medians.{{ product }}_peer_median as is_deep_{{ product }},
        {% endfor %}
        customers.as_of_date

    from customers
    inner join peer_medians
        on
            customers.income_band = peer_medians.income_band
            and customers.risk_weighting = peer_medians.risk_weighting

),

-- All sums over all pairs in one pass; decimal, so that the order of the rows does not matter.
sums as (

    select
        {% for product, column in columns.items() %}
        {{ count_rows(column ~ ' <> 0') }} as {{ product }}_holders,
        {{ count_rows('is_deep_' ~ product) }} as {{ product }}_deep,
        cast(sum({{ column }}) as double) as {{ product }}_sum,
        cast(sum({{ column }} * {{ column }}) as double) as {{ product }}_squares,
        {% for other_product, other_column in columns.items() if other_product > product %}
        {{ count_rows(column ~ ' <> 0 and ' ~ other_column ~ ' <> 0') }}
            as {{ product }}_{{ other_product }}_holders,
        cast(sum({{ column }} * {{ other_column }}) as double)
            as {{ product }}_{{ other_product }}_products,
        {{ count_rows('is_deep_' ~ product ~ ' and is_deep_' ~ other_product) }}
            as {{ product }}_{{ other_product }}_deep,
        {% endfor %}
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers

    from compared
    {{ computed_once() }}

),

pairs as (

    {% for product, other_product in product_pairs %}

    select
        '{{ product }}' as product,
        '{{ other_product }}' as other_product,
        {{ product }}_holders as holders,
        {{ other_product }}_holders as other_holders,
        {{ product }}_{{ other_product }}_holders as holders_of_both,
        {{ product }}_{{ other_product }}_products as sum_of_products,
        {{ product }}_sum as sum_of_balances,
        {{ other_product }}_sum as sum_of_other_balances,
        {{ product }}_squares as sum_of_squares,
        {{ other_product }}_squares as sum_of_other_squares,
        {{ product }}_deep as deep_holders,
        {{ other_product }}_deep as deep_other_holders,
        {{ product }}_{{ other_product }}_deep as deep_holders_of_both,
        customers,
        as_of_date

    from sums
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

-- Each pair in both orders, so that a matrix can be drawn from it.
ordered_pairs as (

    select * from pairs

    union all

    select
        other_product as product,
        product as other_product,
        other_holders as holders,
        holders as other_holders,
        holders_of_both,
        sum_of_products,
        sum_of_other_balances as sum_of_balances,
        sum_of_balances as sum_of_other_balances,
        sum_of_other_squares as sum_of_squares,
        sum_of_squares as sum_of_other_squares,
        deep_other_holders as deep_holders,
        deep_holders as deep_other_holders,
        deep_holders_of_both,
        customers,
        as_of_date

    from pairs

),

measured as (

    select
        product,
        other_product,
        as_of_date,
        customers,
        holders,
        other_holders,
        holders_of_both,
        {{ ratio('holders_of_both', 'customers') }} as share_holding_both,
        {{ ratio('holders_of_both', 'holders') }} as share_of_holders_with_other,
        {{ ratio(
            'cast(holders_of_both as double) * customers',
            'cast(holders as double) * other_holders'
        ) }} as lift,
        (customers * sum_of_products - sum_of_balances * sum_of_other_balances)
        / nullif(
            sqrt(
                greatest(customers * sum_of_squares - sum_of_balances * sum_of_balances, 0)
                * greatest(
                    customers * sum_of_other_squares
                    - sum_of_other_balances * sum_of_other_balances,
                    0
                )
            ),
            0
        ) as balance_correlation,

        ---------- depth
        deep_holders,
        deep_other_holders,
        deep_holders_of_both,
        {{ ratio(
            'cast(deep_holders_of_both as double) * customers',
            'cast(deep_holders as double) * deep_other_holders'
        ) }} as depth_lift

    from ordered_pairs

)

select * from measured
