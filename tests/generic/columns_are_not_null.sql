{% test columns_are_not_null(model, columns) %}

{#- Several columns in one scan: the rows in which any of them is null. -#}
select {{ columns | join(', ') }}

from {{ model }}
where
    {%- for column in columns %}
    {{ 'or ' if not loop.first }}{{ column }} is null
    {%- endfor %}

{% endtest %}
