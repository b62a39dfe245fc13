{% macro invisible_characters() -%}
    {{ return([
        ('0009', '000d'), ('0020', '0020'), ('00a0', '00a0'), ('00ad', '00ad'), ('115f', '1160'),
        ('1680', '1680'), ('180e', '180e'), ('2000', '200f'), ('2028', '202f'), ('205f', '2064'),
        ('2800', '2800'), ('3000', '3000'), ('3164', '3164'), ('feff', 'feff'), ('ffa0', 'ffa0'),
    ]) }}
{%- endmacro %}

{% macro invisible_pattern() -%}
    {%- set spans = [] -%}
    {%- for first, last in bank_warehouse.invisible_characters() -%}
        {%- do spans.append('\\x{' ~ first ~ '}-\\x{' ~ last ~ '}') -%}
    {%- endfor -%}
    {{ return('[' ~ spans | join('') ~ ']+') }}
{%- endmacro %}

{#- Case matters: Null is a surname. -#}
{% macro text_or_null(text) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    {%- set placeholders = (
        '-|--|NULL|null|[(]null[)]|None|NA|N/A|n/a|<NA>|NaN|nan|NaT|[\\\\]N|[(]blank[)]'
        ~ '|#(N/A( N/A)?|NA|REF!|VALUE!|DIV/0!|NAME[?]|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)'
    ) -%}
    case
        when not ({{ bank_warehouse.matches_whole(trimmed, placeholders) }})
            then nullif({{ trimmed }}, '')
    end
{%- endmacro %}

{% macro spoilt_id() -%}
    {{ return('=".*|\\x{27}.*[0-9].*|##+|[+-]?[0-9]([.,][0-9]+[eE][+]?|[eE][+])[0-9]+') }}
{%- endmacro %}

{#- Two cases, because DuckDB may evaluate the second half of an `and` in every row. -#}
{% macro clean_id(text) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    case
        when
            {{ text }} < '0' or {{ text }} like '=%'
            or {{ text }} like '%.%' or {{ text }} like '%,%' or {{ text }} like '%+%'
            then case
                when {{ bank_warehouse.matches_whole(trimmed, '[0-9]+[.]00?') }}
                    then split_part({{ trimmed }}, '.', 1)
                when not ({{ bank_warehouse.matches_whole(trimmed, bank_warehouse.spoilt_id()) }})
                    then {{ bank_warehouse.text_or_null(text) }}
            end
        else {{ bank_warehouse.clean_text(text) }}
    end
{%- endmacro %}

{% macro resolved_code(names, code) -%}
    coalesce({{ names }}[{{ code }}], {{ names }}[lower({{ bank_warehouse.clean_id(code) }})])
{%- endmacro %}

{% macro code_lookup(codes, name) -%}
    (
        select {{ bank_warehouse.map_of('named.code', 'named.' ~ name) }}
        from (
            select code, min({{ name }}) as {{ name }} from {{ codes }}
            where code is not null
            group by code
        ) as named
    )
{%- endmacro %}

{% macro order_of_ids(id) -%}
    cast(row_number() over (order by try_cast({{ id }} as integer) nulls last, {{ id }}) as integer)
{%- endmacro %}

{% macro parse_whole_number(text) -%}
    {%- set trimmed = bank_warehouse.trimmed(text) -%}
    case
        when cast(try_cast({{ text }} as integer) as string) = {{ text }}
            then try_cast({{ text }} as integer)
        when {{ bank_warehouse.matches_whole(trimmed, '[+-]?[0-9]+([.]0*)?') }}
            then try_cast(split_part({{ trimmed }}, '.', 1) as integer)
    end
{%- endmacro %}
