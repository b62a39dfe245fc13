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

scenarios as (

    select * from {{ ref('stress_scenarios') }}

),

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

totals as (

    select
        max(as_of_date) as as_of_date,
        {{ sum_money('total_loans') }} as total_loans,
        {{ sum_money('total_deposits') }} as total_deposits,
        {{ sum_money('estimated_income') }} as estimated_income

    from customers

),

-- Probabilities and loss rates never exceed one, however severe the scenario.
parameters as (

    select
        scenarios.scenario,
        default_probabilities.risk_weighting,
        loss_given_default_rates.product,
        cast(default_probabilities.probability_of_default as double)
        * cast(loss_given_default_rates.loss_given_default as double) as baseline_loss_rate,
        least(
            cast(default_probabilities.probability_of_default as double)
            * cast(scenarios.default_multiplier as double),
            1
        )
        * least(
            cast(loss_given_default_rates.loss_given_default as double)
            * cast(scenarios.loss_multiplier as double),
            1
        ) as stressed_loss_rate

    from scenarios
    cross join default_probabilities
    cross join loss_given_default_rates

),

-- Losses are rounded cell by cell, so that the baseline is the sum of fct_expected_losses to the
-- cent.
losses as (

    select
        parameters.scenario,
        sum(
            {{ money_at_rate('exposures.balance', 'parameters.baseline_loss_rate') }}
        ) as baseline_value,
        sum(
            {{ money_at_rate('exposures.balance', 'parameters.stressed_loss_rate') }}
        ) as stressed_value

    from exposures
    inner join parameters
        on
            exposures.risk_weighting = parameters.risk_weighting
            and exposures.product = parameters.product
    group by parameters.scenario

),

stressed_totals as (

    select
        scenarios.scenario,
        totals.total_loans,
        totals.total_deposits,
        totals.estimated_income,
        {{ money_at_rate('totals.total_deposits', '(1 + scenarios.deposit_change)') }}
            as stressed_deposits,
        {{ money_at_rate('totals.estimated_income', '(1 + scenarios.income_change)') }}
            as stressed_income

    from totals
    cross join scenarios

),

results as (

    select
        scenario,
        'expected_loss' as measure,
        baseline_value,
        stressed_value

    from losses

    union all

    select
        scenario,
        'total_deposits' as measure,
        total_deposits as baseline_value,
        stressed_deposits as stressed_value

    from stressed_totals

    union all

    select
        scenario,
        'net_position' as measure,
        total_deposits - total_loans as baseline_value,
        stressed_deposits - total_loans as stressed_value

    from stressed_totals

    union all

    select
        scenario,
        'estimated_income' as measure,
        estimated_income as baseline_value,
        stressed_income as stressed_value

    from stressed_totals

),

compared as (

    select
        results.scenario,
        results.measure,
        totals.as_of_date,
        cast(results.baseline_value as decimal(18, 2)) as baseline_value,
        cast(results.stressed_value as decimal(18, 2)) as stressed_value,
        cast(results.stressed_value - results.baseline_value as decimal(18, 2))
            as change_in_value,
        {{ ratio(
            'results.stressed_value - results.baseline_value', 'abs(results.baseline_value)'
        ) }} as relative_change

    from results
    cross join totals

)

select * from compared
