{% macro json_object(columns, value) -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- do pairs.append("'" ~ column ~ "', " ~ value | replace('*', column)) -%}
    {%- endfor -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast(json_object({{ pairs | join(', ') }}) as string)
    {%- else -%}
        to_json(named_struct({{ pairs | join(', ') }}), map('ignoreNullFields', 'false'))
    {%- endif -%}
{%- endmacro %}
