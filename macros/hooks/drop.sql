{#-
    Refuse a drop that cannot be read, with all that is wrong with it, before a seed is loaded or a
    model built. Runs at the start of every build. Spark's copies of the tables are made when each is
    read; the plan of one is that of all.
-#}
{% macro check_drop() -%}
    {%- if
        execute and flags.WHICH in ('run', 'build', 'seed') and env_var('BANK_RAW_DIR', '') != ''
        and bank_warehouse.engine() == 'duckdb'
    -%}
        {%- do bank_warehouse.ask_reader(
            'raw_plan', ['clients', env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings()]
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Say how much disk a build of so many customers needs on DuckDB, with its tests unless it is `dbt
    run`; stop it where there is too little.
-#}
{% macro require_room(rows) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {%- set room = bank_warehouse.ask_reader(
            'room', [target.path or '', rows, flags.WHICH != 'run']
        ) -%}
        {%- if room['said'] -%}
            {%- do log('Raw drop: ' ~ room['said'], info=true) -%}
        {%- endif -%}
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

{% macro changed_files_message() -%}
    {{ return(
        bank_warehouse.call_package('raw_changed', [env_var('BANK_RAW_DIR')])
        if bank_warehouse.engine() == 'duckdb' else ''
    ) }}
{%- endmacro %}
