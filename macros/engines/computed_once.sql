{#- Always true: only its random number matters to Spark. -#}
{% macro computed_once() -%}
    {{ '' if bank_warehouse.engine() == 'duckdb' else 'where rand() < 2' }}
{%- endmacro %}
