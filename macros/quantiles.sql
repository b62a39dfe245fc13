{#-
    The discrete quantiles of an expression as a list: for each share the smallest value that at
    least this share of all values does not exceed.
-#}
{% macro quantile_list(expression, shares) -%}
    {{ return(adapter.dispatch('quantile_list', 'bank_warehouse')(expression, shares)) }}
{%- endmacro %}

{% macro duckdb__quantile_list(expression, shares) -%}
    quantile_disc({{ expression }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{#-
    With this accuracy nothing is approximate below a thousand million values. The shares are a hair
    smaller, so that a product like 0.55 * 100, which is above 55 in binary, finds the 55th value.
-#}
{% macro spark__quantile_list(expression, shares) -%}
    percentile_approx(
        {{ expression }},
        array(
            {%- for share in shares %}
            {{ share }}D - 1e-12D{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        2147483647
    )
{%- endmacro %}

{#- Element number position, counted from 1, of a list. -#}
{% macro list_element(list, position) -%}
    {{ return(adapter.dispatch('list_element', 'bank_warehouse')(list, position)) }}
{%- endmacro %}

{% macro duckdb__list_element(list, position) -%}
    {{ list }}[{{ position }}]
{%- endmacro %}

{#- The different values of an expression as a list, nulls left out. -#}
{% macro distinct_values(expression) -%}
    {{ return(adapter.dispatch('distinct_values', 'bank_warehouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__distinct_values(expression) -%}
    list(distinct {{ expression }})
{%- endmacro %}

{% macro spark__distinct_values(expression) -%}
    collect_set({{ expression }})
{%- endmacro %}

{#- A row for each element of a list. -#}
{% macro unnested(list) -%}
    {{ return(adapter.dispatch('unnested', 'bank_warehouse')(list)) }}
{%- endmacro %}

{% macro duckdb__unnested(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__unnested(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro spark__list_element(list, position) -%}
    element_at({{ list }}, {{ position }})
{%- endmacro %}

{#-
    The median of an amount of money, decimal(18,2): of two in the middle their mean, rounded down to
    the cent.
-#}
{% macro median_money(expression) -%}
    {{ return(adapter.dispatch('median_money', 'bank_warehouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__median_money(expression) -%}
    cast(median({{ expression }}) as decimal(18, 2))
{%- endmacro %}

{% macro spark__median_money(expression) -%}
    {%- set middle -%}
        percentile_approx({{ expression }}, array(0.5D - 1e-12D, 0.5D + 1e-12D), 2147483647)
    {%- endset -%}
    cast(
        element_at({{ middle }}, 1)
        + floor((element_at({{ middle }}, 2) - element_at({{ middle }}, 1)) * 50) / 100
        as decimal(18, 2)
    )
{%- endmacro %}

{#-
    The bucket of an amount, in which a quantile of it is searched: a hundredth of a natural
    logarithm wide.
-#}
{% macro amount_bucket(expression) -%}
    cast({{ bank_warehouse.logarithmic_bucket(expression, 0.01, 100) }} as smallint)
{%- endmacro %}

{#-
    CTEs that end in one named quantiles: one row with the quantiles of each column, as
    `quantile_list` has them, in `<column>_quantiles`. Dispatched.
-#}
{% macro column_quantiles(relation, whole_numbers, money, shares) -%}
    {{ return(adapter.dispatch('column_quantiles', 'bank_warehouse')(
        relation, whole_numbers, money, shares
    )) }}
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
