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

{% macro show_failed_tests(results) -%}
    {%- set failed = results | selectattr('node.resource_type', 'equalto', 'test')
        | selectattr('status', 'in', ['fail', 'warn']) | list -%}
    {%- if execute and failed -%}
        {%- set known = bank_warehouse.reference_texts() -%}
        {%- for result in failed[:5] -%}
            {%- do log(bank_warehouse.failed_test_message(result, known), info=true) -%}
        {%- endfor -%}
        {%- if failed | length > 5 -%}
            {%- do log(
                failed | length - 5 ~ ' more tests failed. `dbt test --select <name>` shows the rows '
                ~ 'of one.', info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro failed_test_message(result, known) -%}
    {%- set node = result.node -%}
    {%- set sql = node.compiled_code -%}
    {%- set found = run_query('select * from (' ~ sql ~ '\n) as failures limit 3') -%}
    {%- set lines = [node.name ~ ' failed (' ~ node.original_file_path ~ '). First rows:'] -%}
    {%- for row in found.rows -%}
        {%- for column in found.column_names -%}
            {%- do lines.append(
                ('  - ' if loop.first else '    ') ~ column ~ ': '
                ~ bank_warehouse.printable(column, row[loop.index0], node, known)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if node.description -%}
        {%- do lines.append('What it promises: ' ~ node.description | trim) -%}
    {%- endif -%}
    {%- if node.config.meta.get('remedy') -%}
        {%- do lines.append('What to do: ' ~ node.config.meta.get('remedy') | trim) -%}
    {%- endif -%}
    {%- do lines.append('Its SQL: ' ~ node.compiled_path) -%}
    {%- set command = bank_warehouse.command_to_run(node) -%}
    {%- if command -%}
        {%- do lines.append('All rows: ' ~ command) -%}
    {%- endif -%}
    {{ return(lines | join('\n')) }}
{%- endmacro %}

{#-
    A value of a failing row as it may be printed: a key with its middle hidden, nothing of a column
    that names a person. A text of another column is printed where the test itself or a seed of the
    project holds it; any other may be somebody's name, and only its length is printed. As
    python_checks/expectations/masking.py does.
-#}
{% macro printable(column, value, node, known) -%}
    {#- Generic tests of one column give it a name of their own. -#}
    {%- set name = (
        node.column_name or column
        if column in ('unique_field', 'from_field', 'value_field') else column
    ) | lower -%}
    {%- set text = value | string -%}
    {%- if value is none -%}
        {{ return('null') }}
    {%- elif name in bank_warehouse.personal_columns() -%}
        {{ return('(hidden)') }}
    {%- elif name in ('customer_key', 'client_key') -%}
        {{ return(text if text | length < 9 else text[:4] ~ '…' ~ text[-4:]) }}
    {%- elif
        value is string
        and text not in known
        and "'" ~ text | replace("'", "''") ~ "'" not in node.compiled_code
    -%}
        {{ return('(text of ' ~ text | length ~ ' characters)') }}
    {%- endif -%}
    {{ return(text if text | length <= 200 else text[:199] ~ '…') }}
{%- endmacro %}

{% macro personal_columns() -%}
    {{ return([
        'name', 'client_id', 'client id', 'client_name', 'banking_contact', 'banking contact',
        'location_id', 'location id', 'raw_text', 'raw_line',
    ]) }}
{%- endmacro %}

{#- The texts of the reference seeds, some hundreds. -#}
{% macro reference_texts() -%}
    {%- set selects = [] -%}
    {%- for node in graph.nodes.values() -%}
        {%- if node.resource_type == 'seed' and node.fqn[1] == 'reference' -%}
            {%- set seed = adapter.get_relation(node.database, node.schema, node.name) -%}
            {%- for column in (adapter.get_columns_in_relation(seed) if seed else []) -%}
                {%- if column.is_string() -%}
                    {%- do selects.append(
                        'select ' ~ adapter.quote(column.name) ~ ' as content from ' ~ seed
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(selects | join(' union ')).columns[0].values() if selects else []) }}
{%- endmacro %}

{#- The shell command that runs the compiled SQL of a test; empty where there is none. -#}
{% macro command_to_run(node) -%}
    {%- if bank_warehouse.engine() != 'duckdb' or target.path == ':memory:' -%}
        {{ return('') }}
    {%- endif -%}
    {%- set history = bank_warehouse.history_database() -%}
    {%- set attached = '' -%}
    {%- if adapter.quote(history) ~ '.' in node.compiled_code -%}
        {%- set path = run_query(
            "select path from duckdb_databases() where database_name = '" ~ history ~ "'"
        ).rows[0][0] -%}
        {%- set attached = ' -cmd "attach \'' ~ path ~ "' as " ~ history ~ ' (read_only)"' -%}
    {%- endif -%}
    {{ return(
        'duckdb -readonly "' ~ target.path ~ '"' ~ attached ~ ' -f "' ~ node.compiled_path ~ '"'
    ) }}
{%- endmacro %}
