{% macro unnested(list) -%}
    {{ 'unnest' if bank_warehouse.engine() == 'duckdb' else 'explode' }}({{ list }})
{%- endmacro %}
