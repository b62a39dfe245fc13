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
