{% macro is_in_band(value, band) -%}
    {{ value }} >= coalesce({{ band }}.lower_limit, -10000000000000000)
    and {{ value }} < coalesce({{ band }}.upper_limit, 10000000000000000)
{%- endmacro %}

{% macro logarithmic_bucket(expression, unit) -%}
    {%- set units = 'cast(' ~ expression ~ ' as double) / ' ~ unit -%}
    cast(floor({{ bank_warehouse.asinh(units) }} * 64) as smallint)
{%- endmacro %}

{#- Comparing takes a third of the time that converting each value to text would take. -#}
{% macro leading_digits(number) -%}
    case
        {%- for digits in range(1, 19) %}
        when {{ number }} < {{ 10 ** digits }} then {{ digits * 10000 }} + {{
            bank_warehouse.whole_quotient(number, 10 ** (digits - 4)) if digits > 4 else number
        }}
        {%- endfor %}
    end
{%- endmacro %}
