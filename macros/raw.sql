{#- The columns of each raw table: the name in the warehouse and the header it is delivered under. -#}
{% macro raw_columns(table) -%}
    {{ return({
        'clients': {
            'client_id': 'Client ID',
            'name': 'Name',
            'age': 'Age',
            'location_id': 'Location ID',
            'joined_bank': 'Joined Bank',
            'banking_contact': 'Banking Contact',
            'nationality': 'Nationality',
            'occupation': 'Occupation',
            'fee_structure': 'Fee Structure',
            'loyalty_classification': 'Loyalty Classification',
            'estimated_income': 'Estimated Income',
            'superannuation_savings': 'Superannuation Savings',
            'amount_of_credit_cards': 'Amount of Credit Cards',
            'credit_card_balance': 'Credit Card Balance',
            'bank_loans': 'Bank Loans',
            'bank_deposits': 'Bank Deposits',
            'checking_accounts': 'Checking Accounts',
            'saving_accounts': 'Saving Accounts',
            'foreign_currency_account': 'Foreign Currency Account',
            'business_lending': 'Business Lending',
            'properties_owned': 'Properties Owned',
            'risk_weighting': 'Risk Weighting',
            'br_id': 'BRId',
            'gender_id': 'GenderId',
            'ia_id': 'IAId',
        },
        'banking_relationships': {
            'br_id': 'BRId',
            'banking_relationship': 'Banking Relationship',
        },
        'genders': {
            'gender_id': 'GenderId',
            'gender': 'Gender',
        },
        'investment_advisors': {
            'ia_id': 'IAId',
            'investment_advisor': 'Investment Advisor',
        },
    }[table]) }}
{%- endmacro %}

{#-
    A raw table as a subquery: every column of raw_columns as text, and with it source_file,
    structural_fault and raw_line. From the seeds, or from the folder BANK_RAW_DIR where it is set.
-#}
{% macro raw_table(table) -%}
    {%- if env_var('BANK_RAW_DIR', '') == '' -%}
        (
            select
                {%- for column, header in bank_warehouse.raw_columns(table).items() %}
                {{ adapter.quote(header) }} as {{ column }},
                {%- endfor %}
                'seeds/raw/raw_{{ table }}.csv' as source_file,
                cast(null as string) as structural_fault,
                cast(null as string) as raw_line
            from {{ ref('raw_' ~ table) }}
        )
    {%- else -%}
        {#- Named for the lineage; the plan below says how its files are read. -#}
        {%- set drop_source = source('bank', table) -%}
        {%- set query = bank_warehouse.raw_drop_query(table) -%}
        ({{ 'select * from (' ~ query ~ ') where false limit 0' if flags.EMPTY else query }})
    {%- endif -%}
{%- endmacro %}

{#- The query that reads one table of the drop folder; a compiler error where it cannot be read. -#}
{% macro raw_drop_query(table) -%}
    {%- if not execute -%}
        {{ return('select 1') }}
    {%- endif -%}
    {%- set plan = fromjson(bank_warehouse.raw_plan(table)) -%}
    {%- if plan['error'] -%}
        {{ exceptions.raise_compiler_error(plan['error']) }}
    {%- endif -%}
    {%- for warning in plan['warnings'] -%}
        {%- do log('Raw drop: ' ~ warning, info=true) -%}
    {%- endfor -%}
    {%- if table == 'clients' and flags.WHICH in ('run', 'build') and target.type == 'duckdb' -%}
        {%- do bank_warehouse.require_room(plan['rows']) -%}
    {%- endif -%}
    {{ return(plan['sql']) }}
{%- endmacro %}

{#-
    Refuse a drop that cannot be read, with all that is wrong with it, before a seed is loaded or a
    model built. Runs at the start of every build. Dispatched.
-#}
{% macro check_drop() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed') and env_var('BANK_RAW_DIR', '') != '' -%}
        {%- do adapter.dispatch('check_drop', 'bank_warehouse')() -%}
    {%- endif -%}
{%- endmacro %}

{#- Spark's copies of the tables are made when each is read; the plan of one is that of all. -#}
{% macro default__check_drop() -%}
{%- endmacro %}

{% macro duckdb__check_drop() -%}
    {%- set plan = fromjson(bank_warehouse.raw_plan('clients')) -%}
    {%- if plan['error'] -%}
        {{ exceptions.raise_compiler_error(plan['error']) }}
    {%- endif -%}
{%- endmacro %}

{#- The plan by which a table of the drop folder is read, as JSON. Dispatched. -#}
{% macro raw_plan(table) -%}
    {{ return(adapter.dispatch('raw_plan', 'bank_warehouse')(table)) }}
{%- endmacro %}

{% macro duckdb__raw_plan(table) -%}
    {%- set call -%}
        select bank_raw_plan(
            '{{ table }}',
            '{{ env_var("BANK_RAW_DIR") | replace("'", "''") }}',
            '{{ bank_warehouse.raw_settings() | replace("'", "''") }}'
        )
    {%- endset -%}
    {{ return(run_query(call).rows[0][0]) }}
{%- endmacro %}

{#- Spark reads a copy of the table, which is made here. -#}
{% macro spark__raw_plan(table) -%}
    {{ return(adapter.raw_copy_plan(
        table,
        env_var('BANK_RAW_DIR'),
        bank_warehouse.raw_settings()
    )) }}
{%- endmacro %}

{#-
    Say how much disk a build of so many customers needs, with its tests unless it is `dbt run`; stop
    it where there is too little.
-#}
{% macro require_room(rows) -%}
    {%- set call -%}
        select bank_room(
            '{{ (target.path or '') | replace("'", "''") }}', {{ rows }}, {{ flags.WHICH != 'run' }}
        )
    {%- endset -%}
    {%- set room = fromjson(run_query(call).rows[0][0]) -%}
    {%- if room['error'] -%}
        {{ exceptions.raise_compiler_error(room['error']) }}
    {%- endif -%}
    {%- if room['said'] -%}
        {%- do log('Raw drop: ' ~ room['said'], info=true) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build where a file of the drop is no longer what it was when its read was planned: it
    may have been read in part. A hook behind base_bank__clients, which reads the drop: the model
    is rolled back then.
-#}
{% macro refuse_changed_files() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and env_var('BANK_RAW_DIR', '') != '' -%}
        {%- set message = bank_warehouse.changed_files_message() -%}
        {%- if message -%}
            {{ exceptions.raise_compiler_error(message) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#-
    After a failure, say the likely cause and what to do where the engine's own message does not:
    the disk is full, or the clients changed while they were read. Runs at the end of every build.
-#}
{% macro explain_failure(results) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed') -%}
        {%- for result in results if result.status == 'error' -%}
            {%- set said = result.message or '' -%}
            {%- if 'No space left on device' in said or 'File too large' in said -%}
                {%- set is_history = result.node.database != target.database -%}
                {{ exceptions.raise_compiler_error(
                    'The disk is full: '
                    ~ ('the history' if is_history else 'the warehouse ' ~ (target.path or target.name))
                    ~ ' could not be written. Make room there, or set '
                    ~ ('BANK_HISTORY' if is_history else 'BANK_WAREHOUSE') ~ ' to a file on '
                    ~ 'another disk, then build again. What is published is as it was.'
                ) }}
            {%- elif 'LOCATION_ALREADY_EXISTS' in said -%}
                {{ exceptions.raise_compiler_error(
                    result.node.schema ~ '.' ~ result.node.name ~ ' could not be written: files of '
                    ~ 'it are left from a build that was stopped while it wrote. Remove the folder '
                    ~ 'that the message above names, then build again.'
                ) }}
            {%- elif result.node.name == 'fct_customer_history' and 'out of sync' in said -%}
                {{ exceptions.raise_compiler_error(
                    'fct_customer_history has other columns than the history that is kept, which '
                    ~ 'no build makes anew. Change the table in the file of the history to the new '
                    ~ 'columns, once, as docs/history.md says under "When its columns change", or '
                    ~ 'go back to the columns that it has. Nothing was changed in it.'
                ) }}
            {%- elif
                result.node.name == 'base_bank__clients' and env_var('BANK_RAW_DIR', '') != ''
            -%}
                {%- set message = bank_warehouse.changed_files_message() -%}
                {%- if message and message not in said -%}
                    {{ exceptions.raise_compiler_error(message) }}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Which files of the drop changed since their read was planned, as a message; empty if none. -#}
{% macro changed_files_message() -%}
    {{ return(adapter.dispatch('changed_files_message', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro default__changed_files_message() -%}
    {{ return('') }}
{%- endmacro %}

{% macro duckdb__changed_files_message() -%}
    {%- set call -%}
        select bank_raw_changed('{{ env_var("BANK_RAW_DIR") | replace("'", "''") }}')
    {%- endset -%}
    {{ return(run_query(call).rows[0][0]) }}
{%- endmacro %}

{#-
    Where a row of a relation stands in the order of its file: rows that follow each other in a file
    have numbers that do. Unit tests override it: a fixture has no physical order. With --empty a
    relation is a subquery without rows, in which no engine knows places.
-#}
{% macro record_position(relation) -%}
    {%- if relation.limit is defined and relation.limit is not none -%}
        {{ return('cast(null as bigint)') }}
    {%- endif -%}
    {{ return(adapter.dispatch('record_position', 'bank_warehouse')(relation)) }}
{%- endmacro %}

{% macro duckdb__record_position(relation) -%}
    rowid
{%- endmacro %}

{#-
    Spark numbers the rows of each file of a table; before them come the rows of the files before.
    The files of a table are named in the order in which its rows were read.
-#}
{% macro spark__record_position(relation) -%}
    _metadata.row_index + element_at(
        (
            select map_from_entries(collect_list(struct(file_name, rows_before)))
            from (
                select
                    file_name,
                    coalesce(
                        sum(row_count) over (
                            order by file_name
                            rows between unbounded preceding and 1 preceding
                        ),
                        0
                    ) as rows_before
                from (
                    select
                        _metadata.file_name as file_name,
                        count(*) as row_count
                    from {{ relation }}
                    group by all
                ) as files
            ) as numbered
        ),
        _metadata.file_name
    )
{%- endmacro %}

{#-
    Stands before the bracket of a CTE whose one row is joined to a file that is read: it is computed
    first. DuckDB gives up the order of a file, and with it the place of a row, where a grouping is
    part of the same reading and more than one thread reads.
-#}
{% macro computed_before() -%}
    {{ return(adapter.dispatch('computed_before', 'bank_warehouse')()) }}
{%- endmacro %}

{% macro duckdb__computed_before() -%}
    materialized
{%- endmacro %}

{#- Spark has no such word, and numbers the rows of the copy that it reads. -#}
{% macro spark__computed_before() -%}
{%- endmacro %}
