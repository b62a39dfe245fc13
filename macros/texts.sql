{#- The limits of a tier in words: 'deposits above 10.00 and up to 20.00'. -#}
{% macro tier_text(noun, exclusive_lower_limit, inclusive_upper_limit) -%}
    case
        when {{ exclusive_lower_limit }} is null and {{ inclusive_upper_limit }} is null
            then '{{ noun }} of any size'
        when {{ exclusive_lower_limit }} is null
            then '{{ noun }} up to ' || cast({{ inclusive_upper_limit }} as string)
        when {{ inclusive_upper_limit }} is null
            then '{{ noun }} above ' || cast({{ exclusive_lower_limit }} as string)
        else
            '{{ noun }} above ' || cast({{ exclusive_lower_limit }} as string)
            || ' and up to ' || cast({{ inclusive_upper_limit }} as string)
    end
{%- endmacro %}

{#- All texts of a group joined by '; ' in the order given. -#}
{% macro join_texts(text, order_by) -%}
    {{ return(adapter.dispatch('join_texts', 'bank_warehouse')(text, order_by)) }}
{%- endmacro %}

{% macro duckdb__join_texts(text, order_by) -%}
    string_agg({{ text }}, '; ' order by {{ order_by }})
{%- endmacro %}

{% macro spark__join_texts(text, order_by) -%}
    listagg({{ text }}, '; ') within group (order by {{ order_by }})
{%- endmacro %}

{#- A row for each of the texts that were joined by '; '. -#}
{% macro rows_of_texts(text) -%}
    {{ return(adapter.dispatch('rows_of_texts', 'bank_warehouse')(text)) }}
{%- endmacro %}

{% macro duckdb__rows_of_texts(text) -%}
    unnest(string_split({{ text }}, '; '))
{%- endmacro %}

{% macro spark__rows_of_texts(text) -%}
    explode(split({{ text }}, '; '))
{%- endmacro %}

{#- The value of a key of a JSON object that stands in a text; null where the text holds none. -#}
{% macro json_value(text, key) -%}
    {{ return(adapter.dispatch('json_value', 'bank_warehouse')(text, key)) }}
{%- endmacro %}

{% macro duckdb__json_value(text, key) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, '$.{{ key }}') end
{%- endmacro %}

{% macro spark__json_value(text, key) -%}
    get_json_object({{ text }}, '$.{{ key }}')
{%- endmacro %}

{#-
    A text that is one of the values of a column of a seed. DuckDB gets an enumeration of them: one
    byte a row, written in a tenth of the time of a text. They are in the order of texts, so that
    they sort alike. Only seeds may be asked: the SQL of a model is to be the same for every drop.
    Dispatched.
-#}
{% macro listed_text(text, seed, column) -%}
    {{ return(adapter.dispatch('listed_text', 'bank_warehouse')(text, seed, column)) }}
{%- endmacro %}

{#- Left a text where the seed is not there to be asked: in a unit test, or before `dbt seed`. -#}
{% macro duckdb__listed_text(text, seed, column) -%}
    {%- set values = [] -%}
    {%- if execute and seed.schema and load_relation(seed) is not none -%}
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
    {%- if values -%}
        cast({{ text }} as enum({{ values | join(', ') }}))
    {%- else -%}
        {{ text }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__listed_text(text, seed, column) -%}
    {{ text }}
{%- endmacro %}

{#-
    dbt casts each cell of a unit test to the type of its column. An enumeration holds the values of
    a seed, which those of a unit test need not be: they are left texts.
-#}
{% macro duckdb__safe_cast(field, type) -%}
    cast({{ field }} as {{ 'string' if type.startswith('ENUM') else type }})
{%- endmacro %}
