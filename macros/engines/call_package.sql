{#-
    What a function of the package returns: dbt_plugin.py gives it to the connection of DuckDB,
    spark/adapter.py to the adapter of dbt-spark.
-#}
{% macro call_package(function, arguments) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {%- set texts = [] -%}
        {%- for argument in arguments -%}
            {%- do texts.append("'" ~ argument | string | replace("'", "''") ~ "'") -%}
        {%- endfor -%}
        {{ return(
            run_query('select bank_' ~ function ~ '(' ~ texts | join(', ') ~ ')').rows[0][0]
        ) }}
    {%- elif adapter.call_package is not defined -%}
        {{ exceptions.raise_compiler_error(
            'BANK_RAW_DIR: the files of a drop are read with dbt-duckdb and dbt-spark, not with the '
            ~ 'target ' ~ target.name ~ '. Load the drop there as the tables of the seeds raw_, and '
            ~ 'build without BANK_RAW_DIR.'
        ) }}
    {%- endif -%}
    {{ return(adapter.call_package(function, arguments)) }}
{%- endmacro %}
