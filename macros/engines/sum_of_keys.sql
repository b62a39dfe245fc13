{#- DuckDB sums whole numbers in 128 bits. -#}
{% macro sum_of_keys(key) -%}
    sum({{ key if bank_warehouse.engine() == 'duckdb' else 'cast(' ~ key ~ ' as decimal(38, 0))' }})
{%- endmacro %}
