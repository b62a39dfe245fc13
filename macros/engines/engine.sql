{% macro engine() -%}
    {%- set engines = {
        'duckdb': 'duckdb', 'spark': 'spark', 'databricks': 'spark', 'fabricspark': 'spark',
    } -%}
    {%- if target.type not in engines -%}
        {{ exceptions.raise_compiler_error(
            'The target ' ~ target.name ~ ' has the type ' ~ target.type ~ ', but the project runs '
            ~ 'only on DuckDB and Spark. Use a target of one of these types: '
            ~ engines | join(', ') ~ '.'
        ) }}
    {%- endif -%}
    {{ return(engines[target.type]) }}
{%- endmacro %}
