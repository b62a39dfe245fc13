{% macro history_database() -%}
    {{ return('history' if bank_warehouse.engine() == 'duckdb' else none) }}
{%- endmacro %}

{% macro history_file() -%}
    {{ return(run_query(
        "select max(path) from duckdb_databases() where database_name = '"
        ~ bank_warehouse.history_database() ~ "'"
    ).rows[0][0]) }}
{%- endmacro %}

{#- Empty on Spark, where a build replaces the partition of the date. -#}
{% macro delete_date_statements(as_of_date) -%}
    {%- if execute and not flags.EMPTY and bank_warehouse.engine() == 'duckdb' -%}
        {%- set deleted = "cast('" ~ as_of_date ~ "' as date)" -%}
        {%- for schema, name, condition in [
            ('marts', 'fct_customer_history', 'as_of_date = ' ~ deleted),
            ('intermediate', 'int_customers_migrated', deleted ~ ' between from_date and to_date'),
        ] -%}
            {%- set relation = adapter.get_relation(
                bank_warehouse.history_database(), schema, name
            ) -%}
            {{ 'delete from ' ~ relation ~ ' where ' ~ condition ~ ';\n' if relation }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Of this date and the ones before and after it, finds those that share no customer. -#}
{% macro require_same_bank(as_of_date) -%}
    {%- set history = adapter.get_relation(
        bank_warehouse.history_database() or target.database, 'marts', 'fct_customer_history'
    ) if execute and not flags.EMPTY -%}
    {%- set strange = run_query(
        "select history.as_of_date from " ~ history ~ " as history left join "
        ~ ref('int_customers_segmented') ~ " as customers"
        ~ " on history.customer_key = customers.customer_key where history.as_of_date in ("
        ~ "select max(as_of_date) from " ~ history ~ " where as_of_date < '" ~ as_of_date
        ~ "' union all select min(as_of_date) from " ~ history ~ " where as_of_date > '"
        ~ as_of_date ~ "' union all select cast('" ~ as_of_date ~ "' as date))"
        ~ " group by history.as_of_date having count(customers.customer_key) = 0"
        ~ " order by history.as_of_date"
    ).rows if history else [] -%}
    {%- if strange | length > 0 -%}
        {{ exceptions.raise_compiler_error(
            'No customer of this drop is in the history at ' ~ strange[0][0] ~ ': that date seems to '
            ~ 'be of another bank. Nothing was written to the history. Name another warehouse or, on '
            ~ 'DuckDB, set BANK_HISTORY to a file for this bank only. To remove a wrong date on DuckDB, '
            ~ "run `dbt run-operation forget_date --args '{as_of_date: " ~ strange[0][0] ~ "}'`."
        ) }}
    {%- endif -%}
{%- endmacro %}

{% macro forget_date(as_of_date) -%}
    {%- set statements = bank_warehouse.delete_date_statements(as_of_date) | trim -%}
    {%- if not statements -%}
        {{ exceptions.raise_compiler_error(
            'The target has no DuckDB history from which to remove a date. `bank build` makes one.'
        ) }}
    {%- endif -%}
    {%- set rows = run_query(
        "select count(*) from history.marts.fct_customer_history where as_of_date = '"
        ~ as_of_date ~ "'"
    ).rows[0][0] | int -%}
    {%- if not rows -%}
        {{ exceptions.raise_compiler_error(
            as_of_date ~ ' is not in the history ' ~ bank_warehouse.history_file() ~ '.'
        ) }}
    {%- endif -%}
    {%- call statement('forget_date', auto_begin=true) -%}{{ statements }}{%- endcall -%}
    {%- do adapter.commit() -%}
    {%- do log(
        'Removed ' ~ as_of_date ~ ' from the history: ' ~ rows ~ ' rows. The next build compares '
        ~ 'the date before it with the date after it.', info=true
    ) -%}
{%- endmacro %}
