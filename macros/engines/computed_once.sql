{#-
    Spark computes a CTE anew wherever it is read, unless a random number is in it; DuckDB computes
    an aggregation once.
-#}
{% macro computed_once() -%}
    {{ '' if bank_warehouse.engine() == 'duckdb' else 'where rand() < 2' }}
{%- endmacro %}
