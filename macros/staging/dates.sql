{% macro raw_date_formats() -%}
    {%- set declared = var('raw_date_format') -%}
    {{ return([declared] if declared is string else declared) }}
{%- endmacro %}

{% macro parse_date(text, formats) -%}
    {%- set dates = [] -%}
    {%- for date_format in formats -%}
        {%- do dates.append(bank_warehouse.date_in_format(text, date_format)) -%}
    {%- endfor -%}
    {{ dates[0] if dates | length == 1 else 'coalesce(' ~ dates | join(', ') ~ ')' }}
{%- endmacro %}

{% macro exchanged_day_and_month(date_format) -%}
    {{ return(date_format | replace('%d', '%*') | replace('%m', '%d') | replace('%*', '%m')) }}
{%- endmacro %}

{% macro joining_date(reading, text, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
        {{ bank_warehouse.parse_date(text, file['dates']['formats']) }}
    {%- endcall -%}
{%- endmacro %}

{#-
    The date is exchanged if, for any of these pairs, the first part (a date) is null and one of the
    formats in the second part fits. In the first pair, these are the file's formats with day and
    month exchanged. If the file itself has such a format, another pair tests whether only it fits.

    Written as a case expression, because with `and` DuckDB may parse the second date in every row.
-#}
{% macro joining_date_is_exchanged(reading, text, date_read, source_file) -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
    {%- set formats = file['dates']['formats'] -%}
    {%- set exchanged = [] -%}
    {%- set pairs = [(date_read, exchanged)] -%}
    {%- for date_format in formats -%}
        {%- set other = bank_warehouse.exchanged_day_and_month(date_format) -%}
        {%- if other in formats[:loop.index0] -%}
            {%- do pairs.append((bank_warehouse.parse_date(text, [other]), [date_format])) -%}
        {%- elif other not in formats -%}
            {%- do exchanged.append(other) -%}
        {%- endif -%}
    {%- endfor -%}
    (
        false
        {%- for unread, read in pairs if read %}
        or case
            when {{ unread }} is null
                then {{ bank_warehouse.parse_date(text, read) }} is not null
            else false
        end
        {%- endfor %}
    )
    {%- endcall -%}
{%- endmacro %}

{% macro is_ambiguous_date(date_expression) -%}
    extract(day from {{ date_expression }}) <= 12
    and extract(day from {{ date_expression }}) <> extract(month from {{ date_expression }})
{%- endmacro %}

{% macro has_ambiguous_date(client, file) -%}
    (
        {{ file }}.first_exchanged_row is not null
        and not {{ client }}.has_exchanged_date
        and coalesce({{ bank_warehouse.is_ambiguous_date(client ~ '.joined_date') }}, false)
    )
{%- endmacro %}

{% macro clean_joining_text(text) -%}
    case
        when length({{ text }}) <= 10 then {{ text }}
        else {{ bank_warehouse.trimmed(bank_warehouse.replace_matches(
            text, '[T ](0{1,2}:00(:00([.]0+)?)?Z?|12:00(:00)? ?[Aa][Mm])[ ]*\\z', ''
        )) }}
    end
{%- endmacro %}
