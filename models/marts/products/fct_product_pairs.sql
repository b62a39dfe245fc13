{% set columns = product_columns() %}
{% set flags = [] %}
{% set rows = [] %}
{% for product in columns %}
{% do flags.append('is_held_' ~ product) %}
{% do flags.append('is_deep_' ~ product) %}
{#- Every pair in both orders, so that a matrix has all its cells. #}
{% for other_product in columns if other_product != product %}
{% set pair = [product, other_product] | sort | join('_') %}
{% do rows.append({'columns': {
    'product': "'" ~ product ~ "'",
    'other_product': "'" ~ other_product ~ "'",
    'holders': product ~ '_' ~ product ~ '_held',
    'other_holders': other_product ~ '_' ~ other_product ~ '_held',
    'holders_of_both': pair ~ '_held',
    'sum_of_products': pair ~ '_products',
    'sum_of_balances': product ~ '_sum',
    'sum_of_other_balances': other_product ~ '_sum',
    'sum_of_squares': product ~ '_' ~ product ~ '_products',
    'sum_of_other_squares': other_product ~ '_' ~ other_product ~ '_products',
    'deep_holders': product ~ '_' ~ product ~ '_deep',
    'deep_other_holders': other_product ~ '_' ~ other_product ~ '_deep',
    'deep_holders_of_both': pair ~ '_deep',
    'customers': 'customers',
    'as_of_date': 'as_of_date',
}}) %}
{% endfor %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

peer_medians as (

    select
        {% for product in columns %}
        max(case when product = '{{ product }}' then decile_5_limit end)
            as {{ product }}_peer_median,
        {% endfor %}
        income_band,
        risk_weighting

    from {{ ref('int_peer_thresholds') }}
    group by income_band, risk_weighting

),

-- Deep: above the median of peers of the same income band and risk weighting.
compared as {{ computed_each_time() }} (

    select
        {% for product, column in columns.items() %}
        customers.{{ column }},
        customers.{{ column }} <> 0 as is_held_{{ product }},
        customers.{{ column }} > peer_medians.{{ product }}_peer_median as is_deep_{{ product }},
        {% endfor %}
        greatest(abs(customers.{{ columns.values() | join('), abs(customers.') }}))
        >= {{ short_product_limit() }} as is_large,
        customers.as_of_date

    from customers
    inner join peer_medians
        on
            customers.income_band = peer_medians.income_band
            and customers.risk_weighting = peer_medians.risk_weighting

),

-- Customers are counted by the products that they hold and by those in which their balance is deep.
-- The counts of pairs are sums over these combinations.
combinations as (

    select
        {{ flags | join(',\n        ') }},
        max(as_of_date) as as_of_date,
        cast(count(*) as bigint) as customers

    from compared
    group by
        {{ flags | join(',\n        ') }}

),

counts as (

    select
        {% for product in columns %}
        {% for other_product in columns if other_product >= product %}
        {% for depth in ['held', 'deep'] %}
        cast(
            coalesce(
                sum(customers) filter (
                    where is_{{ depth }}_{{ product }} and is_{{ depth }}_{{ other_product }}
                ),
                0
            ) as bigint
        ) as {{ product }}_{{ other_product }}_{{ depth }},
        {% endfor %}
        {% endfor %}
        {% endfor %}
        max(as_of_date) as as_of_date,
        cast(coalesce(sum(customers), 0) as bigint) as customers

    from combinations
    -- Without customers there are no pairs.
    having count(*) > 0

),

-- Sums of decimals do not depend on the order of rows. Multiplying decimals of 38 digits is slow,
-- so it is done only for the few customers with large amounts.
partial_sums as (

    {% for condition in ['not is_large', 'is_large'] %}

    select
        {% for product, column in columns.items() %}
        cast(sum({{ column }}) as decimal(38, 2)) as {{ product }}_sum,
        {% for other_product, other_column in columns.items() if other_product >= product %}
        cast(
            sum(
                {% if condition == 'is_large' %}
                {{ money_product(column, other_column) }}
                {% else %}
                {{ column }} * {{ other_column }}
                {% endif %}
            ) as decimal(38, 4)
        ) as {{ product }}_{{ other_product }}_products,
        {% endfor %}
        {% endfor %}
        cast(count(*) as bigint) as customers

    from compared
    where {{ condition }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

sums as (

    select
        {% for product in columns %}
        cast(sum({{ product }}_sum) as double) as {{ product }}_sum,
        {% for other_product in columns if other_product >= product %}
        cast(sum({{ product }}_{{ other_product }}_products) as double)
            as {{ product }}_{{ other_product }}_products,
        {% endfor %}
        {% endfor %}
        sum(customers) as customers

    from partial_sums

),

counted as (

    select
        {% for product in columns %}
        sums.{{ product }}_sum,
        {% for other_product in columns if other_product >= product %}
        sums.{{ product }}_{{ other_product }}_products,
        {% endfor %}
        {% endfor %}
        counts.*

    from counts
    cross join sums

),

pairs as (

    {{ rows_of_each('counted', rows) }}

),

-- Each variation is the number of customers times a sum of products, less the product of two sums.
-- Doubles keep only a few digits of this difference. If a balance varies by less than a millionth
-- of its size, those digits are noise.
varied as (

    select
        *,
        customers * sum_of_products - sum_of_balances * sum_of_other_balances as covariation,
        case
            when
                customers * sum_of_squares - sum_of_balances * sum_of_balances
                > 1e-12 * customers * sum_of_squares
                then customers * sum_of_squares - sum_of_balances * sum_of_balances
        end as variation,
        case
            when
                customers * sum_of_other_squares - sum_of_other_balances * sum_of_other_balances
                > 1e-12 * customers * sum_of_other_squares
                then
                    customers * sum_of_other_squares
                    - sum_of_other_balances * sum_of_other_balances
        end as other_variation

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
        -- A rounding error could take a correlation of 1 or -1 out of the range -1 to 1.
        case
            when variation * other_variation > 0
                then
                    greatest(
                        least(covariation / sqrt(variation * other_variation), 1), -1
                    )
        end as balance_correlation,

        ---------- depth
        deep_holders,
        deep_other_holders,
        deep_holders_of_both,
        {{ ratio(
            'cast(deep_holders_of_both as double) * customers',
            'cast(deep_holders as double) * deep_other_holders'
        ) }} as depth_lift

    from varied

)

select * from measured
