{#- The whole number of times that a divisor goes into a whole number that is not negative. -#}
{% macro whole_quotient(number, divisor) -%}
    ({{ number }} {{ '//' if bank_warehouse.engine() == 'duckdb' else 'div' }} {{ divisor }})
{%- endmacro %}
