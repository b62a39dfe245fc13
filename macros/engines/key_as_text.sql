{#-
    A key as people read and type it: `C` and its 15 hex digits. Spreadsheets, JavaScript and Power
    BI show a number exactly only up to 53 bits, and a text of digits alone they take for a number.
-#}
{% macro key_as_text(key) -%}
    {{ 'printf' if bank_warehouse.engine() == 'duckdb' else 'format_string' }}('C%015x', {{ key }})
{%- endmacro %}
