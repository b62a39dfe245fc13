{#- The date at which ages and tenures are measured, as a SQL date. -#}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") }}' as date)
{%- endmacro %}

{#- The first year in which a client may have joined: nobody is older than 120 at the as-of date. -#}
{% macro earliest_joining_year() -%}
    {{ return((var('as_of_date') | string)[:4] | int - 120) }}
{%- endmacro %}

{#- Whether a date lies in the years in which a client may have joined, up to the as-of date. -#}
{% macro is_joining_date(date_expression) -%}
    {{ date_expression }} between
        cast('{{ bank_warehouse.earliest_joining_year() }}-01-01' as date)
        and {{ bank_warehouse.as_of_date() }}
{%- endmacro %}

{#- The formats of raw_date_format as a list: one, several, or `auto`. -#}
{% macro raw_date_formats() -%}
    {%- set declared = var('raw_date_format') -%}
    {{ return([declared] if declared is string else declared) }}
{%- endmacro %}

{#- A text as a date by the first format that fits; null where none does. -#}
{% macro parse_date(text, formats) -%}
    {{ return(adapter.dispatch('parse_date', 'bank_warehouse')(text, formats)) }}
{%- endmacro %}

{#-
    strptime takes fewer digits for %Y than four, so that 01-02-10 would be in the year 10: years
    before 1000 are no dates. Of greatest and nullif the date is computed once; a case would compute
    it twice.
-#}
{% macro duckdb__parse_date(text, formats) -%}
    {%- set dates = [] -%}
    {%- for date_format in formats -%}
        {%- set date = "cast(try_strptime(" ~ text ~ ", '" ~ date_format ~ "') as date)" -%}
        {%- set before = "cast('0999-12-31' as date)" -%}
        {%- do dates.append(
            'nullif(greatest(' ~ date ~ ', ' ~ before ~ '), ' ~ before ~ ')'
            if '%Y' in date_format else date
        ) -%}
    {%- endfor -%}
    {{ dates[0] if dates | length == 1 else 'coalesce(' ~ dates | join(', ') ~ ')' }}
{%- endmacro %}

{#-
    Each format as a regular expression that takes what is taken on DuckDB, no more: Spark's own
    patterns want two digits for a day, or read more than the notation says. A date that does not
    exist is null. Two digits of a year stand for 1969 to 2068.
-#}
{% macro spark__parse_date(text, formats) -%}
    coalesce(
        {%- for date_format in formats %}
        {%- set pattern = bank_warehouse.date_pattern(date_format) %}
        {%- set part = {} %}
        {%- for letter in pattern['letters'] %}
        {%- do part.update({letter:
            "nullif(regexp_extract(" ~ text ~ ", r'" ~ pattern['expression'] ~ "', " ~ loop.index
            ~ "), '')"
        }) %}
        {%- endfor %}
        {%- set year = part['Y'] if 'Y' in part else (
            'cast(' ~ part['y'] ~ ' as int) + if(cast(' ~ part['y'] ~ ' as int) < 69, 2000, 1900)'
        ) %}
        {%- set month = part['m'] if 'm' in part else (
            "nullif((locate(lower(left(" ~ (part['b'] or part['B']) ~ ", 3)), "
            ~ "'janfebmaraprmayjunjulaugsepoctnovdec') + 2)"
            ~ " div 3, 0)"
        ) %}
        make_date(cast({{ year }} as int), cast({{ month }} as int), cast({{ part['d'] }} as int))
        {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#-
    A date format as a regular expression with a group for each of its parts, and the letters of
    these in their order. Known are %d, %m, %b, %B, %Y and %y: the parts of a date.
-#}
{% macro date_pattern(date_format) -%}
    {%- set groups = {
        'd': '([0-9]{1,2}+)', 'm': '([0-9]{1,2}+)', 'y': '([0-9]{1,2}+)', 'Y': '([1-9][0-9]{3})',
        'b': '(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)',
        'B': '(?i)(january|february|march|april|may|june|july|august|september|october|november'
            ~ '|december)',
    } -%}
    {%- set letters = [] -%}
    {%- set expression = [] -%}
    {%- for piece in modules.re.findall('%.|[^%]', date_format) -%}
        {%- if piece[0] != '%' -%}
            {%- do expression.append('[\\s]+' if piece == ' ' else '[' ~ piece ~ ']') -%}
        {%- elif piece[1] in groups and piece[1] not in letters -%}
            {%- do letters.append(piece[1]) -%}
            {%- do expression.append(groups[piece[1]]) -%}
        {%- else -%}
            {{ exceptions.raise_compiler_error(
                'raw_date_format: ' ~ date_format ~ ' is not read on Spark. Known there are %d, %m, '
                ~ '%b, %B, %Y and %y, each once.'
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'expression': '^[\\s]*' ~ expression | join('') ~ '[\\s]*$', 'letters': letters,
    }) }}
{%- endmacro %}

{#- A format with day and month exchanged: the order in which the same text would be misread. -#}
{% macro exchanged_day_and_month(date_format) -%}
    {{ return(
        date_format
        | replace('%d', '%*') | replace('%m', '%d') | replace('%*', '%m')
    ) }}
{%- endmacro %}

{#-
    Whether a text is a date only if day and month are exchanged: no declared format fits, so that
    the date read from it is null, or the one that fits is declared behind its own exchange, which
    does not. Cases: of an `and` DuckDB may evaluate the second half for every row, and a text that
    is no date costs it most.
-#}
{% macro is_exchanged_date(text, date_read, formats) -%}
    {%- set exchanged = [] -%}
    {%- set pairs = [] -%}
    {%- for date_format in formats -%}
        {%- set other = bank_warehouse.exchanged_day_and_month(date_format) -%}
        {%- if other in formats[:loop.index0] -%}
            {%- do pairs.append([other, date_format]) -%}
        {%- elif other not in formats -%}
            {%- do exchanged.append(other) -%}
        {%- endif -%}
    {%- endfor -%}
    (
        false
        {%- if exchanged %}
        or case
            when {{ date_read }} is null
                then {{ bank_warehouse.parse_date(text, exchanged) }} is not null
            else false
        end
        {%- endif %}
        {%- for pair in pairs %}
        or case
            when {{ bank_warehouse.parse_date(text, [pair[0]]) }} is null
                then {{ bank_warehouse.parse_date(text, [pair[1]]) }} is not null
            else false
        end
        {%- endfor %}
    )
{%- endmacro %}

{#- Whether a date would be another one if its day and month were exchanged. -#}
{% macro is_ambiguous_date(date_expression) -%}
    extract(day from {{ date_expression }}) <= 12
    and extract(day from {{ date_expression }}) <> extract(month from {{ date_expression }})
{%- endmacro %}

{#- Whole days from the first date to the second. -#}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between', 'bank_warehouse')(first_date, second_date)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_date, second_date) -%}
    {{ second_date }} - {{ first_date }}
{%- endmacro %}

{% macro spark__days_between(first_date, second_date) -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}

{#- A table of one date per row, from the first date to the last, in a column named date_day. -#}
{% macro date_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_series', 'bank_warehouse')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_series(first_date, last_date) -%}
    select cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval 1 day)) as date)
        as date_day
{%- endmacro %}

{% macro spark__date_series(first_date, last_date) -%}
    select explode(sequence({{ first_date }}, {{ last_date }}, interval 1 day)) as date_day
{%- endmacro %}

{#- A date as text in a format in the notation of strptime. -#}
{% macro format_date(date_expression, date_format) -%}
    {{ return(adapter.dispatch('format_date', 'bank_warehouse')(date_expression, date_format)) }}
{%- endmacro %}

{% macro duckdb__format_date(date_expression, date_format) -%}
    strftime({{ date_expression }}, '{{ date_format }}')
{%- endmacro %}

{% macro spark__format_date(date_expression, date_format) -%}
    date_format({{ date_expression }}, '{{
        date_format
        | replace('%d', 'dd') | replace('%m', 'MM') | replace('%Y', 'yyyy')
        | replace('%b', 'MMM') | replace('%y', 'yy')
    }}')
{%- endmacro %}
