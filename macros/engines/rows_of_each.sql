{#-
    Spark plans, compiles and schedules each select of a union separately, about a second for each.
    On DuckDB, unnesting a list takes longer than a union.
-#}
{% macro rows_of_each(relation, rows) -%}
    {%- if bank_warehouse.engine() == 'duckdb' %}
    {%- for row in rows %}
    {%- if not loop.first %}

    union all
    {%- endif %}

    select
        {%- for name, expression in row.columns.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    {%- if row.condition %}
    where {{ row.condition }}
    {%- endif %}
    {%- endfor %}
    {%- else %}
    select
        {%- for name in rows[0].columns %}
        made.{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    lateral view explode(array(
        {%- for row in rows %}
        {%- if row.condition %}
        case when {{ row.condition }} then
        {%- endif %}
        named_struct(
            {%- for name, expression in row.columns.items() %}
            '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
            {%- endfor %}
        ){{ ' end' if row.condition }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) listed as made
    where made is not null
    {%- endif %}
{%- endmacro %}
