{#-
    Each band begins where the previous one ends; the first has no lower limit and the last no upper
    limit. Severities are whole numbers, so each watch-list level begins at the previous level's
    maximum plus 1.
-#}
{%- set bands = {
    'age_bands': 'age_band_order',
    'tenure_bands': 'tenure_score',
    'income_bands': 'income_band_order',
} -%}

with

limits as (

    {%- for seed, order in bands.items() %}

    select
        '{{ seed }}' as seed,
        {{ order }} as band_order,
        cast(lower_limit as decimal(18, 2)) as lower_limit,
        cast(upper_limit as decimal(18, 2)) as upper_limit

    from {{ ref(seed) }}

    union all
    {%- endfor %}

    select
        'watch_list_levels' as seed,
        watch_list_order as band_order,
        nullif(minimum_severity, 0) as lower_limit,
        maximum_severity + 1 as upper_limit

    from {{ ref('watch_list_levels') }}

),

neighbours as (

    select
        seed,
        band_order,
        lower_limit,
        upper_limit,
        lag(upper_limit) over (partition by seed order by band_order) as limit_below,
        band_order = min(band_order) over (partition by seed) as is_first,
        band_order = max(band_order) over (partition by seed) as is_last

    from limits

),

broken as (

    select * from neighbours
    where
        (not is_first and lower_limit is distinct from limit_below)
        or (is_first and lower_limit is not null)
        or (is_last and upper_limit is not null)
        or upper_limit <= lower_limit

)

select * from broken
