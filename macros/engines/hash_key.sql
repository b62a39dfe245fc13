{% macro hash_key(expressions) -%}
    {%- set digits = 'left(md5(' ~ expressions | join(" || '|' || ") ~ '), 15)' -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast('0x' || {{ digits }} as bigint)
    {%- else -%}
        cast(conv({{ digits }}, 16, 10) as bigint)
    {%- endif -%}
{%- endmacro %}
