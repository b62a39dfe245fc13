{% macro by_file(reading, source_file) -%}
    {%- set files = {} -%}
    {%- for file in reading['files'] -%}
        {%- do files.setdefault(caller(file) | trim, []).append(
            source_file ~ ' = ' ~ dbt.string_literal(dbt.escape_single_quotes(file['file']))
        ) -%}
    {%- endfor -%}
    {%- if files | length == 1 -%}
        {{ files | first }}
    {%- else -%}
        case
        {%- for expression, conditions in files.items() %}
            when {{ conditions | join(' or ') }} then {{ expression }}
        {%- endfor %}
        end
    {%- endif -%}
{%- endmacro %}

{% macro joining_date(reading, text, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {{ bank_warehouse.parse_date(text, file['dates']['formats']) }}
    {%- endcall -%}
{%- endmacro %}

{% macro joining_date_is_exchanged(reading, text, date_read, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {{ bank_warehouse.is_exchanged_date(text, date_read, file['dates']['formats']) }}
    {%- endcall -%}
{%- endmacro %}

{% macro joining_formats(reading, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        '{{ file['dates']['formats'] | join(' or ') }}'
    {%- endcall -%}
{%- endmacro %}

{% macro file_value(reading, source_file, part, key) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {%- set value = file.get(part, {}).get(key, 0) -%}
        {{ "'" ~ value ~ "'" if value is string else 'cast(' ~ value ~ ' as bigint)' }}
    {%- endcall -%}
{%- endmacro %}

{% macro money_notation(reading, file, column) -%}
    {%- set proof = file['money'].get(column, {}) -%}
    {{ return({
        'mark': proof.get('mark', file.get('default_mark', '.')),
        'currency': reading['currency'],
        'is_accounting': proof.get('is_accounting', false),
    }) }}
{%- endmacro %}

{% macro money_of(reading, column, text, source_file, type='decimal(14, 2)') -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {{ bank_warehouse.parse_money(
            text, bank_warehouse.money_notation(reading, file, column), type
        ) }}
    {%- endcall -%}
{%- endmacro %}

{% macro money_fault(reading, column, text, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {{ bank_warehouse.explain_money(
            text, bank_warehouse.money_notation(reading, file, column), column
        ) }}
    {%- endcall -%}
{%- endmacro %}
