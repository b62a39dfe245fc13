with

losses as (

    select * from {{ ref('fct_expected_losses') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

results as (

    select * from {{ ref('fct_stress_results') }}

),

totals as (

    select
        sum(expected_loss) as expected_loss,
        sum(exposure) as exposure,
        sum(greatest(exposure, 0)) as exposure_at_risk

    from losses

),

lending as (

    select sum(total_loans) as total_loans
    from positions

),

broken as (

    select
        results.scenario,
        results.baseline_value,
        results.stressed_value,
        totals.expected_loss,
        totals.exposure,
        lending.total_loans

    from results
    cross join totals
    cross join lending
    where
        results.measure = 'expected_loss'
        and (
            results.baseline_value <> totals.expected_loss
            or (
                results.scenario = 'baseline' and results.stressed_value <> totals.expected_loss
            )
            or results.stressed_value > totals.exposure_at_risk
            or totals.exposure <> lending.total_loans
        )

),

missing as (

    select
        'no result for the baseline scenario' as scenario,
        null as baseline_value,
        null as stressed_value,
        null as expected_loss,
        null as exposure,
        null as total_loans

    from results
    having count(*) filter (where scenario = 'baseline' and measure = 'expected_loss') <> 1

)

select * from broken

union all

select * from missing
