{% test unique_combination_of_columns(model, combination_of_columns) %}

{#- The grain of a table: no two rows have the same values in these columns, and none is null. -#}
select
    {{ combination_of_columns | join(', ') }},
    count(*) as occurrences

from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having
    count(*) > 1
    {%- for column in combination_of_columns %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
