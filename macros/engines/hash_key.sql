{% macro hash_key(expressions) -%}
    {%- set digits = 'left(md5(' ~ expressions | join(" || '|' || ") ~ '), 15)' -%}
    {%- set is_duckdb = bank_warehouse.engine() == 'duckdb' -%}
    cast({{ "'0x' || " ~ digits if is_duckdb else 'conv(' ~ digits ~ ', 16, 10)' }} as bigint)
{%- endmacro %}
