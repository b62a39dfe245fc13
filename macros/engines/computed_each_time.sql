{% macro computed_each_time() -%}
    {{ 'not materialized' if bank_warehouse.engine() == 'duckdb' else '' }}
{%- endmacro %}
