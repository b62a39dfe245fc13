{% macro explain_failure(results) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed') and bank_warehouse.has_package() -%}
        {%- set failed = [] -%}
        {%- for result in results if result.status == 'error' -%}
            {%- do failed.append([
                result.node.database | default(''), result.node.schema | default(''),
                result.node.name, result.message or '',
            ]) -%}
        {%- endfor -%}
        {%- do bank_warehouse.call_package('explain_failure', [
            failed, target.path or target.name, target.database | default(''),
            env_var('BANK_RAW_DIR', ''),
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{% macro show_failed_tests(results) -%}
    {%- set failed = results | selectattr('node.resource_type', 'equalto', 'test')
        | selectattr('status', 'in', ['fail', 'warn']) | list -%}
    {%- if execute and failed and bank_warehouse.has_package() -%}
        {%- for result in failed[:5] -%}
            {%- do log(bank_warehouse.failed_test_message(result.node), info=true) -%}
        {%- endfor -%}
        {%- if failed | length > 5 -%}
            {%- do log(
                'Tests that failed or warned besides these: ' ~ (failed | length - 5)
                ~ '. `dbt test --select <name>` shows the rows of one.', info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro failed_test_message(node) -%}
    {%- set found = run_query('select * from (' ~ node.compiled_code ~ '\n) as failures limit 3') -%}
    {%- set rows = [] -%}
    {%- for row in found.rows -%}
        {%- set values = [] -%}
        {%- for value in row -%}
            {%- do values.append(
                none if value is none else {'text': value | string, 'is_text': value is string}
            ) -%}
        {%- endfor -%}
        {%- do rows.append(values) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.call_package('failed_test_message', [
        {
            'name': node.name,
            'path': node.original_file_path,
            'column_name': node.column_name | default(none),
            'description': node.description,
            'remedy': node.config.meta.get('remedy'),
            'sql': node.compiled_code,
            'compiled_path': node.compiled_path | string,
        },
        found.column_names | list, rows, invocation_args_dict.project_dir | string,
        [target.path, bank_warehouse.history_file()] if bank_warehouse.engine() == 'duckdb' else none,
    ])) }}
{%- endmacro %}

{% macro personal_columns() -%}
    {{ return([
        'name', 'client_id', 'client id', 'client_name', 'banking_contact', 'banking contact',
        'location_id', 'location id', 'raw_text', 'raw_line',
    ]) }}
{%- endmacro %}
