{#- With --empty, failures are not counted. dbt prefers this macro to its built-in one. -#}
{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {%- set counted = 'select * from (' ~ main_sql ~ '\n) as failures where false' -%}
    {{ return(dbt.default__get_test_sql(
        counted if flags.EMPTY else main_sql, fail_calc, warn_if, error_if, limit
    )) }}
{%- endmacro %}
