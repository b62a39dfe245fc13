with

sensitivities as (

    select * from {{ ref('fct_stress_sensitivity') }}

),

results as (

    select * from {{ ref('fct_stress_results') }}

),

losses as (

    select * from {{ ref('fct_expected_losses') }}

),

assumptions as (

    select * from {{ ref('stress_assumptions') }}

),

by_item as (

    select
        scenario,
        assumption,
        direction,
        measure,
        sum(change_in_value) filter (where item = 'all') as change_of_all,
        sum(change_in_value) filter (where item <> 'all') as change_of_items

    from sensitivities
    group by scenario, assumption, direction, measure

),

not_additive as (

    select
        scenario,
        assumption,
        'items do not add up to the change of all' as breach

    from by_item
    where
        change_of_all is null
        or change_of_items <> change_of_all
        or (
            assumption in ('probability_of_default', 'loss_given_default')
            and change_of_items is null
        )

),

mismatched_values as (

    select
        sensitivities.scenario,
        sensitivities.assumption,
        'differs from the stress results' as breach

    from sensitivities
    left join results
        on
            sensitivities.scenario = results.scenario
            and sensitivities.measure = results.measure
    where
        sensitivities.declared_value is distinct from results.stressed_value
        or sensitivities.shifted_value - sensitivities.change_in_value
        <> sensitivities.declared_value

),

directions as (

    select
        'smaller' as direction,
        cast(-1 as double) as sign

    union all

    select
        'larger' as direction,
        cast(1 as double) as sign

),

expected as (

    select
        assumptions.assumption,
        directions.direction,
        sum(
            cast(
                round(
                    cast(losses.exposure as decimal(20, 2)) * cast(
                        least(
                            losses.probability_of_default * case
                                when assumptions.assumption = 'probability_of_default'
                                    then 1 + directions.sign * assumptions.relative_error
                                else 1
                            end,
                            1
                        )
                        * least(
                            losses.loss_given_default * case
                                when assumptions.assumption = 'loss_given_default'
                                    then 1 + directions.sign * assumptions.relative_error
                                else 1
                            end,
                            1
                        ) as decimal(18, 15)
                    ),
                    2
                ) as decimal(18, 2)
            )
        ) as shifted_value

    from losses
    cross join assumptions
    cross join directions
    where assumptions.assumption in ('probability_of_default', 'loss_given_default')
    group by assumptions.assumption, directions.direction

),

mismatched_baseline as (

    select
        'baseline' as scenario,
        expected.assumption,
        'differs from what the expected losses give' as breach

    from expected
    left join sensitivities
        on
            expected.assumption = sensitivities.assumption
            and expected.direction = sensitivities.direction
            and sensitivities.scenario = 'baseline'
            and sensitivities.item = 'all'
    where expected.shifted_value is distinct from sensitivities.shifted_value

),

breaches as (

    select * from not_additive

    union all

    select * from mismatched_values

    union all

    select * from mismatched_baseline

)

select * from breaches
