{% set text_columns = [
    'client_id', 'client_name', 'banking_contact', 'location_id', 'gender', 'nationality',
    'occupation', 'banking_relationship', 'investment_advisor', 'loyalty_classification',
    'fee_structure',
] %}
{% set number_columns = whole_number_columns() + money_columns() %}
{% set shares = [0.01, 0.25, 0.5, 0.75, 0.99] %}
{% set share_names = ['percentile_1', 'quartile_1', 'median', 'quartile_3', 'percentile_99'] %}

with

clients as {{ computed_each_time() }} (

    select * from {{ ref('base_bank__clients') }}

),

aggregated as (

    select
        {{ count_rows() }} - count(joined_date) as joined_date_nulls,
        {{ approximate_distinct('joined_date') }} as joined_date_distinct,
        cast(min(joined_date) as string) as joined_date_lowest,
        cast(max(joined_date) as string) as joined_date_highest,
        {% for column in text_columns %}
        {{ count_rows() }} - count({{ column }}) as {{ column }}_nulls,
        {{ approximate_distinct(column) }} as {{ column }}_distinct,
        {% endfor %}
        {% for column in number_columns %}
        {{ count_rows() }} - count({{ column }}) as {{ column }}_nulls,
        {{ approximate_distinct(column) }} as {{ column }}_distinct,
        cast(min({{ column }}) as string) as {{ column }}_lowest,
        cast(max({{ column }}) as string) as {{ column }}_highest,
        {{ count_rows(column ~ ' = 0') }} as {{ column }}_zeros,
        cast(sum({{ column }}) as double) as {{ column }}_sum,
        cast({{ sum_of_squares(column) }} as double) as {{ column }}_squares,
        {% endfor %}
        {{ count_rows() }} as row_count

    from clients
    {{ computed_once() }}

),

{{ column_quantiles('clients', whole_number_columns(), money_columns(), shares) }},  -- noqa: PRS

measured as (

    select
        quantiles.*,
        aggregated.*

    from aggregated
    cross join quantiles

),

profile as (

    {% for column in text_columns + ['joined_date'] + number_columns %}

    select
        '{{ column }}' as column_name,
        {% if column in number_columns %}
        {{ column }}_lowest as lowest_value,
        {{ column }}_highest as highest_value,
        {{ column }}_zeros as zero_count,
        {{ column }}_sum / nullif(row_count - {{ column }}_nulls, 0) as mean,
        sqrt(
            greatest(
                {{ column }}_squares
                - {{ column }}_sum * {{ column }}_sum / nullif(row_count - {{ column }}_nulls, 0),
                0
            )
            / nullif(greatest(row_count - {{ column }}_nulls - 1, 0), 0)
        ) as standard_deviation,
        {% for share_name in share_names %}
        cast({{ list_element(column ~ '_quantiles', loop.index) }} as double)
            as {{ share_name }},
        {% endfor %}
        {% else %}
        {% if column == 'joined_date' %}
        joined_date_lowest as lowest_value,
        joined_date_highest as highest_value,
        {% else %}
        cast(null as string) as lowest_value,
        cast(null as string) as highest_value,
        {% endif %}
        cast(null as bigint) as zero_count,
        cast(null as double) as mean,
        cast(null as double) as standard_deviation,
        {% for share_name in share_names %}
        cast(null as double) as {{ share_name }},
        {% endfor %}
        {% endif %}
        row_count,
        {{ column }}_nulls as null_count,
        {{ column }}_distinct as approximate_distinct_values

    from measured
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

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
        {% for share_name in share_names %}
        {{ share_name }},
        {% endfor %}
        {{ as_of_date() }} as as_of_date

    from profile

)

select * from listed
