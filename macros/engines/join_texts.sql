{% macro join_texts(text, order_by) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        string_agg({{ text }}, '; ' order by {{ order_by }})
    {%- else -%}
        listagg({{ text }}, '; ') within group (order by {{ order_by }})
    {%- endif -%}
{%- endmacro %}
