{% macro call_package(function, arguments) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {%- set answer = run_query(
            "select bank_call('" ~ function ~ "', '" ~ tojson(arguments) | replace("'", "''") ~ "')"
        ).rows[0][0] -%}
    {%- else -%}
        {%- set answer = adapter.call_package(function, tojson(arguments)) -%}
    {%- endif -%}
    {%- set answer = fromjson(answer) -%}
    {%- if answer['error'] -%}
        {{ exceptions.raise_compiler_error(answer['error']) }}
    {%- endif -%}
    {{ return(answer['value']) }}
{%- endmacro %}

{% macro has_package() -%}
    {{ return(bank_warehouse.engine() == 'duckdb' or adapter.call_package is defined) }}
{%- endmacro %}
