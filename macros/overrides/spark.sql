{% macro spark_type(data_type) -%}
    {{ return('string' if data_type | lower in ('varchar', 'text') else data_type) }}
{%- endmacro %}

{% macro spark_type_of_seed_column(model, agate_table, index) -%}
    {{ return(bank_warehouse.spark_type(model['config'].get('column_types', {}).get(
        agate_table.column_names[index], adapter.convert_type(agate_table, index)
    ))) }}
{%- endmacro %}

{#- The cells are in one JSON string, which keeps quotes, nulls and the order of rows. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for cell in row -%}
            {%- do cells.append(none if cell is none else cell | string) -%}
        {%- endfor -%}
        {%- do rows.append(cells) -%}
    {%- endfor -%}
    {%- set sql %}
        insert into {{ this.render() }}
        select
            {%- for name in agate_table.column_names %}
            {%- set type = bank_warehouse.spark_type_of_seed_column(
                model, agate_table, loop.index0
            ) %}
            {%- set cell = 'cells[' ~ loop.index0 ~ ']' %}
            if({{ cell }} is null, cast(null as {{ type }}), coalesce(
                try_cast({{ cell }} as {{ type }}),
                raise_error(concat('{{ this.identifier }}: {{ name }} cannot be read as {{ type }}: ', {{ cell }}))
            ))
            {{- ',' if not loop.last }}
            {%- endfor %}
        from (select explode(from_json(
            '{{ bank_warehouse.spark__escape_single_quotes(tojson(rows)) }}',
            'array<array<string>>'
        )) as cells)
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append(adapter.quote(name) ~ ' ' ~ bank_warehouse.spark_type_of_seed_column(
            model, agate_table, loop.index0
        )) -%}
    {%- endfor -%}
    {%- set sql = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ') '
        ~ file_format_clause() -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__cast(expression, data_type) -%}
    cast({{ expression }} as {{ bank_warehouse.spark_type(data_type) }})
{%- endmacro %}

{% macro spark__escape_single_quotes(expression) -%}
    {{ expression | replace('\\', '\\\\') | replace("'", "\\'") }}
{%- endmacro %}
