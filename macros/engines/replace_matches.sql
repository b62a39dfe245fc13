{% macro replace_matches(text, expression, replacement) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        regexp_replace({{ text }}, '{{ expression }}', '{{ replacement }}', 'g')
    {%- else -%}
        regexp_replace({{ text }}, r'{{ expression }}', r'{{ replacement }}')
    {%- endif -%}
{%- endmacro %}
