{% macro engine() -%}
    {%- set engines = {
        'duckdb': 'duckdb', 'spark': 'spark', 'databricks': 'spark', 'fabricspark': 'spark',
    } -%}
    {%- if target.type not in engines -%}
        {{ exceptions.raise_compiler_error(
            'The project is for DuckDB and Spark, not for the type ' ~ target.type ~ ' of the target '
            ~ target.name ~ '. Types that are known: ' ~ engines | join(', ') ~ '.'
        ) }}
    {%- endif -%}
    {{ return(engines[target.type]) }}
{%- endmacro %}
