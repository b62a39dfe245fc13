{#- On Spark the drop is examined when its tables are copied. -#}
{% macro start_build() -%}
    {%- if execute and bank_warehouse.engine() == 'duckdb' -%}
        {%- do bank_warehouse.call_package('start_build', [
            target.path or '', flags.WHICH, env_var('BANK_RAW_DIR', ''),
            bank_warehouse.raw_settings(),
        ]) -%}
    {%- endif -%}
{%- endmacro %}

{% macro record_build(results) -%}
    {%- if execute and bank_warehouse.engine() == 'duckdb' -%}
        {%- set settings = {} -%}
        {%- for name in [
            'raw_date_format', 'raw_decimal_mark', 'raw_money_rounding', 'near_duplicates',
            'max_quarantine_rate', 'false_discovery_rate', 'exact_ranks_limit', 'inference_seed',
        ] -%}
            {%- do settings.update({name: var(name)}) -%}
        {%- endfor -%}
        {%- set nodes = [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- set config = node.config -%}
            {%- set kept = {'config': {'materialized': config.materialized, 'meta': config.meta}} -%}
            {%- for key in [
                'unique_id', 'resource_type', 'name', 'schema', 'database', 'relation_name', 'access',
                'test_metadata', 'attached_node', 'column_name',
            ] + (['description', 'columns'] if node.get('access') == 'public' else []) -%}
                {%- do kept.update({key: node.get(key)}) -%}
            {%- endfor -%}
            {%- do nodes.append(kept) -%}
        {%- endfor -%}
        {%- set ended = [] -%}
        {%- for result in results -%}
            {%- do ended.append([result.node.unique_id, result.node.name, result.status | string]) -%}
        {%- endfor -%}
        {%- set described = bank_warehouse.call_package('describe_build', [
            {
                'invocation_id': invocation_id,
                'project_dir': invocation_args_dict.project_dir | string,
                'target_path': (flags.TARGET_PATH or 'target') | string,
                'database': target.database,
                'command': flags.WHICH,
                'is_empty': flags.EMPTY or false,
                'raw_dir': env_var('BANK_RAW_DIR', ''),
                'settings': settings,
                'as_of_date': var('as_of_date') | string,
                'schema_version': var('published_schema_version'),
            },
            ended, nodes,
        ]) -%}
        {%- if described -%}
            {%- set facts = run_query(described['query']).rows[0][0] if described['query'] -%}
            {%- do bank_warehouse.call_package(
                'record_build', [target.path or '', described['build'], facts or '']
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
