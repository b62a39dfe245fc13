{#- A bigint key: the first 15 hex digits (60 bits) of md5 over the texts, joined by '|'. -#}
{% macro hash_key(expressions) -%}
    {%- set digits = 'left(md5(' ~ expressions | join(" || '|' || ") ~ '), 15)' -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast('0x' || {{ digits }} as bigint)
    {%- else -%}
        cast(conv({{ digits }}, 16, 10) as bigint)
    {%- endif -%}
{%- endmacro %}
