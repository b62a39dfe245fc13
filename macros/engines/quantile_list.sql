{#-
    The discrete quantiles of an expression as a list: for each share the smallest value that at
    least this share of all values does not exceed.

    With this accuracy, Spark's result is exact below a thousand million values. The shares are
    slightly smaller there, so that a product like 0.55 * 100, which is above 55 in binary, still
    finds the 55th value.
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
