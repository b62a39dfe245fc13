{% set dimensions = profile_dimensions() %}
{% set columns = product_columns() %}
{% set amounts = {} %}
{% for product, column in columns.items() %}
{#- A balance of 0 is none: it is not held. #}
{% do amounts.update({product: 'nullif(customers.' ~ column ~ ', 0)'}) %}
{% endfor %}
{% set rows = [] %}
{% for product in columns %}
{% do rows.append({'columns': {
    'dimension': 'dimension',
    'value': 'value',
    'product': "'" ~ product ~ "'",
    'as_of_date': 'as_of_date',
    'customers': 'customers',
    'holders': product ~ '_holders',
    'penetration': ratio(product ~ '_holders', 'customers'),
    'balance': product ~ '_balance',
    'mean_balance_of_holders': ratio(product ~ '_balance', product ~ '_holders'),
    'median_balance_of_holders': product ~ '_median',
}}) %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

combination_sums as (

    select
        {{ dimension_group_number(dimensions) }} as dimension_group,
        {% for dimension in dimensions %}
        {{ dimension }},
        {% endfor %}
        {% for product in columns %}
        count({{ amounts[product] }}) as {{ product }}_holders,
        sum({{ amounts[product] }}) as {{ product }}_balance,
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers

    from customers
    {{ computed_once() }}
    group by {{ grouped_dimensions(dimensions) }}  -- noqa: PRS

),

{{ dimension_combinations('combination_sums', dimensions) }},  -- noqa: PRS

grouped as (

    select
        combination_values.dimension,
        combination_values.value,
        {% for product in columns %}
        cast(sum(combinations.{{ product }}_holders) as bigint) as {{ product }}_holders,
        {{ sum_money('combinations.' ~ product ~ '_balance') }} as {{ product }}_balance,
        {% endfor %}
        max(combinations.as_of_date) as as_of_date,
        cast(sum(combinations.customers) as bigint) as customers

    from combination_values
    inner join combinations
        on combination_values.combination = combinations.combination
    group by combination_values.dimension, combination_values.value

),

{{ medians_by_dimension('customers', dimensions, [], amounts) }},  -- noqa: PRS

described as (

    select
        {% for product in columns %}
        medians.{{ product }} as {{ product }}_median,
        {% endfor %}
        grouped.*

    from grouped
    left join medians
        on
            grouped.dimension = medians.dimension
            and grouped.value is not distinct from medians.value

),

penetration as (

    {{ rows_of_each('described', rows) }}

)

select * from penetration
