{#-
    The discrete quantiles of an expression as a list: for each share the smallest value that at
    least this share of all values does not exceed.

    With this accuracy nothing is approximate on Spark below a thousand million values. The shares
    are a hair smaller there, so that a product like 0.55 * 100, which is above 55 in binary, finds
    the 55th value.
-#}
{% macro quantile_list(expression, shares) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        quantile_disc({{ expression }}, [{{ shares | join(', ') }}])
    {%- else -%}
        percentile_approx(
            {{ expression }},
            array({{ shares | join('D - 1e-12D, ') }}D - 1e-12D),
            2147483647
        )
    {%- endif -%}
{%- endmacro %}
