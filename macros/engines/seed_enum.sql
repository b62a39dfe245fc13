{#-
    A text whose values are in a column of a seed. In DuckDB it becomes an enumeration: one byte per
    row, written in a tenth of the time. Its values are in text order, so it sorts like a text. Only
    seeds are queried, because the SQL of a model must be the same for every drop. It stays a text
    if the seed cannot be queried: in a unit test, or before `dbt seed`.
-#}
{% macro seed_enum(text, seed, column) -%}
    {%- set values = [] -%}
    {%- if
        execute and bank_warehouse.engine() == 'duckdb'
        and seed.schema and load_relation(seed) is not none
    -%}
        {%- set query -%}
            select distinct cast({{ column }} as string) as listed
            from {{ seed }}
            where {{ column }} is not null
            order by listed
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do values.append(dbt.string_literal(dbt.escape_single_quotes(row[0]))) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ 'cast(' ~ text ~ ' as enum(' ~ values | join(', ') ~ '))' if values else text }}
{%- endmacro %}
