{#- The value of a key of a JSON object that stands in a text; null where the text holds none. -#}
{% macro json_value(text, key) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        case when json_valid({{ text }}) then json_extract_string({{ text }}, '$.{{ key }}') end
    {%- else -%}
        get_json_object({{ text }}, '$.{{ key }}')
    {%- endif -%}
{%- endmacro %}
