{#- A hook of the model that reads the drop, so that an error rolls the model back. -#}
{% macro refuse_changed_files() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and bank_warehouse.engine() == 'duckdb' -%}
        {%- do bank_warehouse.call_package('refuse_changes', [env_var('BANK_RAW_DIR', '')]) -%}
    {%- endif -%}
{%- endmacro %}

{#- A hook of stg_bank__clients: if it refuses the drop, the quarantine is built nevertheless. -#}
{% macro validate_drop() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and not flags.EMPTY -%}
        {%- set facts = bank_warehouse.facts_of_drop() -%}
        {%- if bank_warehouse.has_package() -%}
            {%- for warning in bank_warehouse.call_package('judge_drop', [
                env_var('BANK_RAW_DIR', ''), bank_warehouse.raw_settings(), var('near_duplicates'),
                facts,
            ]) -%}
                {%- do log('Raw drop: ' ~ warning, info=true) -%}
            {%- endfor -%}
        {%- elif
            not facts['files'] or facts['reasons']
            or facts['files'] | sum(attribute='total') >= 10 ** 16
        -%}
            {{ exceptions.raise_compiler_error(
                'The table of clients has no rows, more quarantined rows than max_quarantine_rate '
                ~ 'allows, or totals of 10,000 trillion or more. Correct the table. Facts: ' ~ tojson(facts)
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- The amount of a row is the sum of its money columns, regardless of sign. -#}
{% macro facts_of_drop() -%}
    {%- set validated = ref('base_bank__clients_validated') | string -%}
    {%- set amount = 'coalesce(abs(cast('
        ~ bank_warehouse.money_columns() | join(' as double)), 0) + coalesce(abs(cast(')
        ~ ' as double)), 0)' -%}
    {%- set files = bank_warehouse.json_rows(
        {
            'file': 'source_file',
            'rows': 'count(*)',
            'quarantined': "count(*) filter (where record_status <> 'accepted')",
            'other_header': "min(source_row) filter (where reject_reasons = 'header of other columns')",
            'contradicting': "count(*) filter (where unread_joined_text is not null or"
                ~ " reject_reasons like '%has a different decimal mark from its column%')",
            'total': 'coalesce(sum(amount) filter (where is_valid), 0)',
            'largest': 'max(amount) filter (where is_valid)',
            'largest_row': 'max_by(source_row, amount) filter (where is_valid)',
        },
        'from (select *, ' ~ amount ~ ' as amount from ' ~ validated
        ~ ') as clients group by source_file order by min(record_position)',
    ) -%}
    {%- set rows = files | sum(attribute='rows') -%}
    {%- set quarantined = files | sum(attribute='quarantined') -%}
    {%- set reasons = bank_warehouse.json_rows(
        {'reason': 'reason', 'rows': 'count(*)', 'first': 'min_by(place, record_position)'},
        "from (select " ~ bank_warehouse.unnested(
            "split(coalesce(reject_reasons, record_status), '; ')"
        ) ~ " as reason, record_position, source_file || ', row ' || cast(source_row as string) as"
        ~ " place from " ~ validated ~ " where record_status <> 'accepted') as reasons"
        ~ " group by reason order by count(*) desc, reason",
    ) if quarantined > var('max_quarantine_rate') | float * rows or quarantined == rows else [] -%}
    {%- set near_duplicates = bank_warehouse.json_rows(
        {'rows': 'coalesce(sum(rows_of_key), 0)', 'people': 'count(distinct person_key)'},
        'from ' ~ ref('base_bank__client_duplicates') ~ ' where person_key is not null',
    ) -%}
    {{ return({'files': files, 'reasons': reasons, 'near_duplicates': near_duplicates[0]}) }}
{%- endmacro %}

{% macro json_rows(columns, source) -%}
    {%- set rows = [] -%}
    {%- for row in run_query('select ' ~ bank_warehouse.json_object(columns) ~ ' ' ~ source).rows -%}
        {%- do rows.append(fromjson(row[0])) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
