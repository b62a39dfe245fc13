{#- DuckDB multiplies decimals of up to 18 digits six times as fast as longer ones. -#}
{% macro sum_of_squares(column) -%}
    {%- set square = bank_warehouse.money_product(column, column) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {%- set limit = bank_warehouse.short_product_limit() -%}
        {%- set is_small = column ~ ' > -' ~ limit ~ ' and ' ~ column ~ ' < ' ~ limit -%}
        {%- set amount = 'cast(' ~ column ~ ' as decimal(18, 2))' -%}
        coalesce(sum(case when {{ is_small }} then {{ amount }} * {{ amount }} end), 0)
        + coalesce(sum(case when not ({{ is_small }}) then {{ square }} end), 0)
    {%- else -%}
        coalesce(sum({{ square }}), 0)
    {%- endif -%}
{%- endmacro %}
