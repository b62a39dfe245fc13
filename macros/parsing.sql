{#- Text without the blanks, tabs and no-break spaces around it. -#}
{% macro trimmed(text) -%}
    trim({{ text }}, ' ' || chr(9) || chr(160))
{%- endmacro %}

{#- Text without the blanks around it; null where nothing is left. -#}
{% macro clean_text(text) -%}
    nullif({{ bank_warehouse.trimmed(text) }}, '')
{%- endmacro %}

{#-
    Text as money, decimal(18,2); null where it is no amount to the cent.
    Read: 75384.77, 75,384.77, $75,384.77, (1,200.00) as negative, and a lone dash as zero.
    The plain notation is tried first: it is nearly all of every file.
-#}
{% macro parse_money(text) -%}
    {%- set plain = '[0-9]+([.][0-9]{0,2}0*)?' -%}
    {%- set grouped = '[0-9]{1,3}(,[0-9]{3})+([.][0-9]{0,2}0*)?' -%}
    {%- set currency = '[$€£]?' -%}
    {%- set blank = '[ ]*' -%}
    coalesce(
        case
            when
                substr({{ text }}, length({{ text }}) - 2, 1) = '.'
                and not contains({{ text }}, 'e')
                and not contains({{ text }}, 'E')
                and not contains({{ text }}, '_')
                then try_cast({{ text }} as decimal(18, 2))
        end,
        case
            when
                regexp_full_match(
                    {{ bank_warehouse.trimmed(text) }}, '{{ currency }}{{ blank }}-{{ blank }}'
                )
                then cast(0 as decimal(18, 2))
            when
                regexp_full_match(
                    {{ bank_warehouse.trimmed(text) }},
                    '[+-]?{{ currency }}{{ blank }}({{ plain }}|{{ grouped }})'
                )
                or regexp_full_match(
                    {{ bank_warehouse.trimmed(text) }},
                    '[(]{{ currency }}{{ blank }}({{ plain }}|{{ grouped }})[)]'
                )
                then
                    case
                        when contains({{ text }}, '(') or contains({{ text }}, '-') then -1
                        else 1
                    end
                    * try_cast(
                        regexp_replace({{ text }}, '[^0-9.]', '', 'g') as decimal(18, 2)
                    )
        end
    )
{%- endmacro %}

{#- Text as a whole number; null where it is none. 3 and 3.0 are whole, 3.5 and 1e2 are not. -#}
{% macro parse_whole_number(text) -%}
    case
        when cast(try_cast({{ text }} as integer) as string) = {{ text }}
            then try_cast({{ text }} as integer)
        when regexp_full_match({{ bank_warehouse.trimmed(text) }}, '[+-]?[0-9]+([.]0*)?')
            then try_cast(split_part({{ bank_warehouse.trimmed(text) }}, '.', 1) as integer)
    end
{%- endmacro %}

{#- Text in the form in which codes are compared. -#}
{% macro code_of(text) -%}
    lower({{ bank_warehouse.clean_text(text) }})
{%- endmacro %}

{#- A joining date's text without blanks and without a time of midnight behind it. -#}
{% macro clean_joining_text(text) -%}
    case
        when length({{ text }}) <= 10 then {{ text }}
        else trim(regexp_replace({{ text }}, '[T ]0{1,2}:00(:00([.]0+)?)?Z?[ ]*$', ''))
    end
{%- endmacro %}

{#- All codes of a CTE as one map from code to name; to be asked with brackets. -#}
{% macro code_lookup(codes, name) -%}
    (
        select map(list(named.code), list(named.{{ name }}))
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
