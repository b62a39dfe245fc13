{% test expressions_are_true(model, expressions) %}

{#- Several promises about each row in one scan: the rows that break one; null counts as broken. -#}
select *

from {{ model }}
where
    {%- for expression in expressions %}
    {{ 'or ' if not loop.first }}not coalesce({{ expression }}, false)
    {%- endfor %}

{% endtest %}
