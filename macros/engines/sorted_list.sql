{% macro sorted_list(expression) -%}
    {{ 'list_sort(list' if bank_warehouse.engine() == 'duckdb' else 'sort_array(collect_list' -}}
    ({{ expression }}))
{%- endmacro %}
