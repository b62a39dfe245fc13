{% set columns = money_columns() + whole_number_columns() %}
{% set bucket_rows = [] %}
{% set value_rows = [] %}
{% for column in columns %}
{% set is_money = column in money_columns() %}
{% set placed = {
    'column_number': loop.index,
    'bucket': 'cast(' ~ logarithmic_bucket(column, 0.01) ~ ' as integer)' if is_money else column,
} %}
{% do bucket_rows.append({'columns': placed}) %}
{% do value_rows.append({'columns': dict(placed, amount=column)}) if is_money %}
{% endfor %}

with

clients as {{ computed_each_time() }} (

    select * from {{ ref('base_bank__clients') }}

),

source_columns as (

    select
        listed.column_number,
        listed.column_name

    from (
        values
        {% for column in columns %}
        ({{ loop.index }}, '{{ column }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as listed (column_number, column_name)

),

shares as (

    select
        listed.quantile,
        listed.share

    from (
        values
        ('percentile_1', 0.01),
        ('quartile_1', 0.25),
        ('median', 0.5),
        ('quartile_3', 0.75),
        ('percentile_99', 0.99)
    ) as listed (quantile, share)

),

-- The bucket of a whole number is the number itself, so only amounts are read again below.
counted as (

    {{ rows_of_each('clients', bucket_rows, count_as='row_count') }}

),

running_sums as (

    select
        column_number,
        bucket,
        cast(
            sum(row_count) over (
                partition by column_number order by bucket
                rows between unbounded preceding and current row
            ) as bigint
        ) as rows_up_to,
        cast(sum(row_count) over (partition by column_number) as bigint) as rows_in_all,
        row_count

    from counted
    where bucket is not null

),

-- The quantile of n values is the value at position share * n, rounded up.
quantile_places as (

    select
        running_sums.column_number,
        running_sums.bucket,
        running_sums.rows_up_to - running_sums.row_count as rows_below,
        running_sums.rows_up_to,
        shares.quantile,
        greatest(
            cast(
                ceil(cast(running_sums.rows_in_all as decimal(18, 0)) * shares.share) as bigint
            ),
            1
        ) as place

    from running_sums
    cross join shares

),

quantile_buckets as (

    select *
    from quantile_places
    where place > rows_below and place <= rows_up_to

),

buckets_to_read as (

    select distinct
        column_number,
        bucket

    from quantile_buckets

),

amounts as (

    {{ rows_of_each('clients', value_rows) }}

),

amounts_of_buckets as (

    select
        amounts.column_number,
        amounts.bucket,
        {{ sorted_list('amounts.amount') }} as amounts

    from amounts
    inner join buckets_to_read
        on
            amounts.column_number = buckets_to_read.column_number
            and amounts.bucket = buckets_to_read.bucket
    group by amounts.column_number, amounts.bucket

),

quantiles as (

    select
        source_columns.column_name,
        quantile_buckets.quantile,
        case
            when quantile_buckets.column_number > {{ money_columns() | length }}
                then cast(quantile_buckets.bucket as decimal(18, 2))
            else {{ list_element(
                'amounts_of_buckets.amounts',
                'cast(quantile_buckets.place - quantile_buckets.rows_below as integer)'
            ) }}
        end as amount

    from quantile_buckets
    left join amounts_of_buckets
        on
            quantile_buckets.column_number = amounts_of_buckets.column_number
            and quantile_buckets.bucket = amounts_of_buckets.bucket
    inner join source_columns on quantile_buckets.column_number = source_columns.column_number

)

select * from quantiles
