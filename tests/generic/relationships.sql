{% test relationships(model, column_name, to, field) %}

{#-
    Returns the rows whose value is missing from the other table; nulls pass. Works like dbt's own
    test of this name, with a shortcut for customer_key: the two tables are not joined if the row
    count of the model is a multiple of the other table's and the means of their keys are equal.
    Keys are 60-bit hashes, so it is then practically certain that every customer has the same share
    of the rows in both tables.
-#}
with

child as (

    select {{ column_name }} as from_field
    from {{ model }}
    where {{ column_name }} is not null

),

parent as (

    select {{ field }} as to_field
    from {{ to }}

)

{%- if column_name == 'customer_key' %},

child_keys as (

    select
        count(from_field) as row_count,
        {{ bank_warehouse.sum_of_keys('from_field') }} as sum_of_keys

    from child

),

parent_keys as (

    select
        count(to_field) as row_count,
        {{ bank_warehouse.sum_of_keys('to_field') }} as sum_of_keys

    from parent

),

comparison as (

    select
        coalesce(
            child_keys.row_count % nullif(parent_keys.row_count, 0) = 0
            and child_keys.sum_of_keys
            = parent_keys.sum_of_keys * {{ bank_warehouse.whole_quotient('child_keys.row_count', 'nullif(parent_keys.row_count, 0)') }},
            false
        ) as is_same

    from child_keys
    cross join parent_keys

),

child_to_search as (

    select from_field
    from child
    where not (select is_same from comparison)

),

parent_to_search as (

    select to_field
    from parent
    where not (select is_same from comparison)

)

select child_to_search.from_field
from child_to_search
left join parent_to_search on child_to_search.from_field = parent_to_search.to_field
where parent_to_search.to_field is null
{%- else %}

select child.from_field
from child
left join parent on child.from_field = parent.to_field
where parent.to_field is null
{%- endif %}

{% endtest %}
