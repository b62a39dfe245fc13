{% macro format_date(date_expression, date_format) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        strftime({{ date_expression }}, '{{ date_format }}')
    {%- else -%}
        date_format({{ date_expression }}, '{{ date_format
            | replace('%d', 'dd') | replace('%m', 'MM') | replace('%b', 'MMM')
            | replace('%Y', 'yyyy') | replace('%y', 'yy') }}')
    {%- endif -%}
{%- endmacro %}
