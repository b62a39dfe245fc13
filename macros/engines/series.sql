{% macro series(first, last, step=1) -%}
    {{ 'generate_series' if bank_warehouse.engine() == 'duckdb' else 'sequence' -}}
    ({{ first }}, {{ last }}, {{ step }})
{%- endmacro %}
