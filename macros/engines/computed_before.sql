{#-
    Stands before the bracket of a CTE whose one row is joined to a file that is read: it is computed
    first. DuckDB gives up the order of a file, and with it the place of a row, where a grouping is
    part of the same reading and more than one thread reads. Spark has no such word, and numbers the
    rows of the copy that it reads.
-#}
{% macro computed_before() -%}
    {{ return('materialized' if bank_warehouse.engine() == 'duckdb' else '') }}
{%- endmacro %}
