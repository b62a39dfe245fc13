{#-
    Record that a build has started, so that an interrupted build is not mistaken for the one before
    it. Runs after the files of the drop have been checked: a drop that cannot be read changes
    nothing. A drop with too many quarantined rows is refused later, before `stg_bank__clients` is
    built; the warehouse then holds a part of this build, recorded as failed.
-#}
{% macro record_start() -%}
    {%- if execute and bank_warehouse.engine() == 'duckdb' and bank_warehouse.is_building() -%}
        {%- do bank_warehouse.call_package('record_start', [
            target.path or '',
            {'command': flags.WHICH, 'source': bank_warehouse.source_of_raw_data()},
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Record beside the warehouse what this command has built and tested: contracts and fingerprints
    of all marts, for the publisher to compare. A partial or failed build is recorded too, so that
    it cannot be published. Runs at the end of every build.
-#}
{% macro record_build(results) -%}
    {%- set failed = results
        | rejectattr('status', 'in', ['success', 'pass', 'no-op', 'skipped']) | list -%}
    {%- if
        execute and bank_warehouse.engine() == 'duckdb'
        and (bank_warehouse.is_building() or (flags.WHICH == 'test' and failed))
    -%}
        {%- set settings = {} -%}
        {%- for name in [
            'raw_date_format', 'raw_decimal_mark', 'raw_money_rounding', 'near_duplicates',
            'max_quarantine_rate', 'false_discovery_rate', 'exact_ranks_limit', 'inference_seed',
        ] -%}
            {%- do settings.update({name: var(name)}) -%}
        {%- endfor -%}
        {%- set nodes = [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- set test = node.get('test_metadata') or {} -%}
            {%- set is_public = node.get('access') == 'public' -%}
            {%- do nodes.append({
                'unique_id': node.unique_id,
                'resource_type': node.resource_type,
                'name': node.name,
                'schema': node.schema,
                'database': node.get('database'),
                'relation': node.get('relation_name'),
                'materialized': node.config.materialized,
                'access': node.get('access'),
                'is_published': node.config.meta.get('is_published', true),
                'description': node.description if is_public else '',
                'columns': node.columns.values() | list if is_public else [],
                'test': test.get('name'),
                'arguments': test.get('kwargs'),
                'tested': node.get('attached_node'),
                'column': node.get('column_name'),
            }) -%}
        {%- endfor -%}
        {%- set described = bank_warehouse.call_package('describe_build', [
            {
                'invocation_id': invocation_id,
                'project_dir': invocation_args_dict.project_dir | string,
                'target_path': (flags.TARGET_PATH or 'target') | string,
                'database': target.database,
                'command': flags.WHICH,
                'done': results | rejectattr('status', 'equalto', 'skipped')
                    | map(attribute='node.unique_id') | list,
                'failed': failed | map(attribute='node.name') | list,
                'is_empty': flags.EMPTY or false,
                'source': bank_warehouse.source_of_raw_data(),
                'raw_dir': env_var('BANK_RAW_DIR', ''),
                'settings': settings,
                'as_of_date': var('as_of_date') | string,
                'schema_version': var('published_schema_version'),
            },
            nodes,
        ]) -%}
        {%- set build = described['build'] -%}
        {%- if described['fingerprints_query'] -%}
            {%- set fingerprints = [] -%}
            {%- for row in run_query(described['fingerprints_query']).rows -%}
                {%- do fingerprints.append([row[0], row[1] | int, row[2] | string, row[3]]) -%}
            {%- endfor -%}
            {%- do build.update({
                'fingerprints': fingerprints,
                'near_duplicates': run_query(
                    'select coalesce(sum(rows_of_key), 0) from '
                    ~ build['relations']['base_bank__client_duplicates']
                    ~ ' where person_key is not null'
                ).rows[0][0] | int,
                'reading': fromjson(run_query(
                    "select coalesce(cast(to_json(list(files order by file)) as string), '[]') from ("
                    ~ 'select source_file as file, row_count as rows, date_formats, date_basis, '
                    ~ 'dates_undecided, amounts_undecided, decimal_comma_columns, currency from '
                    ~ build['relations']['base_bank__client_files'] ~ ') as files'
                ).rows[0][0]),
            }) -%}
        {%- endif -%}
        {%- do bank_warehouse.call_package('record_build', [target.path or '', build]) -%}
    {%- endif -%}
{%- endmacro %}

{% macro is_building() -%}
    {{ return(flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'retry', 'clone')) }}
{%- endmacro %}

{% macro source_of_raw_data() -%}
    {{ return('sample' if env_var('BANK_RAW_DIR', '') | trim == '' else 'drop') }}
{%- endmacro %}
