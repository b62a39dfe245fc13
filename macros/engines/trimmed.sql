{#- On DuckDB, each chr() slows planning, so only control characters are written as chr(). -#}
{% macro trimmed(text) -%}
    {%- set codes = [] -%}
    {%- for first, last in bank_warehouse.invisible_characters() -%}
        {%- do codes.extend(range(first | int(base=16), (last | int(base=16)) + 1)) -%}
    {%- endfor -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        trim({{ text }}, '
            {%- for code in codes if code > 31 %}{{ '%c' | format(code) }}{% endfor %}'
            {%- for code in codes if code < 32 %} || chr({{ code }}){% endfor %})
    {%- else -%}
        btrim({{ text }}, '{% for code in codes %}{{ '\\u%04x' | format(code) }}{% endfor %}')
    {%- endif -%}
{%- endmacro %}
