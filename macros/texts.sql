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
