{% test unique_combination_of_columns(
    model, combination_of_columns, same_customers_as=none, date_column=none
) %}

{#-
    The grain of a table: no two rows have the same values in these columns, and none is null.

    If the table must have every customer of another table, once for each combination of the other
    columns, name that table in same_customers_as: the test then does not group by customer.
    customer_key is a 60-bit hash, so two tables with the same row count and the same sum of keys
    almost certainly have the same customers. A repeated, missing or null key changes the count or
    the sum.

    With date_column, only the rows of this build's as-of date are tested; with same_customers_as,
    it has no effect.
-#}
{%- if same_customers_as is none %}
select
    {{ combination_of_columns | join(', ') }},
    count(*) as occurrences

from {{ model }}
{%- if date_column is not none %}
where {{ date_column }} = {{ as_of_date() }}
{%- endif %}
group by {{ combination_of_columns | join(', ') }}
having
    count(*) > 1
    {%- for column in combination_of_columns %}
    or {{ column }} is null
    {%- endfor %}
{%- else %}
{%- set others = combination_of_columns | reject('equalto', 'customer_key') | list %}
with

expected as (

    select
        count(customer_key) as customers,
        {{ bank_warehouse.sum_of_keys('customer_key') }} as sum_of_keys

    from {{ same_customers_as }}

),

found as (

    select
        {%- for column in others %}
        {{ column }},
        {%- endfor %}
        count(*) as occurrences,
        count(customer_key) as customers,
        {{ bank_warehouse.sum_of_keys('customer_key') }} as sum_of_keys

    from {{ model }}
    {%- if others %}
    group by {{ others | join(', ') }}
    {%- endif %}

)

select found.*
from expected
left join found on true
where
    expected.customers is distinct from found.customers
    or expected.customers is distinct from found.occurrences
    or expected.sum_of_keys is distinct from found.sum_of_keys
    {%- for column in others %}
    or found.{{ column }} is null
    {%- endfor %}
{%- endif %}

{% endtest %}
