{#-
    Text in the form in which two spellings of one id or name are the same: without blanks and
    invisible characters, in lower case, with accents composed with their letters.

    An ASCII text without blanks needs only its case changed. Spark has no function that composes
    letters, so accents written in two ways stay different there.
-#}
{% macro comparable_text(text) -%}
    {%- set invisible = bank_warehouse.invisible_pattern() -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        case
            when strlen({{ text }}) = length({{ text }}) and not contains({{ text }}, ' ')
                then lower({{ text }})
            else {{ bank_warehouse.replace_matches(
                'lower(nfc_normalize(' ~ text ~ '))', invisible, ''
            ) }}
        end
    {%- else -%}
        {{ bank_warehouse.replace_matches('lower(' ~ text ~ ')', invisible, '') }}
    {%- endif -%}
{%- endmacro %}
