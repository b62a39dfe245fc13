{% macro by_file(reading, source_file) -%}
    {%- set files = {} -%}
    {%- for file in reading['files'] -%}
        {%- do files.setdefault(caller(file) | trim, []).append(
            source_file ~ ' = ' ~ dbt.string_literal(dbt.escape_single_quotes(file['file']))
        ) -%}
    {%- endfor -%}
    {%- if files | length == 1 -%}
        {{ files | first }}
    {%- else -%}
        case
        {%- for expression, conditions in files.items() %}
            when {{ conditions | join(' or ') }} then {{ expression }}
        {%- endfor %}
        end
    {%- endif -%}
{%- endmacro %}

{% macro file_value(reading, source_file, part, key) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {%- set value = file.get(part, {}).get(key, 0) -%}
        {%- set texts = [value] if value is string else value -%}
        {{ 'cast(' ~ value ~ ' as bigint)' if value is number
            else "'" ~ texts | join(' or ') ~ "'" }}
    {%- endcall -%}
{%- endmacro %}
