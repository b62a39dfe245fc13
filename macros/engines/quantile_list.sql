{#- Spark gets slightly smaller shares, because 0.55 * 100 is above 55 in binary. -#}
{% macro quantile_list(expression, shares) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        quantile_disc({{ expression }}, [{{ shares | join(', ') }}])
    {%- else -%}
        percentile_approx(
            {{ expression }}, array({{ shares | join('D - 1e-12D, ') }}D - 1e-12D), 2147483647
        )
    {%- endif -%}
{%- endmacro %}
