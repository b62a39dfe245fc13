{% macro history_database() -%}
    {{ return('history' if bank_warehouse.engine() == 'duckdb' else none) }}
{%- endmacro %}

{#-
    The statements that remove a date from the history, and every comparison that has this date or
    spans it. Both tables are in one file, so one transaction covers both. A hook before
    fct_customer_history, which then writes the date again. Nothing is removed with --empty, or on
    Spark, which replaces the partition of the date.
-#}
{% macro forget_date_statements(as_of_date) -%}
    {%- if execute and not flags.EMPTY and bank_warehouse.engine() == 'duckdb' -%}
        {%- set forgotten = "cast('" ~ as_of_date ~ "' as date)" -%}
        {%- for schema, name, condition in [
            ('marts', 'fct_customer_history', 'as_of_date = ' ~ forgotten),
            (
                'intermediate', 'int_customers_migrated',
                'from_date <= ' ~ forgotten ~ ' and to_date >= ' ~ forgotten,
            ),
        ] -%}
            {%- set relation = adapter.get_relation(
                bank_warehouse.history_database(), schema, name
            ) -%}
            {%- if relation %}
    delete from {{ relation }} where {{ condition }};
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

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
