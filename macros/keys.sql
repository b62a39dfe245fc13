{#- A bigint key: the first 15 hex digits (60 bits) of md5 over the texts, joined by '|'. -#}
{% macro hash_key(expressions) -%}
    {{ return(adapter.dispatch('hash_key', 'bank_warehouse')(expressions)) }}
{%- endmacro %}

{% macro duckdb__hash_key(expressions) -%}
    cast('0x' || left(md5({{ expressions | join(" || '|' || ") }}), 15) as bigint)
{%- endmacro %}

{% macro spark__hash_key(expressions) -%}
    cast(conv(left(md5({{ expressions | join(" || '|' || ") }}), 15), 16, 10) as bigint)
{%- endmacro %}

{#-
    A key as people read and type it: `C` and its 15 hex digits. Spreadsheets, JavaScript and Power
    BI show a number exactly only up to 53 bits, and a text of digits alone they take for a number.
-#}
{% macro key_as_text(key) -%}
    {{ return(adapter.dispatch('key_as_text', 'bank_warehouse')(key)) }}
{%- endmacro %}

{% macro duckdb__key_as_text(key) -%}
    format('C{:015x}', {{ key }})
{%- endmacro %}

{% macro spark__key_as_text(key) -%}
    format_string('C%015x', {{ key }})
{%- endmacro %}

{#- All values of an accepted client row but its key, as one text: equal for equal rows only. -#}
{% macro row_fingerprint(relation_alias) -%}
    md5(
        {%- for column in [
            'banking_contact', 'location_id', 'gender', 'age', 'nationality', 'occupation',
            'banking_relationship', 'investment_advisor', 'loyalty_classification',
            'fee_structure', 'amount_of_credit_cards', 'properties_owned', 'risk_weighting',
        ] + bank_warehouse.money_columns() %}
        coalesce(cast({{ relation_alias }}.{{ column }} as string), '') || '|'
        {{- ' ||' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
