{#- Spark's asinh loses all digits of large negative values. -#}
{% macro asinh(expression) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        asinh({{ expression }})
    {%- else -%}
        signum({{ expression }}) * log1p(
            abs({{ expression }}) + ({{ expression }}) * ({{ expression }})
            / (1 + sqrt(({{ expression }}) * ({{ expression }}) + 1))
        )
    {%- endif -%}
{%- endmacro %}
