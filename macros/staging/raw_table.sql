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
        {#- Only for the lineage; the query below reads the files. -#}
        {%- set drop_source = source('bank', table) -%}
        {%- set query = bank_warehouse.raw_drop_query(table) -%}
        ({{ 'select * from (' ~ query ~ ') where false limit 0' if flags.EMPTY else query }})
    {%- endif -%}
{%- endmacro %}

{% macro raw_drop_query(table) -%}
    {%- if not execute -%}
        {{ return('select 1') }}
    {%- elif not bank_warehouse.has_package() -%}
        {{ exceptions.raise_compiler_error(
            'BANK_RAW_DIR: only dbt-duckdb and dbt-spark can read the files of a drop. The target '
            ~ target.name ~ ' uses another adapter. Load the drop into tables with the names of the '
            ~ 'raw_* seeds, and build without BANK_RAW_DIR and with `--exclude path:seeds/raw`.'
        ) }}
    {%- endif -%}
    {%- set plan = bank_warehouse.call_package(
        'raw_plan', [table, env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings()]
    ) -%}
    {%- for warning in plan['warnings'] -%}
        {%- do log('Raw drop: ' ~ warning, info=true) -%}
    {%- endfor -%}
    {%- set is_building = table == 'clients' and flags.WHICH in ('run', 'build') -%}
    {%- if is_building and bank_warehouse.engine() == 'duckdb' -%}
        {%- set room = bank_warehouse.call_package(
            'require_disk', [target.path or '', plan['rows'], flags.WHICH != 'run']
        ) -%}
        {%- if room -%}
            {%- do log('Raw drop: ' ~ room, info=true) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(plan['sql']) }}
{%- endmacro %}

{% macro raw_settings() -%}
    {{ return(tojson({
        'raw_date_format': bank_warehouse.raw_date_formats(),
        'raw_decimal_mark': var('raw_decimal_mark'),
        'raw_money_rounding': var('raw_money_rounding'),
        'max_quarantine_rate': var('max_quarantine_rate'),
    })) }}
{%- endmacro %}

{% macro raw_reading() -%}
    {%- if env_var('BANK_RAW_DIR', '') != '' and execute -%}
        {{ return(bank_warehouse.call_package(
            'raw_reading', [env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings()]
        )) }}
    {%- endif -%}
    {%- set formats = bank_warehouse.raw_date_formats() -%}
    {%- set dates = {'formats': formats, 'basis': 'declared', 'undecided': 0} -%}
    {%- if formats == ['auto'] -%}
        {%- do dates.update(formats=['%d-%m-%Y'], basis='shipped') -%}
    {%- endif -%}
    {%- set mark = var('raw_decimal_mark') -%}
    {%- set comma_columns = bank_warehouse.money_columns() | join(', ') if mark == ',' else '' -%}
    {{ return({
        'currency': none,
        'files': [{
            'file': 'seeds/raw/raw_clients.csv',
            'dates': dates,
            'amounts': {'undecided': 0, 'comma_columns': comma_columns},
            'default_mark': '.' if mark == 'auto' else mark,
            'money': {},
        }],
    }) }}
{%- endmacro %}
