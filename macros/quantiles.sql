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
