{% macro sum_of_keys(key) -%}
    sum({{ key if bank_warehouse.engine() == 'duckdb' else 'cast(' ~ key ~ ' as decimal(38, 0))' }})
{%- endmacro %}
