{#-
    The statement that counts the failures of a test, as in dbt, but with --empty no failure counts:
    tables have no rows, so a test only proves that its SQL runs. dbt prefers the project's macro to
    its own.
-#}
{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {%- set counted -%}
        {%- if flags.EMPTY -%}
            select * from ({{ main_sql }}) as failures where false
        {%- else -%}
            {{ main_sql }}
        {%- endif -%}
    {%- endset -%}
    {{ return(dbt.default__get_test_sql(counted, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}
