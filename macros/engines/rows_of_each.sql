{#- Spark takes a second for each select of a union; in DuckDB, a union is faster than unnest. -#}
{% macro rows_of_each(relation, rows) -%}
    {%- if bank_warehouse.engine() == 'duckdb' %}
    {%- for row in rows %}
    {{- '\n\n    union all\n' if not loop.first }}
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
    select made.{{ rows[0].columns | join(', made.') }}
    from {{ relation }}
    lateral view explode(array(
        {%- for row in rows %}
        {{ 'case when ' ~ row.condition ~ ' then' if row.condition }}
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
