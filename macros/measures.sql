{#- A ratio as double; null where the divisor is 0 or null. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#- A sum of money, decimal(18,2), whatever type the engine gives sums. -#}
{% macro sum_money(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(18, 2))
{%- endmacro %}

{#- A count as bigint. -#}
{% macro count_rows(condition=none) -%}
    cast(count(*){% if condition %} filter (where {{ condition }}){% endif %} as bigint)
{%- endmacro %}

{#- Whether a value falls in a band [lower_limit, upper_limit); an empty limit is open. -#}
{% macro is_in_band(value, band) -%}
    {{ value }} >= coalesce({{ band }}.lower_limit, -10000000000000000)
    and {{ value }} < coalesce({{ band }}.upper_limit, 10000000000000000)
{%- endmacro %}

{#-
    The number of digits of a whole number of up to 18 digits, times 10000, plus the first four of
    them: a number that keeps the order. By comparisons: a text for every value takes three times
    as long.
-#}
{% macro leading_digits(number) -%}
    case
        {%- for digits in range(1, 19) %}
        when {{ number }} < {{ 10 ** digits }}
            then {{ digits * 10000 }} + {{
                bank_warehouse.whole_quotient(number, 10 ** (digits - 4))
                if digits > 4 else number
            }}
        {%- endfor %}
    end
{%- endmacro %}

{#- The whole number of times that a divisor goes into a whole number that is not negative. -#}
{% macro whole_quotient(number, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient', 'bank_warehouse')(number, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(number, divisor) -%}
    ({{ number }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_quotient(number, divisor) -%}
    ({{ number }} div {{ divisor }})
{%- endmacro %}
