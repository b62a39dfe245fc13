{#-
    Regular expression of a known currency, or of `any` of them. It matches nothing if there is
    none.
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
    Regular expression of an amount. Its number: digits, in groups of three or not, and the cents
    after the decimal mark. The other mark, an apostrophe or a blank separates groups, and the first
    group does not begin with a zero. Around it: a sign, the currency before or after it, brackets
    for a negative amount.
-#}
{% macro amount_pattern(notation, fraction) -%}
    {%- set blank = '[ \\x{a0}\\x{202f}\\x{2009}]*' -%}
    {%- set mark = notation['mark'] -%}
    {%- set groups = [] -%}
    {%- for separator in [
        ',' if mark == '.' else '.', '\\x27', '’',
        '\\x{0020}', '\\x{00a0}', '\\x{202f}', '\\x{2009}',
    ] -%}
        {%- do groups.append('([' ~ separator ~ '][0-9]{3})+') -%}
    {%- endfor -%}
    {%- set number = (
        '([0-9]+|[1-9][0-9]{0,2}(' ~ groups | join('|') ~ '))([' ~ mark ~ ']' ~ fraction ~ ')?'
    ) -%}
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

{#-
    A dash for zero: after a currency, padded as by a spreadsheet, or alone in an accounting column.
-#}
{% macro dash_pattern(notation) -%}
    {%- set blank = '[ \\x{a0}\\x{202f}\\x{2009}]' -%}
    {%- set currency = bank_warehouse.currency_pattern(notation['currency']) -%}
    {{ return(
        blank ~ '*((' ~ currency ~ ')' ~ blank ~ '*-' ~ blank ~ '*|-' ~ blank ~ '{2,}'
        ~ ('|-' ~ blank ~ '*' if notation['is_accounting'] else '') ~ ')'
    ) }}
{%- endmacro %}

{% macro plain_digits(text, mark) -%}
    {%- if mark == '.' -%}
        {{ bank_warehouse.replace_matches(text, '[^0-9.]', '') }}
    {%- else -%}
        replace({{ bank_warehouse.replace_matches(text, '[^0-9,]', '') }}, ',', '.')
    {%- endif -%}
{%- endmacro %}

{#-
    Text as money; null if it is not an amount in the notation of its column, has more digits than
    cents without the setting that rounds them, or is a million million or more, because sums of
    larger amounts would not fit. Read with a decimal point: 75384.77, 75,384.77, 75 384.77,
    $75,384.77, 75384.77 USD, and (1,200.00) as negative. The plain notation is tried first, because
    nearly all amounts have it. One case instead of two in a coalesce, because DuckDB evaluates the
    nested one for every row.
-#}
{% macro parse_money(text, notation, type='decimal(14, 2)') -%}
    {%- set fraction = '[0-9]{0,18}0*' if bank_warehouse.rounds_money() else '[0-9]{0,2}0*' -%}
    {%- set digits = bank_warehouse.plain_digits(text, notation['mark']) -%}
    {%- set amount = 'try_cast(' ~ digits ~ ' as ' ~ type ~ ')' -%}
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

{% macro explain_money(text, notation, column) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    {%- set other = dict(notation, mark=',' if notation['mark'] == '.' else '.') -%}
    case
        when {{ bank_warehouse.matches_whole(
            trimmed, bank_warehouse.amount_pattern(notation, '[0-9]*')
        ) }}
            then case
                when {{ bank_warehouse.matches_whole(
                    bank_warehouse.plain_digits(text, notation['mark']), '0*[1-9][0-9]{12}.*'
                ) }}
                    then '{{ column }} is 1,000,000,000,000.00 or more'
                else '{{ column }} is not an amount to the cent'
            end
        when {{ bank_warehouse.matches_whole(
            trimmed, bank_warehouse.amount_pattern(other, '[0-9]*')
        ) }}
            then '{{ column }} has another decimal mark than its column'
        when {{ bank_warehouse.matches_whole(trimmed, bank_warehouse.any_currency_pattern()) }}
            then '{{ column }} is in another currency than the drop, or in none that is known'
        else '{{ column }} is not an amount to the cent'
    end
{%- endmacro %}

{% macro rounds_money() -%}
    {{ return(var('raw_money_rounding') == 'half_up') }}
{%- endmacro %}

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
