{#-
    Text without the invisible characters around it; null where nothing or a word for it is left.

    On DuckDB nearly every text is of ASCII alone, begins with a digit or a capital and ends with a
    character that shows: a few comparisons find that in a tenth of the time that trimming takes, and
    the text is taken as it is. Of these only short ones with an N can be words for nothing. An `or` would cost
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
                {%- for code in range(9, 14) %}
                and {{ text }} not like '%' || chr({{ code }})
                {%- endfor %}
                and {{ text }} <> '<NA>'
                then {{ text }}
            else {{ bank_warehouse.text_or_null(text) }}
        end
    {%- else -%}
        {{ bank_warehouse.text_or_null(text) }}
    {%- endif -%}
{%- endmacro %}
