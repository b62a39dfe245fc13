{#-
    Refuse an unreadable drop, and list all its problems, before a seed is loaded or a model is
    built. Runs at the start of every build. On Spark each table is copied when it is read, and all
    tables share one plan.
-#}
{% macro check_drop() -%}
    {%- if
        execute and flags.WHICH in ('run', 'build', 'seed') and env_var('BANK_RAW_DIR', '') != ''
        and bank_warehouse.engine() == 'duckdb'
    -%}
        {%- do bank_warehouse.call_package('raw_plan', [
            'clients', env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings()
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop the build if a file of the drop has changed since its read was planned, because it may have
    been read in part. A hook after base_bank__clients, which reads the drop; the model is then
    rolled back.
-#}
{% macro refuse_changed_files() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set message = bank_warehouse.changed_files_message() -%}
        {%- if message -%}
            {{ exceptions.raise_compiler_error(message) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro changed_files_message() -%}
    {%- set raw_dir = env_var('BANK_RAW_DIR', '') -%}
    {{ return(
        bank_warehouse.call_package('raw_changes', [raw_dir])
        if raw_dir != '' and bank_warehouse.engine() == 'duckdb' else ''
    ) }}
{%- endmacro %}
