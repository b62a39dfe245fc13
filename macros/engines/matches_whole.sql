{#- In Java a dollar sign also matches before a final line break; \z does not. -#}
{% macro matches_whole(text, expression) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        regexp_full_match({{ text }}, '{{ expression }}')
    {%- else -%}
        {{ text }} rlike r'\A(?:{{ expression }})\z'
    {%- endif -%}
{%- endmacro %}
