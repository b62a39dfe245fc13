{% macro days_between(first_date, second_date) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {{ second_date }} - {{ first_date }}
    {%- else -%}
        datediff({{ second_date }}, {{ first_date }})
    {%- endif -%}
{%- endmacro %}
