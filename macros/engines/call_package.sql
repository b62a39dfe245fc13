{#-
    The result of a function of the package, listed in bank_warehouse/macro_calls.py. dbt_plugin.py
    adds the function to DuckDB's connection, spark/adapter.py to dbt-spark's adapter. A refusal is
    a compiler error.
-#}
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
