{#- The database in which the history is kept: a file of its own, so that it outlives a warehouse. -#}
{% macro history_database() -%}
    {{ return(adapter.dispatch('history_database', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro default__history_database() -%}
    {{ return(none) }}
{%- endmacro %}

{% macro duckdb__history_database() -%}
    {{ return('history') }}
{%- endmacro %}

{#-
    How a date is written into the history. On DuckDB `forget_date_statements` has taken the old
    rows out in the same transaction; other engines replace the partition of the date.
-#}
{% macro history_strategy() -%}
    {{ return(adapter.dispatch('history_strategy', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro default__history_strategy() -%}
    {{ return('insert_overwrite') }}
{%- endmacro %}

{% macro duckdb__history_strategy() -%}
    {{ return('append') }}
{%- endmacro %}

{#- The columns by which the history is partitioned; none where the engine has no partitions. -#}
{% macro history_partitions() -%}
    {{ return(adapter.dispatch('history_partitions', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro default__history_partitions() -%}
    {{ return(['as_of_date']) }}
{%- endmacro %}

{% macro duckdb__history_partitions() -%}
    {{ return(none) }}
{%- endmacro %}

{#-
    How the comparisons of dates are kept: each one once it is made where rows can be taken out
    together with those of the history, else all made anew.
-#}
{% macro migrations_materialization() -%}
    {{ return(adapter.dispatch('migrations_materialization', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro default__migrations_materialization() -%}
    {{ return('table') }}
{%- endmacro %}

{% macro duckdb__migrations_materialization() -%}
    {{ return('incremental') }}
{%- endmacro %}

{#-
    The statements that take a date out of the history, and with it every comparison that it has a
    part in or stands between. Both tables are in one file, so one transaction holds both. A hook
    before fct_customer_history, which then writes the date anew. With --empty nothing goes.
-#}
{% macro forget_date_statements(as_of_date) -%}
    {{ return(adapter.dispatch('forget_date_statements', 'bank_warehouse')(as_of_date)) }}
{%- endmacro %}

{% macro default__forget_date_statements(as_of_date) -%}
{%- endmacro %}

{% macro duckdb__forget_date_statements(as_of_date) -%}
    {%- if execute and not flags.EMPTY -%}
        {%- set forgotten = "cast('" ~ as_of_date ~ "' as date)" -%}
        {%- set tables = [
            ['marts', 'fct_customer_history', 'as_of_date = ' ~ forgotten],
            [
                'intermediate', 'int_customers_migrated',
                'from_date <= ' ~ forgotten ~ ' and to_date >= ' ~ forgotten,
            ],
        ] -%}
        {%- for schema, name, condition in tables -%}
            {%- set relation = adapter.get_relation(
                bank_warehouse.history_database(), schema, name
            ) -%}
            {%- if relation %}
    delete from {{ relation }} where {{ condition }};
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop before a date of one bank is written into the history of another: no customer of the drop is
    there at the same date, at the one before it or at the one after it. A hook before
    fct_customer_history.
-#}
{% macro require_same_bank(as_of_date) -%}
    {%- if execute and not flags.EMPTY -%}
        {%- set history = adapter.get_relation(
            bank_warehouse.history_database() or target.database, 'marts', 'fct_customer_history'
        ) -%}
        {%- if history -%}
            {%- set neighbours = run_query(
                "select history.as_of_date, count(customers.customer_key) from " ~ history
                ~ " as history left join " ~ ref('int_customers_segmented') ~ " as customers"
                ~ " on history.customer_key = customers.customer_key where history.as_of_date in ("
                ~ "select max(as_of_date) from " ~ history ~ " where as_of_date < '" ~ as_of_date
                ~ "' union all select min(as_of_date) from " ~ history ~ " where as_of_date > '"
                ~ as_of_date ~ "' union all select cast('" ~ as_of_date ~ "' as date))"
                ~ " group by history.as_of_date order by history.as_of_date"
            ).rows -%}
            {%- for neighbour in neighbours if not neighbour[1] -%}
                {{ exceptions.raise_compiler_error(
                    'No customer of this drop is in the history at ' ~ neighbour[0] ~ ': it is the '
                    ~ 'history of another bank. Nothing was written to it. Name another warehouse for '
                    ~ 'this bank, set BANK_HISTORY to a file of its own, or take the wrong date out '
                    ~ 'with `dbt run-operation forget_date`.'
                ) }}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- `dbt run-operation forget_date --args '{as_of_date: 2022-01-31}'`: take a date out. -#}
{% macro forget_date(as_of_date) -%}
    {%- set statements = bank_warehouse.forget_date_statements(as_of_date) | trim -%}
    {%- if execute -%}
        {%- if not statements -%}
            {{ exceptions.raise_compiler_error(
                'There is no history to forget a date of. `bank build` makes one.'
            ) }}
        {%- endif -%}
        {%- set history = adapter.get_relation(
            bank_warehouse.history_database(), 'marts', 'fct_customer_history'
        ) -%}
        {%- set rows = run_query(
            "select count(*) from " ~ history ~ " where as_of_date = cast('" ~ as_of_date
            ~ "' as date)"
        ).rows[0][0] | int -%}
        {%- if not rows -%}
            {%- set file = run_query(
                "select path from duckdb_databases() where database_name = 'history'"
            ).rows[0][0] -%}
            {{ exceptions.raise_compiler_error(as_of_date ~ ' is not in the history ' ~ file ~ '.') }}
        {%- endif -%}
        {%- call statement('forget_date', auto_begin=true) -%}
            {{ statements }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
        {%- do log(
            as_of_date ~ ' is forgotten, ' ~ rows ~ ' rows. The next build compares the dates '
            ~ 'before and after it.', info=true
        ) -%}
    {%- endif -%}
{%- endmacro %}
