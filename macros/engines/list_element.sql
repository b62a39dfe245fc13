{% macro list_element(list, position) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {{ list }}[{{ position }}]
    {%- else -%}
        element_at({{ list }}, {{ position }})
    {%- endif -%}
{%- endmacro %}
