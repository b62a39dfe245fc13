{#-
    Spark computes a CTE again wherever it is read, unless it contains a random number; DuckDB
    computes an aggregation once.
-#}
{% macro computed_once() -%}
    {{ '' if bank_warehouse.engine() == 'duckdb' else 'where rand() < 2' }}
{%- endmacro %}
