{#- DuckDB names the database after its file. dbt prefers this macro to its built-in one. -#}
{% macro duckdb__create_view_as(relation, sql) -%}
    {%- set database = adapter.quote(target.database) ~ '.' -%}
    {%- set renamable = namespace(sql=sql) -%}
    {%- for parent in model.depends_on.nodes if parent in graph.nodes -%}
        {%- set name = graph.nodes[parent].relation_name or '' -%}
        {%- if name.startswith(database) -%}
            {%- set renamable.sql = renamable.sql | replace(name, name[database | length:]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dbt.duckdb__create_view_as(relation, renamable.sql)) }}
{%- endmacro %}

{#- A unit test may use values that are missing from the seed that defines the enum. -#}
{% macro duckdb__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'string' if type.startswith('ENUM') else type }})
{%- endmacro %}

{% materialization clone, adapter='duckdb' -%}
    {{ exceptions.raise_compiler_error(
        'dbt clone cannot copy a DuckDB warehouse, which is one file. Copy the file and the files '
        ~ 'beside it with the same name and the ending _history.duckdb, _history_sample.duckdb, '
        ~ '.build_record.json or .checks_record.json. You can rename the copies together.'
    ) }}
{%- endmaterialization %}
