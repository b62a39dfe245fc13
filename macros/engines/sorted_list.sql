{#- The values of an expression that are not null as a list, the smallest first. -#}
{% macro sorted_list(expression) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        list_sort(list({{ expression }}))
    {%- else -%}
        sort_array(collect_list({{ expression }}))
    {%- endif -%}
{%- endmacro %}
