{%- set bands = {
    'age_band': ['age_bands', 'age'],
    'tenure_band': ['tenure_bands', 'tenure_days'],
    'income_band': ['income_bands', 'estimated_income'],
} -%}

with

customers as (

    select * from {{ ref('dim_customers') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

placed as (

    select
        customers.age_band,
        customers.age,
        customers.tenure_band,
        customers.tenure_days,
        customers.income_band,
        positions.estimated_income

    from customers
    inner join positions on customers.customer_key = positions.customer_key

),

extremes as (

    {%- for band, place in bands.items() %}

    select
        '{{ band }}' as band_name,
        {{ band }} as band,
        cast(min({{ place[1] }}) as decimal(18, 2)) as lowest,
        cast(max({{ place[1] }}) as decimal(18, 2)) as highest

    from placed
    group by {{ band }}
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

limits as (

    {%- for band, place in bands.items() %}

    select
        '{{ band }}' as band_name,
        {{ band }} as band,
        cast(lower_limit as decimal(18, 2)) as lower_limit,
        cast(upper_limit as decimal(18, 2)) as upper_limit

    from {{ ref(place[0]) }}
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

outside as (

    select
        extremes.band_name,
        extremes.band,
        extremes.lowest,
        extremes.highest,
        limits.lower_limit,
        limits.upper_limit

    from extremes
    left join limits
        on extremes.band_name = limits.band_name and extremes.band = limits.band
    where
        limits.band is null
        or extremes.lowest < limits.lower_limit
        or extremes.highest >= limits.upper_limit

)

select * from outside
