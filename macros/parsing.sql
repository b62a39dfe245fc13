{#- Text without the blanks, tabs and no-break spaces around it. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'bank_warehouse')(text)) }}
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    trim({{ text }}, ' ' || chr(9) || chr(160))
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    btrim({{ text }}, ' \t\u00a0')
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

{#- Text without the blanks around it; null where nothing is left. -#}
{% macro clean_text(text) -%}
    {{ return(adapter.dispatch('clean_text', 'bank_warehouse')(text)) }}
{%- endmacro %}

{#-
    Nearly every text begins with a visible character of ASCII and ends without a blank: it is taken
    as it is, which five comparisons tell in a seventh of the time that trimming takes.
-#}
{% macro duckdb__clean_text(text) -%}
    case
        when
            {{ text }} >= '!' and {{ text }} < chr(127)
            and {{ text }} not like '% '
            and {{ text }} not like '%' || chr(9)
            and {{ text }} not like '%' || chr(160)
            then {{ text }}
        else nullif({{ bank_warehouse.trimmed(text) }}, '')
    end
{%- endmacro %}

{% macro spark__clean_text(text) -%}
    nullif({{ bank_warehouse.trimmed(text) }}, '')
{%- endmacro %}

{#-
    Text as money, decimal(18,2); null where it is no amount to the cent.
    Read: 75384.77, 75,384.77, $75,384.77, (1,200.00) as negative, and a lone dash as zero.
    The plain notation, which the amount itself is written in, is tried first: it is nearly all
    of every file. One case, not two in a coalesce: DuckDB evaluates what is nested in that for
    every row.
-#}
{% macro parse_money(text) -%}
    {%- set plain = '[0-9]+([.][0-9]{0,2}0*)?' -%}
    {%- set grouped = '[0-9]{1,3}(,[0-9]{3})+([.][0-9]{0,2}0*)?' -%}
    {%- set currency = '[$€£]?' -%}
    {%- set blank = '[ ]*' -%}
    case
        when cast(try_cast({{ text }} as decimal(18, 2)) as string) = {{ text }}
            then try_cast({{ text }} as decimal(18, 2))
        when
            {{ bank_warehouse.matches_whole(
                bank_warehouse.trimmed(text), currency ~ blank ~ '-' ~ blank
            ) }}
            then cast(0 as decimal(18, 2))
        when
            {{ bank_warehouse.matches_whole(
                bank_warehouse.trimmed(text),
                '[+-]?' ~ currency ~ blank ~ '(' ~ plain ~ '|' ~ grouped ~ ')'
            ) }}
            or {{ bank_warehouse.matches_whole(
                bank_warehouse.trimmed(text),
                '[(]' ~ currency ~ blank ~ '(' ~ plain ~ '|' ~ grouped ~ ')[)]'
            ) }}
            then
                case
                    when contains({{ text }}, '(') or contains({{ text }}, '-') then -1
                    else 1
                end
                * try_cast(
                    {{ bank_warehouse.replace_matches(text, '[^0-9.]', '') }} as decimal(18, 2)
                )
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
    70097.0. An id may be any text.
-#}
{% macro clean_id(text) -%}
    case
        when
            ({{ text }} like '%.0' or {{ text }} like '%.00')
            and {{ bank_warehouse.matches_whole(bank_warehouse.trimmed(text), '[0-9]+[.]00?') }}
            then split_part({{ bank_warehouse.trimmed(text) }}, '.', 1)
        else {{ bank_warehouse.clean_text(text) }}
    end
{%- endmacro %}

{#- Text in the form in which codes are compared. -#}
{% macro code_of(text) -%}
    lower({{ bank_warehouse.clean_id(text) }})
{%- endmacro %}

{#- The place of an id among ids: numbers in their order, then other texts in theirs. -#}
{% macro order_of_ids(id) -%}
    cast(
        row_number() over (
            order by try_cast({{ id }} as integer) nulls last, {{ id }}
        ) as integer
    )
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
        else trim({{ bank_warehouse.replace_matches(
            text, '[T ]0{1,2}:00(:00([.]0+)?)?Z?[ ]*\\z', ''
        ) }})
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
