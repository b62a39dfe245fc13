{%- set measures = [
    'estimated_income', 'total_loans', 'total_deposits', 'core_deposits', 'fee_income',
    'net_position',
] -%}

with

profiles as (

    select * from {{ ref('fct_segment_profiles') }}

),

dimensions as (

    select * from {{ ref('dimensions') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

totals as (

    select
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        count(*) as customers

    from positions

),

sums as (

    select
        dimensions.dimension,
        {%- for measure in measures %}
        sum(profiles.{{ measure }}) as {{ measure }},
        {%- endfor %}
        sum(profiles.customers) as customers,
        sum(profiles.share_of_customers) as share_of_customers

    from dimensions
    left join profiles on dimensions.dimension = profiles.dimension
    group by dimensions.dimension

),

broken as (

    select
        sums.dimension,
        sums.customers,
        sums.share_of_customers

    from sums
    cross join totals
    where
        sums.customers is distinct from totals.customers
        or coalesce(abs(sums.share_of_customers - 1) > 1e-9, true)
        {%- for measure in measures %}
        or sums.{{ measure }} is distinct from totals.{{ measure }}
        {%- endfor %}

)

select * from broken
