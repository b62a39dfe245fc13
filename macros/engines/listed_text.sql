{#-
    A text that is one of the values of a column of a seed. DuckDB gets an enumeration of them: one
    byte a row, written in a tenth of the time of a text. They are in the order of texts, so that
    they sort alike. Only seeds may be asked: the SQL of a model is to be the same for every drop.
    Left a text where the seed is not there to be asked: in a unit test, or before `dbt seed`.
-#}
{% macro listed_text(text, seed, column) -%}
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
