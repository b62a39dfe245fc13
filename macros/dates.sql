{#- The date at which ages and tenures are measured, as a SQL date. -#}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") }}' as date)
{%- endmacro %}

{#- The formats of raw_date_format as a list, whether one or several are declared. -#}
{% macro raw_date_formats() -%}
    {%- set declared = var('raw_date_format') -%}
    {{ return([declared] if declared is string else declared) }}
{%- endmacro %}

{#- A text as a date by the first format that fits; null where none does. -#}
{% macro parse_date(text, formats) -%}
    {{ return(adapter.dispatch('parse_date', 'bank_warehouse')(text, formats)) }}
{%- endmacro %}

{% macro duckdb__parse_date(text, formats) -%}
    cast(try_strptime({{ text }}, ['{{ formats | join("', '") }}']) as date)
{%- endmacro %}

{#- Whole days from the first date to the second. -#}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between', 'bank_warehouse')(first_date, second_date)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_date, second_date) -%}
    {{ second_date }} - {{ first_date }}
{%- endmacro %}

{#- A table of one date per row, from the first date to the last, in a column named date_day. -#}
{% macro date_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_series', 'bank_warehouse')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_series(first_date, last_date) -%}
    select cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval 1 day)) as date)
        as date_day
{%- endmacro %}
