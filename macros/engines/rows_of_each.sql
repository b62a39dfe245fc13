{#- Spark takes a second for each select of a union; in DuckDB, a union is faster than unnest. -#}
{% macro rows_of_each(relation, rows, count_as=none) -%}
    {%- if bank_warehouse.engine() == 'duckdb' %}
    {%- for row in rows %}
    {{- '\n\n    union all\n' if not loop.first }}
    select
        {%- for name, expression in row.columns.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last or count_as }}
        {%- endfor %}
        {{- '\n        count(*) as ' ~ count_as if count_as }}
    from {{ relation }}
    {{- '\n    where ' ~ row.condition if row.condition }}
    {{- '\n    group by all' if count_as }}
    {%- endfor %}
    {%- else %}
    select made.{{ rows[0].columns | join(', made.') }}{{ ', count(*) as ' ~ count_as if count_as }}
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
    {{- '\n    group by all' if count_as }}
    {%- endif %}
{%- endmacro %}
