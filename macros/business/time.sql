{% macro as_of_date() -%}
    cast('{{ var("as_of_date") }}' as date)
{%- endmacro %}

{% macro earliest_joining_year() -%}
    {{ return((var('as_of_date') | string)[:4] | int - 120) }}
{%- endmacro %}

{% macro is_joining_date(date_expression) -%}
    {{ date_expression }} between
        cast('{{ bank_warehouse.earliest_joining_year() }}-01-01' as date)
        and {{ bank_warehouse.as_of_date() }}
{%- endmacro %}
