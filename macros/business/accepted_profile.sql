{#-
    The profile of the last accepted drop as a subquery, one row per column; no rows if no drop has
    been accepted. Written by `bank accept`, on DuckDB only. Unit tests override it.
-#}
{% macro accepted_profile() -%}
    {%- set columns = {
        'column_name': 'string', 'as_of_date': 'date', 'row_count': 'bigint',
        'null_count': 'bigint', 'mean': 'double', 'standard_deviation': 'double',
        'percentile_1': 'double', 'quartile_1': 'double', 'median': 'double',
        'quartile_3': 'double', 'percentile_99': 'double',
    } -%}
    {%- set file = bank_warehouse.accepted_profile_pattern() | replace("'", "''") -%}
    {%- set is_there = (
        execute and bank_warehouse.engine() == 'duckdb'
        and run_query("select count(*) from glob('" ~ file ~ "')").rows[0][0] == 1
    ) -%}
    (
        select
            {%- for column, type in columns.items() %}
            cast({{ column if is_there else 'null' }} as {{ type }}) as {{ column }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        {{ "from read_parquet('" ~ file ~ "')" if is_there else 'where false' }}
    )
{%- endmacro %}

{#-
    Path of the accepted profile, beside the warehouse and named after it. DuckDB's wildcard
    characters are escaped with brackets.
-#}
{% macro accepted_profile_pattern() -%}
    {%- set path = target.path or ':memory:' -%}
    {%- set stem = path[:-7] if path.endswith('.duckdb') else path -%}
    {%- set letters = [] -%}
    {%- for letter in stem ~ '.accepted_profile.parquet' -%}
        {%- do letters.append('[' ~ letter ~ ']' if letter in '*?[' else letter) -%}
    {%- endfor -%}
    {{ return(letters | join('')) }}
{%- endmacro %}
