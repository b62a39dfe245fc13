{% set groups = dimension_groups() %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

combinations as (

    select * from {{ ref('int_dimension_combinations') }}

),

coded as (

    select
        customers.customer_key,

        ---------- the combination of each group of dimensions
        {% for group in groups %}
        combinations_{{ loop.index }}.combination as combination_{{ loop.index }},
        {% endfor %}

        ---------- the bucket of each measure
        {% for measure, unit in difference_measures().items() %}
        {{ logarithmic_bucket('customers.' ~ measure, unit) }} as {{ measure }}_bucket,
        {% endfor %}

        ---------- measures to sum
        {% for measure in summed_measures() %}
        customers.{{ measure }},
        {% endfor %}
        cast(customers.is_overleveraged as integer) as is_overleveraged

    from customers
    {% for group in groups %}
    {% set combined = 'combinations_' ~ loop.index %}
    left join combinations as {{ combined }}
        on
            {{ combined }}.dimension_group = {{ loop.index }}
            {% for dimension in group %}
            and customers.{{ dimension }} is not distinct from {{ combined }}.{{ dimension }}
            {% endfor %}
    {% endfor %}

)

select * from coded
