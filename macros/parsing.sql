{#-
    The characters that show nothing, as code points in hexadecimal: blanks of every width, line
    breaks, zero-width marks, the soft hyphen. Two of a list are a first and a last one.
-#}
{% macro invisible_characters() -%}
    {{ return([
        ['0009', '000d'], '0020', '00a0', '00ad', '115f', '1160', '1680', '180e',
        ['2000', '200f'], ['2028', '202f'], ['205f', '2064'], '2800', '3000', '3164', 'feff',
        'ffa0',
    ]) }}
{%- endmacro %}

{#- Text without the invisible characters around it. -#}
{% macro trimmed(text) -%}
    {%- set codes = [] -%}
    {%- for span in bank_warehouse.invisible_characters() -%}
        {%- set ends = [span, span] if span is string else span -%}
        {%- do codes.extend(range(ends[0] | int(base=16), (ends[1] | int(base=16)) + 1)) -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('trimmed', 'bank_warehouse')(text, codes)) }}
{%- endmacro %}

{#- Only control characters by their numbers: to fold each chr() costs time before the query runs. -#}
{% macro duckdb__trimmed(text, codes) -%}
    trim({{ text }}, '
        {%- for code in codes if code > 31 %}{{ '%c' | format(code) }}{% endfor %}'
        {%- for code in codes if code < 32 %} || chr({{ code }}){% endfor %})
{%- endmacro %}

{% macro spark__trimmed(text, codes) -%}
    btrim({{ text }}, '{% for code in codes %}{{ '\\u%04x' | format(code) }}{% endfor %}')
{%- endmacro %}

{#- Whether a regular expression matches the whole of a text. -#}
{% macro matches_whole(text, expression) -%}
    {{ return(adapter.dispatch('matches_whole', 'bank_warehouse')(text, expression)) }}
{%- endmacro %}

{% macro duckdb__matches_whole(text, expression) -%}
    regexp_full_match({{ text }}, '{{ expression }}')
{%- endmacro %}

{#- \A and \z: in Java a dollar sign also stands before a line break at the end. -#}
{% macro spark__matches_whole(text, expression) -%}
    {{ text }} rlike r'\A(?:{{ expression }})\z'
{%- endmacro %}

{#- A text with every match of a regular expression replaced. -#}
{% macro replace_matches(text, expression, replacement) -%}
    {{ return(adapter.dispatch('replace_matches', 'bank_warehouse')(
        text, expression, replacement
    )) }}
{%- endmacro %}

{% macro duckdb__replace_matches(text, expression, replacement) -%}
    regexp_replace({{ text }}, '{{ expression }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_matches(text, expression, replacement) -%}
    regexp_replace({{ text }}, r'{{ expression }}', r'{{ replacement }}')
{%- endmacro %}

{#-
    What databases, pandas, R and spreadsheets write for an empty cell, as one regular expression. In
    this case only: Null is a surname.
-#}
{% macro words_for_nothing() -%}
    {{ return(
        '-|--|NULL|null|[(]null[)]|None|NA|N/A|n/a|<NA>|NaN|nan|NaT|[\\\\]N|[(]blank[)]'
        ~ '|#(N/A( N/A)?|NA|REF!|VALUE!|DIV/0!|NAME[?]|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)'
    ) }}
{%- endmacro %}

{#- Text without the invisible characters around it; null where nothing or a word for it is left. -#}
{% macro clean_text(text) -%}
    {{ return(adapter.dispatch('clean_text', 'bank_warehouse')(text)) }}
{%- endmacro %}

{#-
    Nearly every text is of ASCII alone, begins with a digit or a capital and ends with a character
    that shows: a few comparisons find that in a tenth of the time that trimming takes, and the text
    is taken as it is. Of these only short ones with an N can be words for nothing. An `or` would
    cost more than the second case.
-#}
{% macro duckdb__clean_text(text) -%}
    case
        when {{ text }} >= 'N' and {{ text }} < 'O' and strlen({{ text }}) < 5
            then {{ bank_warehouse.text_or_null(text) }}
        when
            {{ text }} >= '0' and {{ text }} < '['
            and strlen({{ text }}) = length({{ text }})
            and {{ text }} not like '% '
            {%- for code in range(9, 14) %}
            and {{ text }} not like '%' || chr({{ code }})
            {%- endfor %}
            and {{ text }} <> '<NA>'
            then {{ text }}
        else {{ bank_warehouse.text_or_null(text) }}
    end
{%- endmacro %}

{% macro spark__clean_text(text) -%}
    {{ bank_warehouse.text_or_null(text) }}
{%- endmacro %}

{#- The same for any text, however it begins and ends. -#}
{% macro text_or_null(text) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    case
        when not ({{ bank_warehouse.matches_whole(trimmed, bank_warehouse.words_for_nothing()) }})
            then nullif({{ trimmed }}, '')
    end
{%- endmacro %}

{#-
    A number as a regular expression: its digits, in groups of three or not, and the cents behind the
    decimal mark. Groups are set apart by the other mark, an apostrophe or a blank, and the first one
    begins with no zero.
-#}
{% macro number_pattern(mark, fraction) -%}
    {%- set groups = [] -%}
    {%- for group in [',' if mark == '.' else '.', '\\x27', '’'] -%}
        {%- do groups.append('([' ~ group ~ '][0-9]{3})+') -%}
    {%- endfor -%}
    {%- for code in ['0020', '00a0', '202f', '2009'] -%}
        {%- do groups.append('([\\x{' ~ code ~ '}][0-9]{3})+') -%}
    {%- endfor -%}
    {{ return(
        '([0-9]+|[1-9][0-9]{0,2}(' ~ groups | join('|') ~ '))([' ~ mark ~ ']' ~ fraction ~ ')?'
    ) }}
{%- endmacro %}

{#-
    How a currency is written, as a regular expression: one that is known, or `any` of these. Nothing
    matches where there is none.
-#}
{% macro currency_pattern(currency) -%}
    {%- set known = {
        'USD': '([Uu][Ss])?[$]|[Uu][Ss][Dd]',
        'EUR': '€|[Ee][Uu][Rr]',
        'GBP': '£|[Gg][Bb][Pp]',
    } -%}
    {%- if currency == 'any' -%}
        {{ return(known.values() | join('|')) }}
    {%- endif -%}
    {{ return(known.get(currency, '[^\\x00-\\x{10ffff}]')) }}
{%- endmacro %}

{#-
    Everything that an amount can look like around its number: a sign, the currency before or behind
    it, brackets for a negative amount.
-#}
{% macro amount_pattern(notation, fraction) -%}
    {%- set blank = '[ \\x{a0}\\x{202f}\\x{2009}]*' -%}
    {%- set number = bank_warehouse.number_pattern(notation['mark'], fraction) -%}
    {%- set currency = '(' ~ bank_warehouse.currency_pattern(notation['currency']) ~ ')' -%}
    {{ return(
        '([+-]?' ~ blank ~ '(' ~ currency ~ blank ~ ')?|' ~ currency ~ blank ~ '[+-]' ~ blank ~ ')'
        ~ number
        ~ '|[+-]?' ~ blank ~ number ~ blank ~ currency
        ~ '|(' ~ currency ~ blank ~ ')?[(]' ~ blank ~ number ~ blank ~ '[)]'
        ~ '|[(]' ~ currency ~ blank ~ number ~ blank ~ '[)]'
        ~ '|[(]' ~ number ~ blank ~ currency ~ '[)]'
    ) }}
{%- endmacro %}

{#- What looks like an amount, or a dash for zero, with any currency before or behind it. -#}
{% macro any_currency_pattern() -%}
    {%- set blank = '[ \\x{a0}\\x{202f}\\x{2009}]*' -%}
    {%- set currency = '(' ~ bank_warehouse.currency_pattern('any') ~ ')' -%}
    {%- set number = '[0-9][0-9., \\x27’\\x{a0}\\x{202f}\\x{2009}]*' -%}
    {{ return(
        '[+-]?' ~ blank ~ '[(]?' ~ currency ~ blank ~ '[+-]?' ~ blank ~ '[(]?' ~ blank
        ~ '(' ~ number ~ '|-)' ~ blank ~ '[)]?'
        ~ '|[+-]?' ~ blank ~ '[(]?' ~ number ~ currency ~ '[)]?'
    ) }}
{%- endmacro %}

{#- A dash for zero: behind a currency, padded as by a spreadsheet, or alone in an accounting column. -#}
{% macro dash_pattern(notation) -%}
    {%- set blank = '[ \\x{a0}\\x{202f}\\x{2009}]' -%}
    {%- set currency = bank_warehouse.currency_pattern(notation['currency']) -%}
    {{ return(
        blank ~ '*((' ~ currency ~ ')' ~ blank ~ '*-' ~ blank ~ '*|-' ~ blank ~ '{2,}'
        ~ ('|-' ~ blank ~ '*' if notation['is_accounting'] else '') ~ ')'
    ) }}
{%- endmacro %}

{#- The digits of an amount with a point before the cents, whatever its notation. -#}
{% macro plain_digits(text, mark) -%}
    {%- if mark == '.' -%}
        {{ bank_warehouse.replace_matches(text, '[^0-9.]', '') }}
    {%- else -%}
        replace({{ bank_warehouse.replace_matches(text, '[^0-9,]', '') }}, ',', '.')
    {%- endif -%}
{%- endmacro %}

{#-
    Text as money; null where it is no amount in the notation of its column, has more digits than
    cents that nobody asked to round, or is a million million or more: sums of larger amounts would
    not fit. Read with a decimal point: 75384.77, 75,384.77, 75 384.77, $75,384.77, 75384.77 USD, and
    (1,200.00) as negative. The plain notation, which the amount itself is written in, is tried
    first: it is nearly all of every file. One case, not two in a coalesce: DuckDB evaluates what is
    nested in that for every row.
-#}
{% macro parse_money(text, notation, type=none) -%}
    {%- set type = type or 'decimal(14, 2)' -%}
    {%- set fraction = '[0-9]{0,18}0*' if bank_warehouse.rounds_money() else '[0-9]{0,2}0*' -%}
    {%- set amount -%}
        try_cast({{ bank_warehouse.plain_digits(text, notation['mark']) }} as {{ type }})
    {%- endset -%}
    case
        {%- if notation['mark'] == '.' %}
        when cast(try_cast({{ text }} as decimal(14, 2)) as string) = {{ text }}
            then try_cast({{ text }} as {{ type }})
        {%- endif %}
        when {{ bank_warehouse.matches_whole(text, bank_warehouse.dash_pattern(notation)) }}
            then cast(0 as {{ type }})
        when {{ bank_warehouse.matches_whole(
            bank_warehouse.trimmed(text), bank_warehouse.amount_pattern(notation, fraction)
        ) }}
            then
                case
                    when contains({{ text }}, '(') or contains({{ text }}, '-') then -{{ amount }}
                    else {{ amount }}
                end
    end
{%- endmacro %}

{#- Why a text that is not empty is no amount in the notation of its column. -#}
{% macro explain_money(text, notation, column) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    {%- set any_fraction = '[0-9]*' -%}
    {%- set other = dict(notation, mark=',' if notation['mark'] == '.' else '.') -%}
    case
        when {{ bank_warehouse.matches_whole(
            trimmed, bank_warehouse.amount_pattern(notation, any_fraction)
        ) }}
            then case
                when {{ bank_warehouse.matches_whole(
                    bank_warehouse.plain_digits(text, notation['mark']),
                    '0*[1-9][0-9]{12}.*'
                ) }}
                    then '{{ column }} is 1,000,000,000,000.00 or more'
                else '{{ column }} is not an amount to the cent'
            end
        when {{ bank_warehouse.matches_whole(
            trimmed, bank_warehouse.amount_pattern(other, any_fraction)
        ) }}
            then '{{ column }} has another decimal mark than its column'
        when {{ bank_warehouse.matches_whole(
            trimmed, bank_warehouse.any_currency_pattern()
        ) }}
            then '{{ column }} is in another currency than the drop, or in none that is known'
        else '{{ column }} is not an amount to the cent'
    end
{%- endmacro %}

{#- Text as a whole number; null where it is none. 3 and 3.0 are whole, 3.5 and 1e2 are not. -#}
{% macro parse_whole_number(text) -%}
    case
        when cast(try_cast({{ text }} as integer) as string) = {{ text }}
            then try_cast({{ text }} as integer)
        when {{ bank_warehouse.matches_whole(
            bank_warehouse.trimmed(text), '[+-]?[0-9]+([.]0*)?'
        ) }}
            then try_cast(split_part({{ bank_warehouse.trimmed(text) }}, '.', 1) as integer)
    end
{%- endmacro %}

{#-
    An id or code as text: 70097 where a program that took the column for numbers with gaps wrote
    70097.0. An id may be any text. Only a text that holds `.0` goes the dear way, in a case of its
    own: of an `and` DuckDB may evaluate the second half for every row.
-#}
{% macro clean_id(text) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    case
        when contains({{ text }}, '.0')
            then case
                when {{ bank_warehouse.matches_whole(trimmed, '[0-9]+[.]00?') }}
                    then split_part({{ trimmed }}, '.', 1)
                else {{ bank_warehouse.text_or_null(text) }}
            end
        else {{ bank_warehouse.clean_text(text) }}
    end
{%- endmacro %}

{#- Text in the form in which codes are compared. -#}
{% macro code_of(text) -%}
    lower({{ bank_warehouse.clean_id(text) }})
{%- endmacro %}

{#- The name of a code: nearly every one is known as it is written, and need not be cleaned first. -#}
{% macro resolved_code(names, code) -%}
    coalesce({{ names }}[{{ code }}], {{ names }}[{{ bank_warehouse.code_of(code) }}])
{%- endmacro %}

{#- The place of an id among ids: numbers in their order, then other texts in theirs. -#}
{% macro order_of_ids(id) -%}
    cast(
        row_number() over (
            order by try_cast({{ id }} as integer) nulls last, {{ id }}
        ) as integer
    )
{%- endmacro %}

{#-
    Text in the form in which two spellings of one id or name are the same: without blanks and
    invisible characters, in small letters, accents composed with their letters.
-#}
{% macro comparable_text(text) -%}
    {{ return(adapter.dispatch('comparable_text', 'bank_warehouse')(text)) }}
{%- endmacro %}

{#- A text of ASCII without blanks has only its case to lose. -#}
{% macro duckdb__comparable_text(text) -%}
    case
        when strlen({{ text }}) = length({{ text }}) and not contains({{ text }}, ' ')
            then lower({{ text }})
        else {{ bank_warehouse.replace_matches(
            'lower(nfc_normalize(' ~ text ~ '))', bank_warehouse.invisible_pattern(), ''
        ) }}
    end
{%- endmacro %}

{#- Spark has no function that composes letters: accents written in two ways stay different. -#}
{% macro spark__comparable_text(text) -%}
    {{ bank_warehouse.replace_matches(
        'lower(' ~ text ~ ')', bank_warehouse.invisible_pattern(), ''
    ) }}
{%- endmacro %}

{#- One invisible character, as a regular expression. -#}
{% macro invisible_pattern() -%}
    {%- set spans = [] -%}
    {%- for span in bank_warehouse.invisible_characters() -%}
        {%- set ends = [span, span] if span is string else span -%}
        {%- do spans.append('\\x{' ~ ends[0] ~ '}-\\x{' ~ ends[1] ~ '}') -%}
    {%- endfor -%}
    {{ return('[' ~ spans | join('') ~ ']+') }}
{%- endmacro %}

{#- All rows as one map from key to value. -#}
{% macro map_of(key, value) -%}
    {{ return(adapter.dispatch('map_of', 'bank_warehouse')(key, value)) }}
{%- endmacro %}

{% macro duckdb__map_of(key, value) -%}
    map(list({{ key }}), list({{ value }}))
{%- endmacro %}

{% macro spark__map_of(key, value) -%}
    map_from_entries(collect_list(struct({{ key }}, {{ value }})))
{%- endmacro %}

{#- A joining date's text without blanks and without a time of midnight behind it. -#}
{% macro clean_joining_text(text) -%}
    case
        when length({{ text }}) <= 10 then {{ text }}
        else {{ bank_warehouse.trimmed(bank_warehouse.replace_matches(
            text, '[T ](0{1,2}:00(:00([.]0+)?)?Z?|12:00(:00)? ?[Aa][Mm])[ ]*\\z', ''
        )) }}
    end
{%- endmacro %}

{#- All codes of a CTE as one map from code to name; to be asked with brackets. -#}
{% macro code_lookup(codes, name) -%}
    (
        select {{ bank_warehouse.map_of('named.code', 'named.' ~ name) }}
        from (
            select
                code,
                min({{ name }}) as {{ name }}
            from {{ codes }}
            where code is not null
            group by code
        ) as named
    )
{%- endmacro %}
