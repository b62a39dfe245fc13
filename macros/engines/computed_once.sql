{#-
    Spark computes a CTE again for every reader, unless the CTE contains a random number. The
    condition is always true, and its random number makes Spark compute the CTE once. DuckDB
    computes an aggregation once anyway.
-#}
{% macro computed_once() -%}
    {{ '' if bank_warehouse.engine() == 'duckdb' else 'where rand() < 2' }}
{%- endmacro %}
