{% macro accepted_profile() -%}
    {%- set columns = {
        'column_name': 'string', 'as_of_date': 'date', 'row_count': 'bigint',
        'null_count': 'bigint', 'mean': 'double', 'standard_deviation': 'double',
        'percentile_1': 'double', 'quartile_1': 'double', 'median': 'double',
        'quartile_3': 'double', 'percentile_99': 'double',
    } -%}
    {%- set file = bank_warehouse.call_package('accepted_profile', [target.path or ''])
        if execute and bank_warehouse.engine() == 'duckdb' -%}
    (
        select
            {%- for column, type in columns.items() %}
            cast({{ column if file else 'null' }} as {{ type }}) as {{ column }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        {{ 'from read_parquet(' ~ file ~ ')' if file else 'where false' }}
    )
{%- endmacro %}
