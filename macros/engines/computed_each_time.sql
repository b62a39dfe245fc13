{#- DuckDB keeps all rows of a CTE that is read several times in memory; Spark keeps none. -#}
{% macro computed_each_time() -%}
    {{ 'not materialized' if bank_warehouse.engine() == 'duckdb' else '' }}
{%- endmacro %}
