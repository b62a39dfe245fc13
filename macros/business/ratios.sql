{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{% macro ratio_to_amount(numerator, amount) -%}
    case when {{ amount }} > 0 then {{ bank_warehouse.ratio(numerator, amount) }} end
{%- endmacro %}

{% macro per_cent(share) -%}
    cast(cast(100 * {{ share }} as decimal(18, 1)) as string) || ' per cent'
{%- endmacro %}
