{#- Before `dbt seed`, and in a unit test, the seed cannot be queried. -#}
{% macro seed_enum(text, seed, column) -%}
    {%- set values = [] -%}
    {%- if
        execute and bank_warehouse.engine() == 'duckdb'
        and seed.schema and load_relation(seed) is not none
    -%}
        {%- for row in run_query(
            'select distinct cast(' ~ column ~ ' as string) as listed from ' ~ seed
            ~ ' where ' ~ column ~ ' is not null order by listed'
        ).rows -%}
            {%- do values.append(dbt.string_literal(dbt.escape_single_quotes(row[0]))) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ 'cast(' ~ text ~ ' as enum(' ~ values | join(', ') ~ '))' if values else text }}
{%- endmacro %}
