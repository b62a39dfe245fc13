{#- What the variables say about dates and amounts of the drop, as JSON for the plan. -#}
{% macro raw_settings() -%}
    {{ return(tojson({
        'raw_date_format': bank_warehouse.raw_date_formats(),
        'raw_decimal_mark': var('raw_decimal_mark'),
        'raw_money_rounding': var('raw_money_rounding'),
        'max_quarantine_rate': var('max_quarantine_rate'),
    })) }}
{%- endmacro %}

{#-
    How the dates and amounts of each client file are read: what the file proves or the variables
    declare. The keys are those of reading_of in bank_warehouse/raw_drop/proofs.py. Of the shipped
    seeds it is known. Unit tests override it.
-#}
{% macro raw_reading() -%}
    {%- if env_var('BANK_RAW_DIR', '') == '' or not execute -%}
        {%- set formats = bank_warehouse.raw_date_formats() -%}
        {%- set mark = var('raw_decimal_mark') -%}
        {{ return({
            'currency': none,
            'files': [{
                'file': 'seeds/raw/raw_clients.csv',
                'dates': {
                    'formats': ['%d-%m-%Y'] if formats == ['auto'] else formats,
                    'basis': 'shipped' if formats == ['auto'] else 'declared',
                    'undecided': 0,
                },
                'amounts': {
                    'undecided': 0,
                    'comma_columns': money_columns() | join(', ') if mark == ',' else '',
                },
                'default_mark': '.' if mark == 'auto' else mark,
                'money': {},
            }],
        }) }}
    {%- endif -%}
    {%- set planned = fromjson(adapter.dispatch('drop_reading', 'bank_warehouse')()) -%}
    {%- if planned['error'] -%}
        {{ exceptions.raise_compiler_error(planned['error']) }}
    {%- endif -%}
    {{ return(planned['reading']) }}
{%- endmacro %}

{% macro duckdb__drop_reading() -%}
    {%- set call -%}
        select bank_raw_reading(
            '{{ env_var("BANK_RAW_DIR") | replace("'", "''") }}',
            '{{ bank_warehouse.raw_settings() | replace("'", "''") }}'
        )
    {%- endset -%}
    {{ return(run_query(call).rows[0][0]) }}
{%- endmacro %}

{% macro spark__drop_reading() -%}
    {{ return(adapter.raw_copy_reading(env_var('BANK_RAW_DIR'), bank_warehouse.raw_settings())) }}
{%- endmacro %}

{#-
    One expression of several, a file each in the order of the reading, by the file of a row. Where
    all files are read alike, which they nearly always are, it is that expression alone.
-#}
{% macro by_file(reading, source_file, expressions) -%}
    {%- set wanted = expressions | unique(case_sensitive=true) | list -%}
    {%- if wanted | length == 1 -%}
        {{ return(wanted[0]) }}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for expression in wanted -%}
        {%- set files = [] -%}
        {%- for file in reading['files'] -%}
            {%- if expressions[loop.index0] == expression -%}
                {%- do files.append(
                    source_file ~ ' = ' ~ dbt.string_literal(dbt.escape_single_quotes(file['file']))
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do branches.append('when ' ~ files | join(' or ') ~ ' then ' ~ expression) -%}
    {%- endfor -%}
    {{ return('case ' ~ branches | join(' ') ~ ' end') }}
{%- endmacro %}

{#- A joining date's text as a date, in the formats of its file. -#}
{% macro joining_date(reading, text, source_file) -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- do expressions.append(
            bank_warehouse.parse_date(text, file['dates']['formats']) | trim
        ) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#- Whether a joining date's text is a date only if day and month are exchanged. -#}
{% macro joining_date_is_exchanged(reading, text, date_read, source_file) -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- do expressions.append(
            bank_warehouse.is_exchanged_date(
                text, date_read, file['dates']['formats']
            ) | trim
        ) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#- The formats of a file's joining dates in words. -#}
{% macro joining_formats(reading, source_file) -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- do expressions.append("'" ~ file['dates']['formats'] | join(' or ') ~ "'") -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#- One value of the proof of a row's file: a count, or a text. -#}
{% macro file_value(reading, source_file, part, key) -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- set value = file.get(part, {}).get(key, 0) -%}
        {%- do expressions.append(
            "'" ~ value ~ "'" if value is string else 'cast(' ~ value ~ ' as bigint)'
        ) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#-
    How a money column of a file is written: its decimal mark, the currency of the drop, and whether
    a lone dash is zero.
-#}
{% macro money_notation(reading, file, column) -%}
    {%- set proof = file['money'].get(column, {}) -%}
    {{ return({
        'mark': proof.get('mark', file.get('default_mark', '.')),
        'currency': reading['currency'],
        'is_accounting': proof.get('is_accounting', false),
    }) }}
{%- endmacro %}

{#- A cell of a money column as an amount to the cent, in the notation of its file. -#}
{% macro money_of(reading, column, text, source_file, type=none) -%}
    {%- set type = type or 'decimal(14, 2)' -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- do expressions.append(
            bank_warehouse.parse_money(
                text, bank_warehouse.money_notation(reading, file, column), type
            ) | trim
        ) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#- Why a cell of a money column that is not empty is no amount. -#}
{% macro money_fault(reading, column, text, source_file) -%}
    {%- set expressions = [] -%}
    {%- for file in reading['files'] -%}
        {%- do expressions.append(
            bank_warehouse.explain_money(
                text, bank_warehouse.money_notation(reading, file, column), column
            ) | trim
        ) -%}
    {%- endfor -%}
    {{ return(bank_warehouse.by_file(reading, source_file, expressions)) }}
{%- endmacro %}

{#- Whether amounts with more digits than cents are rounded half up. -#}
{% macro rounds_money() -%}
    {{ return(var('raw_money_rounding') == 'half_up') }}
{%- endmacro %}

{#-
    What rounding took from the amounts of a client, as JSON: the amount as written less the amount
    to the cent, by column. Null where nothing was rounded.
-#}
{% macro rounded_off(reading) -%}
    {%- if not bank_warehouse.rounds_money() -%}
        {{ return('cast(null as string)') }}
    {%- endif -%}
    nullif(
        '{' || concat_ws(
            ', ',
            {%- for column in bank_warehouse.money_columns() %}
            case
                when cast({{ column }} as string) <> raw_{{ column }}
                    then '"{{ column }}": "' || cast(
                        -- Spark gives a difference one digit less than its parts.
                        cast(nullif(
                            {{ bank_warehouse.money_of(
                                reading, column, 'raw_' ~ column, 'source_file', 'decimal(38, 18)'
                            ) }} - cast({{ column }} as decimal(38, 18)),
                            0
                        ) as decimal(38, 18)) as string
                    ) || '"'
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ) || '}',
        '{}'
    )
{%- endmacro %}
