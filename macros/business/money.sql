{% macro sum_money(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(18, 2))
{%- endmacro %}

{% macro round_money(expression) -%}
    cast(round(({{ expression }}) * 100) / 100 as decimal(18, 2))
{%- endmacro %}

{#- In DuckDB the product of two 18-digit decimals has only 18 digits. -#}
{% macro money_at_rate(amount, rate) -%}
    cast(round(
        cast({{ amount }} as decimal(20, 2)) * cast({{ rate }} as decimal(18, 15)), 2
    ) as decimal(18, 2))
{%- endmacro %}

{% macro money_product(amount, other_amount) -%}
    cast({{ amount }} as decimal(38, 2)) * cast({{ other_amount }} as decimal(38, 2))
{%- endmacro %}

{% macro short_product_limit() -%}
    {{ return(10000000) }}
{%- endmacro %}

{% macro sum_rounded_off(column) -%}
    {%- if bank_warehouse.rounds_money() -%}
        cast(coalesce(sum(
            cast({{ bank_warehouse.json_value('rounded_off', column) }} as decimal(38, 18))
        ), 0) as decimal(38, 18))
    {%- else -%}
        cast(0 as decimal(38, 18))
    {%- endif -%}
{%- endmacro %}
