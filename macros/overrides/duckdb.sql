{#-
    The statement that makes a view: as in dbt-duckdb, but without the name of the database, which is
    that of the file, before the tables that the view reads. So the file can be renamed or copied. dbt
    looks a macro up in the project first.
-#}
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

{#-
    dbt casts each cell of a unit test to the type of its column. An enumeration holds the values of
    a seed, which those of a unit test need not be: they are left texts.
-#}
{% macro duckdb__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'string' if type.startswith('ENUM') else type }})
{%- endmacro %}

{#- `dbt clone` on DuckDB: a warehouse is one file, and copying the file is all that it takes. -#}
{% materialization clone, adapter='duckdb' -%}
    {{ exceptions.raise_compiler_error(
        'dbt clone cannot copy a DuckDB warehouse, which is one file: copy the file, with '
        ~ '_history.duckdb, .build_record.json and .checks_record.json of its name beside it. It may '
        ~ 'get another name.'
    ) }}
{%- endmaterialization %}
