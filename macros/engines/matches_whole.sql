{#-
    Whether a regular expression matches the whole of a text. \A and \z: in Java a dollar sign also
    stands before a line break at the end.
-#}
{% macro matches_whole(text, expression) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        regexp_full_match({{ text }}, '{{ expression }}')
    {%- else -%}
        {{ text }} rlike r'\A(?:{{ expression }})\z'
    {%- endif -%}
{%- endmacro %}
