{% macro computed_before() -%}
    {{ return('materialized' if bank_warehouse.engine() == 'duckdb' else '') }}
{%- endmacro %}
