{% macro map_of(key, value) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        map(list({{ key }}), list({{ value }}))
    {%- else -%}
        map_from_entries(collect_list(struct({{ key }}, {{ value }})))
    {%- endif -%}
{%- endmacro %}
