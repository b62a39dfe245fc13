{#-
    The forms, in the order of the pattern: an optional sign and currency before the number;
    currency after the number; brackets around the number, optionally with the currency before them;
    brackets around currency and number, in that order; brackets around number and currency.
-#}
{% macro amount_pattern(notation, fraction) -%}
    {%- set separators = [
        ',' if notation['mark'] == '.' else '.', '\\x27', '’',
        '\\x{0020}', '\\x{00a0}', '\\x{202f}', '\\x{2009}',
    ] -%}
    {%- set groups = '([' ~ separators | join('][0-9]{3})+|([') ~ '][0-9]{3})+' -%}
    {{ return(bank_warehouse.money_pattern(
        '([+-]?_*(¤_*)?|¤_*[+-]_*)#|[+-]?_*#_*¤|(¤_*)?[(]_*#_*[)]|[(]¤_*#_*[)]|[(]#_*¤[)]',
        notation['currency'],
        '([0-9]+|[1-9][0-9]{0,2}(' ~ groups ~ '))([' ~ notation['mark'] ~ ']' ~ fraction ~ ')?'
    )) }}
{%- endmacro %}

{#- Without a currency, ¤ becomes a class that excludes every character. -#}
{% macro money_pattern(pattern, currency, number='') -%}
    {%- set known = {
        'USD': '([Uu][Ss])?[$]|[Uu][Ss][Dd]', 'EUR': '€|[Ee][Uu][Rr]', 'GBP': '£|[Gg][Bb][Pp]',
    } -%}
    {%- set one = known.get(currency, '[^\\x00-\\x{10ffff}]') -%}
    {%- set one = known.values() | join('|') if currency == 'any' else one -%}
    {{ return(
        pattern | replace('¤', '(' ~ one ~ ')') | replace('#', number)
        | replace('_', '[ \\x{a0}\\x{202f}\\x{2009}]')
    ) }}
{%- endmacro %}

{% macro money_notation(reading, file, column) -%}
    {%- set proof = file['money'].get(column, {}) -%}
    {{ return({
        'mark': proof.get('mark', file.get('default_mark', '.')),
        'currency': reading['currency'],
        'is_accounting': proof.get('is_accounting', false),
    }) }}
{%- endmacro %}

{% macro plain_digits(text, mark) -%}
    {%- set digits = bank_warehouse.replace_matches(text, '[^0-9' ~ mark ~ ']', '') -%}
    {{ digits if mark == '.' else 'replace(' ~ digits ~ ", ',', '.')" }}
{%- endmacro %}

{#- A case, because DuckDB would evaluate both arguments of a coalesce in every row. -#}
{% macro money_of(reading, column, text, source_file, type='decimal(14, 2)') -%}
    {%- call(file) bank_warehouse.by_file(reading, source_file) -%}
    {%- set notation = bank_warehouse.money_notation(reading, file, column) -%}
    {%- set fraction = '[0-9]{0,18}0*' if bank_warehouse.rounds_money() else '[0-9]{0,2}0*' -%}
    {%- set digits = bank_warehouse.plain_digits(text, notation['mark']) -%}
    {%- set amount = 'try_cast(' ~ digits ~ ' as ' ~ type ~ ')' -%}
    {%- set dash = '_*(¤_*-_*|-_{2,}' ~ ('|-_*' if notation['is_accounting'] else '') ~ ')' -%}
    case
        {%- if notation['mark'] == '.' %}
        when cast(try_cast({{ text }} as decimal(14, 2)) as string) = {{ text }}
            then try_cast({{ text }} as {{ type }})
        {%- endif %}
        when {{ bank_warehouse.matches_whole(
            text, bank_warehouse.money_pattern(dash, notation['currency'])
        ) }}
            then cast(0 as {{ type }})
        when {{ bank_warehouse.matches_whole(
            bank_warehouse.trimmed(text), bank_warehouse.amount_pattern(notation, fraction)
        ) }}
            then case
                when contains({{ text }}, '(') or contains({{ text }}, '-') then -{{ amount }}
                else {{ amount }}
            end
    end
    {%- endcall -%}
{%- endmacro %}

{% macro money_fault(reading, column) -%}
    {%- set text = 'raw_' ~ column -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    {%- set any_currency = bank_warehouse.money_pattern(
        '[+-]?_*[(]?¤_*[+-]?_*[(]?_*(#|-)_*[)]?|[+-]?_*[(]?#¤[)]?', 'any',
        '[0-9][0-9., \\x27’\\x{a0}\\x{202f}\\x{2009}]*'
    ) -%}
    {%- call(file) bank_warehouse.by_file(reading, 'source_file') -%}
    {%- set notation = bank_warehouse.money_notation(reading, file, column) -%}
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
            then '{{ column }} has a different decimal mark from its column'
        when {{ bank_warehouse.matches_whole(trimmed, any_currency) }}
            then '{{ column }} is in a different currency from the drop, or is not an amount'
        else '{{ column }} is not an amount to the cent'
    end
    {%- endcall -%}
{%- endmacro %}

{% macro rounds_money() -%}
    {{ return(var('raw_money_rounding') == 'half_up') }}
{%- endmacro %}

{#- The outer cast restores the scale: on Spark, a difference has one decimal place fewer. -#}
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
                    then '"{{ column }}": "' || cast(cast(nullif(
                        {{ bank_warehouse.money_of(
                            reading, column, 'raw_' ~ column, 'source_file', 'decimal(38, 18)'
                        ) }} - cast({{ column }} as decimal(38, 18)),
                        0
                    ) as decimal(38, 18)) as string) || '"'
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ) || '}',
        '{}'
    )
{%- endmacro %}
