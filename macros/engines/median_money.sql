{% macro median_money(expression) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        cast(median({{ expression }}) as decimal(18, 2))
    {%- else -%}
        {%- set middle -%}
            percentile_approx({{ expression }}, array(0.5D - 1e-12D, 0.5D + 1e-12D), 2147483647)
        {%- endset -%}
        cast(
            element_at({{ middle }}, 1)
            + floor((element_at({{ middle }}, 2) - element_at({{ middle }}, 1)) * 50) / 100
            as decimal(18, 2)
        )
    {%- endif -%}
{%- endmacro %}
