{#-
    DuckDB, %Y: try_strptime reads 01-02-10 as the year 10. `greatest` raises every date before 1000
    to the same day, which `nullif` turns into null. A `case` would parse the text twice.

    DuckDB, %y: a regular expression requires both digits of the year. If the format begins with the
    year, the last number must have two digits as well, because the first or the last number could
    really be the year: 01/02/1 is not a date.

    Spark: its own date patterns require two digits for a day, or accept more than the format does,
    so the format becomes a regular expression with one group for each part of the date. The number
    of a month follows from the position of its first three letters in the list of all months.
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
        {%- set one_or_two = '([0-9]{1,2}+)' -%}
        {%- set groups = {
            '%d': one_or_two, '%m': one_or_two, '%y': '([0-9]{2})', '%Y': '([1-9][0-9]{3})',
            '%b': '(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)',
            '%B': '(?i)(january|february|march|april|may|june|july|august|september|october'
                ~ '|november|december)',
        } -%}
        {%- set letters = modules.re.findall('%.', date_format) -%}
        {%- if letters | select('in', groups) | unique(case_sensitive=true) | list != letters -%}
            {{ exceptions.raise_compiler_error(
                'raw_date_format: ' ~ date_format ~ ' is not supported on Spark. Use %d, %m, %b, '
                ~ '%B, %Y and %y, each at most once.'
            ) }}
        {%- endif -%}
        {%- set pattern = [] -%}
        {%- for piece in modules.re.findall('%.|[^%]', date_format) -%}
            {%- set plain = '[\\s]+' if piece == ' ' else '[' ~ piece ~ ']' -%}
            {%- set is_after_year = loop.last and date_format.startswith('%y') -%}
            {%- do pattern.append(groups['%y'] if is_after_year else groups.get(piece, plain)) -%}
        {%- endfor -%}
        {%- set whole = text ~ ", r'^[\\s]*" ~ pattern | join('') ~ "[\\s]*$'" -%}
        {%- set part = {} -%}
        {%- for letter in letters -%}
            {%- do part.update({
                letter: 'nullif(regexp_extract(' ~ whole ~ ', ' ~ loop.index ~ "), '')"
            }) -%}
        {%- endfor -%}
        {%- set year = part['%Y'] if '%Y' in part else (
            'cast(' ~ part['%y'] ~ ' as int) + if(cast(' ~ part['%y'] ~ ' as int) < 69, 2000, 1900)'
        ) -%}
        {%- set month = part['%m'] if '%m' in part else (
            'nullif((locate(lower(left(' ~ (part['%b'] or part['%B'])
            ~ ", 3)), 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) div 3, 0)"
        ) -%}
        make_date(cast({{ year }} as int), cast({{ month }} as int), cast({{ part['%d'] }} as int))
    {%- endif -%}
{%- endmacro %}
