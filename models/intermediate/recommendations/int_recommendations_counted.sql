{% set protected = ['nationality', 'gender', 'age_band'] %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

recommended as (

    select * from {{ ref('int_recommendations_resolved') }}

),

rules as (

    select * from {{ ref('recommendation_rules') }}

),

limits as (

    select
        max(case when fairness_limit = 'minimum_customers' then limit_value end)
            as minimum_customers,
        max(case when fairness_limit = 'minimum_expected' then limit_value end)
            as minimum_expected

    from {{ ref('fairness_limits') }}

),

customers_by_group as (

    select
        {{ ', '.join(protected) }},
        cast(count(*) as bigint) as customers

    from customers
    group by {{ ', '.join(protected) }}

),

chosen_by_group as (

    select
        recommended.action,
        {% for dimension in protected %}
        customers.{{ dimension }},
        {% endfor %}
        cast(count(*) as bigint) as chosen

    from recommended
    inner join customers on recommended.customer_key = customers.customer_key
    group by recommended.action, customers.{{ protected | join(', customers.') }}

),

sizes as (

    {% for dimension in protected %}

    select
        '{{ dimension }}' as dimension,
        {{ dimension }} as value,
        cast(sum(customers) as bigint) as customers

    from customers_by_group
    group by {{ dimension }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

choices as (

    {% for dimension in protected %}

    select
        action,
        '{{ dimension }}' as dimension,
        {{ dimension }} as value,
        cast(sum(chosen) as bigint) as chosen

    from chosen_by_group
    group by action, {{ dimension }}
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

-- Every action is combined with every group, even if nobody in the group gets the action.
counted as (

    select
        rules.action,
        sizes.dimension,
        sizes.value,
        rules.is_burden,
        sizes.customers,
        coalesce(choices.chosen, 0) as chosen,
        sum(sizes.customers) over (partition by rules.action, sizes.dimension)
            as customers_of_all,
        sum(coalesce(choices.chosen, 0)) over (partition by rules.action, sizes.dimension)
            as chosen_of_all

    from rules
    cross join sizes
    left join choices
        on
            rules.action = choices.action
            and sizes.dimension = choices.dimension
            and sizes.value = choices.value

),

-- A group is large enough if it has enough customers and if, at the overall rate, enough of them
-- would be chosen and enough would not.
sized as (

    select
        counted.action,
        counted.dimension,
        counted.value,
        counted.is_burden,
        counted.customers,
        counted.chosen,
        counted.customers >= limits.minimum_customers
        and least(counted.chosen_of_all, counted.customers_of_all - counted.chosen_of_all)
        * counted.customers >= limits.minimum_expected * counted.customers_of_all
            as is_large_enough

    from counted
    cross join limits

)

select * from sized
