with

fitted as (

    select * from {{ ref('int_risk_drivers_fitted') }}

),

drivers as (

    select
        fit,
        driver,
        level,
        reference_level,
        is_protected,

        ---------- effect
        coefficient,
        coefficient_lower,
        coefficient_upper,
        exp(coefficient) as odds_ratio,
        p_value,
        adjusted_p_value,
        case
            when coefficient is null then 'not known: too few customers or no variation'
            when adjusted_p_value > {{ var('false_discovery_rate') }} then 'no clear direction'
            when coefficient > 0 then 'raises'
            else 'lowers'
        end as direction,
        share_of_explained_variation,

        ---------- quality of the fit, the same in all rows of a fit
        explained_variation,
        held_out_accuracy,
        majority_accuracy,
        customers_fitted,
        customers_held_out,
        {{ as_of_date() }} as as_of_date

    from fitted

)

select * from drivers
