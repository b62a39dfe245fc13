{#- The element of a list at a position, counted from 1. -#}
{% macro list_element(list, position) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {{ list }}[{{ position }}]
    {%- else -%}
        element_at({{ list }}, {{ position }})
    {%- endif -%}
{%- endmacro %}
