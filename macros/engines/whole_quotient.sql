{% macro whole_quotient(number, divisor) -%}
    ({{ number }} {{ '//' if bank_warehouse.engine() == 'duckdb' else 'div' }} {{ divisor }})
{%- endmacro %}
