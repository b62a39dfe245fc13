{#-
    Text without surrounding invisible characters; null if the rest is empty or a placeholder for an
    empty cell.

    Nearly every text is ASCII, begins with a digit or a capital, and ends with a visible character.
    On DuckDB a few comparisons find this in a tenth of the time of trimming, and the text is used
    unchanged. Only short ones with an N can then be null markers. An `or` would cost more than
    the second case.
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
