{% test accepted_range(model, column_name, min_value=none, max_value=none) %}

{#- Rows in which the value is below min_value or above max_value; nulls are left to not_null. -#}
select {{ column_name }}

from {{ model }}
where
    false
    {%- if min_value is not none %}
    or {{ column_name }} < {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or {{ column_name }} > {{ max_value }}
    {%- endif %}

{% endtest %}
