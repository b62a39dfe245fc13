{% set text_columns = [
    'client_id', 'client_name', 'banking_contact', 'location_id', 'gender', 'nationality',
    'occupation', 'banking_relationship', 'investment_advisor', 'loyalty_classification',
    'fee_structure',
] %}
{% set number_columns = whole_number_columns() + money_columns() %}
{% set quantiles = ['percentile_1', 'quartile_1', 'median', 'quartile_3', 'percentile_99'] %}
{% set rows = [] %}
{% for column in text_columns + ['joined_date'] + number_columns %}
{% set is_number = column in number_columns %}
{% set is_ordered = is_number or column == 'joined_date' %}
{% set columns = {
    'column_name': "'" ~ column ~ "'",
    'lowest_value': column ~ '_lowest' if is_ordered else 'cast(null as string)',
    'highest_value': column ~ '_highest' if is_ordered else 'cast(null as string)',
    'zero_count': column ~ '_zeros' if is_number else 'cast(null as bigint)',
    'column_sum': column ~ '_sum' if is_number else 'cast(null as double)',
    'sum_of_squares': column ~ '_squares' if is_number else 'cast(null as double)',
    'row_count': 'row_count',
    'null_count': column ~ '_nulls',
    'approximate_distinct_values': column ~ '_distinct',
} %}
{% do rows.append({'columns': columns}) %}
{% endfor %}

with

clients as {{ computed_each_time() }} (

    select * from {{ ref('base_bank__clients') }}

),

aggregated as (

    select
        cast(count(*) as bigint) - count(joined_date) as joined_date_nulls,
        cast(approx_count_distinct(joined_date) as bigint) as joined_date_distinct,
        cast(min(joined_date) as string) as joined_date_lowest,
        cast(max(joined_date) as string) as joined_date_highest,
        {% for column in text_columns %}
        cast(count(*) as bigint) - count({{ column }}) as {{ column }}_nulls,
        cast(approx_count_distinct({{ column }}) as bigint) as {{ column }}_distinct,
        {% endfor %}
        {% for column in number_columns %}
        cast(count(*) as bigint) - count({{ column }}) as {{ column }}_nulls,
        cast(approx_count_distinct({{ column }}) as bigint) as {{ column }}_distinct,
        cast(min({{ column }}) as string) as {{ column }}_lowest,
        cast(max({{ column }}) as string) as {{ column }}_highest,
        cast(count(*) filter (where {{ column }} = 0) as bigint) as {{ column }}_zeros,
        cast(sum({{ column }}) as double) as {{ column }}_sum,
        cast({{ sum_of_squares(column) }} as double) as {{ column }}_squares,
        {% endfor %}
        cast(count(*) as bigint) as row_count

    from clients

),

by_column as (

    {{ rows_of_each('aggregated', rows) }}

),

quantiles as (

    select
        {% for quantile in quantiles %}
        cast(max(case when quantile = '{{ quantile }}' then amount end) as double)
            as {{ quantile }},
        {% endfor %}
        column_name

    from {{ ref('int_source_quantiles') }}
    group by column_name

),

with_quantiles as (

    select
        {% for quantile in quantiles %}
        quantiles.{{ quantile }},
        {% endfor %}
        by_column.*

    from by_column
    left join quantiles on by_column.column_name = quantiles.column_name

),

profile as (

    select
        column_name,
        lowest_value,
        highest_value,
        zero_count,
        column_sum / nullif(row_count - null_count, 0) as mean,
        -- `greatest` ignores nulls, so without this case a text column would get 0 instead of
        -- null.
        case
            when sum_of_squares is not null
                then sqrt(
                    greatest(
                        sum_of_squares
                        - column_sum * column_sum / nullif(row_count - null_count, 0),
                        0
                    )
                    / nullif(greatest(row_count - null_count - 1, 0), 0)
                )
        end as standard_deviation,
        {% for quantile in quantiles %}
        {{ quantile }},
        {% endfor %}
        row_count,
        null_count,
        approximate_distinct_values

    from with_quantiles

),

listed as (

    select
        column_name,
        row_count,
        null_count,
        approximate_distinct_values,
        lowest_value,
        highest_value,
        zero_count,
        mean,
        standard_deviation,
        {% for quantile in quantiles %}
        {{ quantile }},
        {% endfor %}
        {{ as_of_date() }} as as_of_date

    from profile

)

select * from listed
