{#- If all characters are visible ASCII, only the case needs to change. -#}
{% macro comparable_text(text) -%}
    {%- set invisible = bank_warehouse.invisible_pattern() -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        case
            when regexp_full_match({{ text }}, '[!-~]*') then lower({{ text }})
            else {{ bank_warehouse.replace_matches(
                'lower(nfc_normalize(' ~ text ~ '))', invisible, ''
            ) }}
        end
    {%- else -%}
        {{ bank_warehouse.replace_matches('lower(' ~ text ~ ')', invisible, '') }}
    {%- endif -%}
{%- endmacro %}
