{% macro json_value(text, key) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        case when json_valid({{ text }}) then json_extract_string({{ text }}, '$.{{ key }}') end
    {%- else -%}
        get_json_object({{ text }}, '$.{{ key }}')
    {%- endif -%}
{%- endmacro %}
