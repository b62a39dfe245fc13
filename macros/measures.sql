{#-
    Stands behind the `from` of a CTE that aggregates many rows and is read several times: it is
    computed once then. DuckDB does so of itself.
-#}
{% macro computed_once() -%}
    {{ return(
        bank_warehouse.duckdb__computed_once() if bank_warehouse.engine() == 'duckdb'
        else bank_warehouse.spark__computed_once()
    ) }}
{%- endmacro %}

{% macro duckdb__computed_once() -%}
{%- endmacro %}

{#- Spark repeats a CTE wherever it is read, unless a random number stands in it. -#}
{% macro spark__computed_once() -%}
    where rand() < 2
{%- endmacro %}

{#-
    A CTE's body that makes several rows of each row of another CTE, as a union of selects from it
    would. Each of `rows` is the expressions of one of them by the name of their column; all have the
    same columns, of the same types. Where it has a `condition`, only rows that meet it give one.
    Dispatched.
-#}
{% macro rows_of_each(relation, rows) -%}
    {{ return(
        bank_warehouse.duckdb__rows_of_each(relation, rows) if bank_warehouse.engine() == 'duckdb'
        else bank_warehouse.spark__rows_of_each(relation, rows)
    ) }}
{%- endmacro %}

{% macro duckdb__rows_of_each(relation, rows) -%}
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
{%- endmacro %}

{#- Spark plans, compiles and schedules each select of a union by itself: a second or so for each. -#}
{% macro spark__rows_of_each(relation, rows) -%}
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
{%- endmacro %}

{#-
    Stands behind the `as` of a CTE that is read several times and costs less than to be kept: it
    is computed wherever it is read. DuckDB would keep all its rows in memory; Spark does so of
    itself.
-#}
{% macro computed_each_time() -%}
    {{ return(
        bank_warehouse.duckdb__computed_each_time() if bank_warehouse.engine() == 'duckdb'
        else bank_warehouse.spark__computed_each_time()
    ) }}
{%- endmacro %}

{% macro duckdb__computed_each_time() -%}
    not materialized
{%- endmacro %}

{% macro spark__computed_each_time() -%}
{%- endmacro %}
