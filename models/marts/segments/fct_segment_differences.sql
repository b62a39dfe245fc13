with

tested as (

    select * from {{ ref('int_differences_tested') }}

),

by_definition as (

    select * from {{ ref('differences_by_definition') }}

),

effect_sizes as (

    select * from {{ ref('effect_sizes') }}

),

with_verdicts as (

    select
        tested.*,
        effect_sizes.effect,
        tested.adjusted_p_value <= {{ var('false_discovery_rate') }} as is_more_than_chance

    from tested
    left join effect_sizes
        on
            tested.method = effect_sizes.method
            and {{ is_in_band('tested.comparable_effect_size', 'effect_sizes') }}

),

results as (

    select
        dimension,
        measure,
        method,
        family,
        statistic,
        degrees_of_freedom,
        p_value,
        adjusted_p_value,
        effect_size,
        effect_size_name,
        case
            when adjusted_p_value is null then 'too few customers'
            when is_more_than_chance then 'more than chance, ' || effect
            else 'no more than chance'
        end as verdict,
        customers

    from with_verdicts

),

-- Pairs of dimension and measure that are not tested get the reason as their verdict, so that every
-- profile and heat map has one.
not_tested as (

    select
        dimension,
        measure,
        'by definition' as verdict

    from by_definition

    union all

    select
        'product' as dimension,
        'risk_weighting' as measure,
        'not tested: a customer has several products' as verdict

),

differences as (

    select
        dimension,
        measure,
        method,
        family,
        statistic,
        degrees_of_freedom,
        p_value,
        adjusted_p_value,
        effect_size,
        effect_size_name,
        verdict,
        customers

    from results

    union all

    select
        dimension,
        measure,
        'Not tested' as method,
        cast(null as string) as family,
        cast(null as double) as statistic,
        cast(null as bigint) as degrees_of_freedom,
        cast(null as double) as p_value,
        cast(null as double) as adjusted_p_value,
        cast(null as double) as effect_size,
        cast(null as string) as effect_size_name,
        verdict,
        cast(null as bigint) as customers

    from not_tested

),

dated as (

    select
        *,
        {{ as_of_date() }} as as_of_date

    from differences

)

select * from dated
