{#- The condition is always true; only the random number in it matters to Spark. -#}
{% macro computed_once() -%}
    {{ '' if bank_warehouse.engine() == 'duckdb' else 'where rand() < 2' }}
{%- endmacro %}
