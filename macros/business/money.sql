{#- A sum of money as decimal(18,2), on every engine. -#}
{% macro sum_money(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(18, 2))
{%- endmacro %}

{% macro round_money(expression) -%}
    cast(round(({{ expression }}) * 100) / 100 as decimal(18, 2))
{%- endmacro %}

{#-
    An amount times a rate, decimal(18,2), half a cent rounded away from zero. Computed in decimals,
    because doubles lose cents above 90 million million. In DuckDB, the product of two numbers of 18
    digits also has only 18 digits.
-#}
{% macro money_at_rate(amount, rate) -%}
    cast(
        round(
            cast({{ amount }} as decimal(20, 2)) * cast({{ rate }} as decimal(18, 15)), 2
        ) as decimal(18, 2)
    )
{%- endmacro %}

{#-
    The exact product of two amounts of money. In DuckDB, the product of two decimal(18,2) has only
    18 digits, so it overflows from 30 million times 30 million.
-#}
{% macro money_product(amount, other_amount) -%}
    cast({{ amount }} as decimal(38, 2)) * cast({{ other_amount }} as decimal(38, 2))
{%- endmacro %}

{#-
    The product of two amounts below this limit fits into 18 digits, which DuckDB multiplies many
    times faster than 38 digits.
-#}
{% macro short_product_limit() -%}
    {{ return(10000000) }}
{%- endmacro %}

{% macro sum_rounded_off(column) -%}
    {%- if bank_warehouse.rounds_money() -%}
        cast(
            coalesce(
                sum(cast({{ bank_warehouse.json_value('rounded_off', column) }} as decimal(38, 18))),
                0
            ) as decimal(38, 18)
        )
    {%- else -%}
        cast(0 as decimal(38, 18))
    {%- endif -%}
{%- endmacro %}
