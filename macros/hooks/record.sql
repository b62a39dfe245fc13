{#-
    Record that a command which builds has started, so that an interrupted one is not taken for the
    build before it. Runs once the files of the drop can be read: a drop whose files cannot be read
    changes nothing. One with too many rows to quarantine is refused later, before
    `stg_bank__clients` is built: the warehouse then holds a part of this build, recorded as failed.
-#}
{% macro record_start() -%}
    {%- if execute and bank_warehouse.engine() == 'duckdb' and bank_warehouse.is_building() -%}
        {%- do bank_warehouse.write_record(
            {'command': flags.WHICH, 'source': bank_warehouse.source_of_raw_data()}
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Record beside the warehouse what this command has built and tested: contracts and fingerprints
    of all marts, for the publisher to compare. A command that built a part, or failed, is recorded
    too, so that nobody publishes after it. Runs at the end of every build.
-#}
{% macro record_build(results) -%}
    {%- if execute and bank_warehouse.engine() == 'duckdb' -%}
        {%- set ran = results | rejectattr('status', 'equalto', 'skipped') | list -%}
        {%- set done = ran | map(attribute='node.unique_id') | list -%}
        {%- set failed = ran | rejectattr('status', 'in', ['success', 'pass', 'no-op'])
            | map(attribute='node.name') | list -%}
        {%- if bank_warehouse.is_building() or (flags.WHICH == 'test' and failed) -%}
            {%- do bank_warehouse.write_record(bank_warehouse.told_of_build(done, failed)) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- What is recorded of a build, by the nodes that were done and those that failed. -#}
{% macro told_of_build(done, failed) -%}
    {%- set not_run = graph.nodes.values()
        | selectattr('resource_type', 'in', ['model', 'seed', 'test', 'snapshot'])
        | rejectattr('config.materialized', 'equalto', 'ephemeral')
        | rejectattr('unique_id', 'in', done) | map(attribute='name') | list -%}
    {%- set settings = {} -%}
    {%- for name in [
        'raw_date_format', 'raw_decimal_mark', 'raw_money_rounding', 'near_duplicates',
        'max_quarantine_rate', 'false_discovery_rate', 'exact_ranks_limit', 'inference_seed',
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {%- set models = bank_warehouse.described_marts() -%}
    {%- set fingerprints = {} -%}
    {%- set reading = [] -%}
    {%- set near_duplicates = none -%}
    {%- if not failed and not not_run -%}
        {%- set relations = [] -%}
        {%- for model in models -%}
            {%- do relations.append(model.schema ~ '.' ~ model.name) -%}
        {%- endfor -%}
        {%- set query = bank_warehouse.call_package('fingerprints_query', [relations | join(',')]) -%}
        {%- for row in run_query(query).rows -%}
            {%- do fingerprints.update(
                {row[0]: {'rows': row[1] | int, 'hash': row[2] | string, 'columns': row[3]}}
            ) -%}
        {%- endfor -%}
        {%- set near_duplicates = run_query(
            'select coalesce(sum(occurrences), 0) from '
            ~ bank_warehouse.built_relation('base_bank__client_near_duplicates')
        ).rows[0][0] | int -%}
        {%- set reading = fromjson(run_query(
            "select coalesce(cast(to_json(list(files order by file)) as string), '[]') from ("
            ~ 'select source_file as file, row_count as rows, date_formats, date_basis, dates_undecided, '
            ~ 'amounts_undecided, decimal_comma_columns, currency from '
            ~ bank_warehouse.built_relation('base_bank__client_files') ~ ') as files'
        ).rows[0][0]) -%}
    {%- endif -%}
    {{ return({
        'invocation_id': invocation_id,
        'project_dir': invocation_args_dict.project_dir,
        'target_path': flags.TARGET_PATH or 'target',
        'command': flags.WHICH,
        'nodes': done | length,
        'failed': failed,
        'not_run': not_run,
        'is_empty': flags.EMPTY or false,
        'reading': reading,
        'near_duplicates': near_duplicates,
        'source': bank_warehouse.source_of_raw_data(),
        'raw_dir': env_var('BANK_RAW_DIR', ''),
        'settings': settings,
        'as_of_date': var('as_of_date') | string,
        'schema_version': var('published_schema_version'),
        'models': models,
        'fingerprints': fingerprints,
    }) }}
{%- endmacro %}

{% macro is_building() -%}
    {{ return(flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'retry', 'clone')) }}
{%- endmacro %}

{% macro source_of_raw_data() -%}
    {{ return('sample' if env_var('BANK_RAW_DIR', '') | trim == '' else 'drop') }}
{%- endmacro %}

{#- Write the record beside the warehouse; a compiler error where that cannot be done. -#}
{% macro write_record(content) -%}
    {%- set message = bank_warehouse.call_package(
        'record_build', [target.path or '', tojson(content)]
    ) -%}
    {%- if message -%}
        {{ exceptions.raise_compiler_error(message) }}
    {%- endif -%}
{%- endmacro %}

{#- The table of a model by its name; a hook at the end of a build knows no ref(). -#}
{% macro built_relation(name) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node.relation_name) }}
    {%- endfor -%}
{%- endmacro %}

{#-
    Contract, description and generic tests of each mart, as the publisher reads them. What lies in
    a database of its own, as the history does, is no part of a warehouse that is published.
-#}
{% macro described_marts() -%}
    {%- set tests = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and node.test_metadata -%}
        {%- do tests.setdefault(node.attached_node, []).append(
            {
                'name': node.test_metadata.name,
                'column': node.column_name,
                'arguments': node.test_metadata.kwargs,
            }
        ) -%}
    {%- endfor -%}
    {%- set models = [] -%}
    {%- for node in graph.nodes.values() if
        node.resource_type == 'model'
        and node.access == 'public'
        and node.database == target.database
    -%}
        {%- do models.append({
            'schema': node.schema,
            'name': node.name,
            'description': node.description,
            'is_published': node.config.meta.get('is_published', true),
            'columns': node.columns.values() | list,
            'tests': tests.get(node.unique_id, []),
        }) -%}
    {%- endfor -%}
    {{ return(models) }}
{%- endmacro %}
