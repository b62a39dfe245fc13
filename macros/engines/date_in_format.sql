{#-
    A text as a date in one format, in strptime's notation; null if it does not fit.

    DuckDB's strptime accepts fewer than four digits for %Y, so 01-02-10 would be in the year 10;
    years before 1000 are therefore null. With greatest and nullif the date is computed once; with a
    case it would be computed twice.

    A year of two digits needs both, and so does the day after a year: 01/02/1 is not a date.

    On Spark the format becomes a regular expression that accepts exactly what DuckDB does, because
    Spark's own patterns need two digits for a day, or read more than the format. A date that does
    not exist is null. Years of two digits are 1969 to 2068.
-#}
{% macro date_in_format(text, date_format) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        {%- set date = "cast(try_strptime(" ~ text ~ ", '" ~ date_format ~ "') as date)" -%}
        {%- set before = "cast('0999-12-31' as date)" -%}
        {%- if '%Y' in date_format -%}
            nullif(greatest({{ date }}, {{ before }}), {{ before }})
        {%- elif '%y' in date_format -%}
            {%- set shape = modules.re.sub('^%y(.*)%.$', '%y\\1%y', date_format) -%}
            {%- set shape = modules.re.sub('%[^y]', '[0-9A-Za-z]+', shape) -%}
            case
                when {{ bank_warehouse.matches_whole(
                    'trim(' ~ text ~ ')', shape | replace('%y', '[0-9]{2}')
                ) }}
                    then {{ date }}
            end
        {%- else -%}
            {{ date }}
        {%- endif -%}
    {%- else -%}
        {%- set groups = {
            'd': '([0-9]{1,2}+)', 'm': '([0-9]{1,2}+)', 'y': '([0-9]{2})',
            'Y': '([1-9][0-9]{3})',
            'b': '(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)',
            'B': '(?i)(january|february|march|april|may|june|july|august|september|october'
                ~ '|november|december)',
        } -%}
        {%- set letters = [] -%}
        {%- set pattern = [] -%}
        {%- for piece in modules.re.findall('%.|[^%]', date_format) -%}
            {%- if piece[0] != '%' -%}
                {%- do pattern.append('[\\s]+' if piece == ' ' else '[' ~ piece ~ ']') -%}
            {%- elif piece[1] in groups and piece[1] not in letters -%}
                {%- do letters.append(piece[1]) -%}
                {%- set is_last_of_year = date_format.startswith('%y') and loop.last -%}
                {%- do pattern.append(groups['y' if is_last_of_year else piece[1]]) -%}
            {%- else -%}
                {{ exceptions.raise_compiler_error(
                    'raw_date_format: ' ~ date_format ~ ' is not read on Spark. Known there are %d, '
                    ~ '%m, %b, %B, %Y and %y, each once.'
                ) }}
            {%- endif -%}
        {%- endfor -%}
        {%- set part = {} -%}
        {%- for letter in letters -%}
            {%- do part.update({letter:
                "nullif(regexp_extract(" ~ text ~ ", r'^[\\s]*" ~ pattern | join('') ~ "[\\s]*$', "
                ~ loop.index ~ "), '')"
            }) -%}
        {%- endfor -%}
        {%- set year = part['Y'] if 'Y' in part else (
            'cast(' ~ part['y'] ~ ' as int) + if(cast(' ~ part['y'] ~ ' as int) < 69, 2000, 1900)'
        ) -%}
        {%- set month = part['m'] if 'm' in part else (
            "nullif((locate(lower(left(" ~ (part['b'] or part['B']) ~ ", 3)), "
            ~ "'janfebmaraprmayjunjulaugsepoctnovdec') + 2)"
            ~ " div 3, 0)"
        ) -%}
        make_date(cast({{ year }} as int), cast({{ month }} as int), cast({{ part['d'] }} as int))
    {%- endif -%}
{%- endmacro %}
