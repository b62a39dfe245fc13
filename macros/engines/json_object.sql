{#- Values as one JSON object in a text: expressions by their keys. Nulls are kept. -#}
{% macro json_object(expressions) -%}
    {%- set pairs = [] -%}
    {%- for key, expression in expressions.items() -%}
        {%- do pairs.append("'" ~ key ~ "', " ~ expression) -%}
    {%- endfor -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast(json_object({{ pairs | join(', ') }}) as string)
    {%- else -%}
        to_json(named_struct({{ pairs | join(', ') }}), map('ignoreNullFields', 'false'))
    {%- endif -%}
{%- endmacro %}
