{#-
    The keyword to write before the bracket of a CTE whose single row is joined to a file, so that
    the CTE is computed first. If several threads read a file and the same query groups rows, DuckDB
    loses the order of the file, and with it the row numbers. Spark has no such keyword, and numbers
    the rows of its copy.
-#}
{% macro computed_before() -%}
    {{ return('materialized' if bank_warehouse.engine() == 'duckdb' else '') }}
{%- endmacro %}
