{#-
    Text without the invisible characters around it; null where nothing or a word for it is left.

    On DuckDB nearly every text is of ASCII alone, begins with a digit or a capital and ends without
    a blank: it is taken as it is, which a few comparisons find out in a tenth of the time that
    trimming takes. Of these only short ones with an N can be words for nothing. An `or` would cost
    more than the second case.
-#}
{% macro clean_text(text) -%}
    {%- if bank_warehouse.engine() == 'duckdb' -%}
        case
            when {{ text }} >= 'N' and {{ text }} < 'O' and strlen({{ text }}) < 5
                then {{ bank_warehouse.text_or_null(text) }}
            when
                {{ text }} >= '0' and {{ text }} < '['
                and strlen({{ text }}) = length({{ text }})
                and {{ text }} not like '% '
                and {{ text }} <> '<NA>'
                then {{ text }}
            else {{ bank_warehouse.text_or_null(text) }}
        end
    {%- else -%}
        {{ bank_warehouse.text_or_null(text) }}
    {%- endif -%}
{%- endmacro %}
