{% macro json_object(columns, value=none) -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- set expression = value | replace('*', column) if value else columns[column] -%}
        {%- do pairs.append("'" ~ column ~ "', " ~ expression) -%}
    {%- endfor -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast(json_object({{ pairs | join(', ') }}) as string)
    {%- else -%}
        to_json(named_struct({{ pairs | join(', ') }}), map('ignoreNullFields', 'false'))
    {%- endif -%}
{%- endmacro %}
