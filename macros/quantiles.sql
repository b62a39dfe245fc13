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
