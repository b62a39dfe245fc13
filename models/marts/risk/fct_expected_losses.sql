with

exposures as (

    select * from {{ ref('int_exposures_by_risk') }}

),

default_probabilities as (

    select * from {{ ref('default_probabilities') }}

),

loss_given_default_rates as (

    select * from {{ ref('loss_given_defaults') }}

),

losses as (

    select
        exposures.risk_weighting,
        exposures.product,
        exposures.as_of_date,
        exposures.holders as borrowers,
        exposures.balance as exposure,
        cast(default_probabilities.probability_of_default as double)
            as probability_of_default,
        cast(loss_given_default_rates.loss_given_default as double) as loss_given_default,
        {{ money_at_rate(
            'exposures.balance',
            'cast(default_probabilities.probability_of_default as double)'
            ~ ' * cast(loss_given_default_rates.loss_given_default as double)',
        ) }} as expected_loss

    from exposures
    inner join default_probabilities
        on exposures.risk_weighting = default_probabilities.risk_weighting
    inner join loss_given_default_rates on exposures.product = loss_given_default_rates.product

)

select * from losses
