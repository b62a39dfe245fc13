{% set measures = difference_measures() | list %}
{% set rows = [] %}
{% for measure in money_measures() %}
{% set row = {
    'measure_number': measures.index(measure) + 1,
    'bucket': measure ~ '_bucket',
    'amount': measure,
} %}
{% for group in dimension_groups() %}
{% do row.update({'combination_' ~ loop.index: 'combination_' ~ loop.index}) %}
{% endfor %}
{% do rows.append({'columns': row}) %}
{% endfor %}
{% set combination_rows = [] %}
{% for group in dimension_groups() %}
{% do combination_rows.append({'columns': {
    'measure_number': 'measure_number',
    'bucket': 'bucket',
    'amount': 'amount',
    'combination': 'combination_' ~ loop.index,
}}) %}
{% endfor %}
{% set median_key = ['value_number', 'measure_number', 'is_of_holders'] | join(', ') %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_coded') }}

),

distributions as (

    select * from {{ ref('int_distributions') }}

),

combination_values as (

    select * from {{ ref('int_combination_values') }}

),

dimension_values as (

    select * from {{ ref('int_dimension_values') }}

),

-- Measures of the segment profiles have the median of all customers; product balances have that of
-- the holders.
wanted as (

    select
        listed.measure_number,
        listed.is_of_holders

    from (
        values
        {% for measure in profile_measures() %}
        ({{ measures.index(measure) + 1 }}, false),
        {% endfor %}
        {% for measure in product_columns().values() %}
        ({{ measures.index(measure) + 1 }}, true){{ ',' if not loop.last }}
        {% endfor %}
    ) as listed (measure_number, is_of_holders)

),

counted as (

    select
        distributions.*,
        wanted.is_of_holders

    from distributions
    inner join wanted on distributions.measure_number = wanted.measure_number
    where distributions.bucket != 0 or not wanted.is_of_holders

),

placed as (

    select
        *,
        cast(
            sum(customers) over (
                partition by {{ median_key }} order by bucket
                rows between unbounded preceding and current row
            ) as bigint
        ) as customers_up_to,
        cast(sum(customers) over (partition by {{ median_key }}) as bigint)
            as total_customers

    from counted

),

-- The median of n amounts is the mean of those at positions (n + 1) // 2 and n // 2 + 1.
with_positions as (

    select
        *,
        customers_up_to - customers as customers_below,
        {{ whole_quotient('(total_customers + 1)', 2) }} as lower_position,
        {{ whole_quotient('total_customers', 2) }} + 1 as upper_position

    from placed

),

-- The one or two buckets that hold these positions.
median_buckets as (

    select *
    from with_positions
    where customers_below < upper_position and customers_up_to >= lower_position

),

buckets_to_read as (

    select distinct
        measure_number,
        bucket

    from median_buckets

),

amounts as (

    {{ rows_of_each('customers', rows) }}

),

amounts_of_buckets as (

    select amounts.*
    from amounts
    inner join buckets_to_read
        on
            amounts.measure_number = buckets_to_read.measure_number
            and amounts.bucket = buckets_to_read.bucket

),

amounts_by_combination as (

    {{ rows_of_each('amounts_of_buckets', combination_rows) }}

),

buckets_by_combination as (

    select
        median_buckets.*,
        combination_values.combination

    from median_buckets
    inner join combination_values
        on median_buckets.value_number = combination_values.value_number

),

sorted_amounts as (

    select
        buckets_by_combination.value_number,
        buckets_by_combination.measure_number,
        buckets_by_combination.is_of_holders,
        buckets_by_combination.customers_below,
        buckets_by_combination.customers_up_to,
        buckets_by_combination.lower_position,
        buckets_by_combination.upper_position,
        {{ sorted_list('amounts_by_combination.amount') }} as amounts

    from amounts_by_combination
    inner join buckets_by_combination
        on
            amounts_by_combination.measure_number = buckets_by_combination.measure_number
            and amounts_by_combination.bucket = buckets_by_combination.bucket
            and amounts_by_combination.combination = buckets_by_combination.combination
    group by all

),

-- Position within the bucket = overall position less the number of customers below the bucket.
middle_amounts as (

    select
        {{ median_key }},
        max(
            case
                when lower_position > customers_below and lower_position <= customers_up_to
                    then {{ list_element(
                        'amounts', 'cast(lower_position - customers_below as integer)'
                    ) }}
            end
        ) as lower_amount,
        max(
            case
                when upper_position > customers_below and upper_position <= customers_up_to
                    then {{ list_element(
                        'amounts', 'cast(upper_position - customers_below as integer)'
                    ) }}
            end
        ) as upper_amount

    from sorted_amounts
    group by {{ median_key }}

),

-- Half a cent is rounded down.
medians as (

    select
        dimension_values.dimension,
        dimension_values.value,
        {{ measure_of_number('middle.measure_number') }} as measure,
        middle.is_of_holders,
        cast(
            middle.lower_amount
            + cast(floor((middle.upper_amount - middle.lower_amount) * 50) / 100 as decimal(18, 2))
            as decimal(18, 2)
        ) as median

    from middle_amounts as middle
    inner join dimension_values on middle.value_number = dimension_values.value_number

)

select * from medians
