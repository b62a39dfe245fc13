{% macro key_as_text(key) -%}
    {{ 'printf' if bank_warehouse.engine() == 'duckdb' else 'format_string' }}('C%015x', {{ key }})
{%- endmacro %}
