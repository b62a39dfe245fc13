{#-
    CTEs that end in one named quantiles: one row with the quantiles of each column, as
    `quantile_list` has them, in `<column>_quantiles`. Dispatched.
-#}
{% macro column_quantiles(relation, whole_numbers, money, shares) -%}
    {{ return(
        bank_warehouse.duckdb__column_quantiles(relation, whole_numbers, money, shares) if bank_warehouse.engine() == 'duckdb'
        else bank_warehouse.spark__column_quantiles(relation, whole_numbers, money, shares)
    ) }}
{%- endmacro %}

{% macro spark__column_quantiles(relation, whole_numbers, money, shares) -%}
quantiles as (

    select
        {%- for column in whole_numbers + money %}
        {{ bank_warehouse.quantile_list(column, shares) }} as {{ column }}_quantiles
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}

)
{%- endmacro %}

{#-
    `quantile_disc` keeps all values in memory that no limit counts, and of every column to the end
    of the query. Counts by bucket tell where a quantile lies, and only the values of these few
    buckets are then put in order; of a whole number each value is a bucket of its own.
-#}
{% macro duckdb__column_quantiles(relation, whole_numbers, money, shares) -%}
    {%- set columns = whole_numbers + money -%}
value_counts as (

    {%- for column in columns %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        {{ loop.index }} as column_number,
        {% if column in money %}{{ bank_warehouse.amount_bucket(column) }}
        {%- else %}{{ column }}
        {%- endif %} as bucket,
        cast(min({{ column }}) as decimal(18, 2)) as lowest,
        cast(max({{ column }}) as decimal(18, 2)) as highest,
        count(*) as row_count

    from {{ relation }}
    where {{ column }} is not null
    group by bucket
    {%- endfor %}

),

value_places as (

    select
        *,
        cast(
            sum(row_count) over (
                partition by column_number order by bucket
                rows between unbounded preceding and current row
            ) as bigint
        ) as rows_up_to,
        cast(sum(row_count) over (partition by column_number) as bigint) as rows_in_all

    from value_counts

),

-- Of n values the quantile of a share is the one at the place share * n, rounded up.
shares as (

    {%- for share in shares %}
    select
        {{ loop.index }} as share_number,
        {{ share }} as share
    {%- if not loop.last %}

    union all

    {% endif %}
    {%- endfor %}

),

quantile_places as (

    select
        value_places.*,
        shares.share_number,
        greatest(cast(ceil(cast(rows_in_all as decimal(18, 0)) * shares.share) as bigint), 1)
            as place

    from value_places
    cross join shares

),

quantile_limits as (

    select
        column_number
        {%- for _ in shares %},
        max(lowest) filter (where share_number = {{ loop.index }}) as lowest_{{ loop.index }},
        max(highest) filter (where share_number = {{ loop.index }}) as highest_{{ loop.index }},
        max(place - rows_up_to + row_count) filter (where share_number = {{ loop.index }})
            as place_{{ loop.index }}
        {%- endfor %}

    from quantile_places
    where place <= rows_up_to and place > rows_up_to - row_count
    group by column_number

),

{%- for column in columns %}

quantiles_{{ loop.index }} as (

    select
        [
            {%- for _ in shares %}
            {%- if column in money %}
            list_sort(
                list({{ column }}) filter (
                    where {{ column }} between lowest_{{ loop.index }} and highest_{{ loop.index }}
                )
            )[any_value(place_{{ loop.index }})]
            {%- else %}
            max(cast(lowest_{{ loop.index }} as integer))
            {%- endif %}
            {{- ',' if not loop.last }}
            {%- endfor %}
        ] as {{ column }}_quantiles

    from {{ relation ~ ' cross join ' if column in money }}quantile_limits
    where column_number = {{ loop.index }}

),
{%- endfor %}

quantiles as (

    select *
    from quantiles_1
    {%- for _ in columns[1:] %}
    cross join quantiles_{{ loop.index + 1 }}
    {%- endfor %}

)
{%- endmacro %}
