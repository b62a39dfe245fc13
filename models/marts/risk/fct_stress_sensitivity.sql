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

assumptions as (

    select * from {{ ref('stress_assumptions') }}

),

declared as (

    select * from {{ ref('fct_stress_results') }}

),

-- What may be wrong: an assumption as a whole, and each of its numbers.
items as (

    select
        assumption,
        'all' as item,
        relative_error

    from assumptions

    union all

    select
        assumptions.assumption,
        cast(default_probabilities.risk_weighting as string) as item,
        assumptions.relative_error

    from assumptions
    cross join default_probabilities
    where assumptions.assumption = 'probability_of_default'

    union all

    select
        assumptions.assumption,
        loss_given_default_rates.product as item,
        assumptions.relative_error

    from assumptions
    cross join loss_given_default_rates
    where assumptions.assumption = 'loss_given_default'

),

variants as (

    select
        assumption,
        item,
        'smaller' as direction,
        cast(-relative_error as double) as relative_error

    from items

    union all

    select
        assumption,
        item,
        'larger' as direction,
        cast(relative_error as double) as relative_error

    from items

),

-- The rates of each cell under each variant. As in fct_stress_results, the rates are capped at one
-- when they are applied.
shifted_rates as (

    select
        scenarios.scenario,
        variants.assumption,
        variants.item,
        variants.direction,
        default_probabilities.risk_weighting,
        loss_given_default_rates.product,
        cast(default_probabilities.probability_of_default as double)
        * case
            when
                variants.assumption = 'probability_of_default'
                and variants.item in (
                    'all', cast(default_probabilities.risk_weighting as string)
                )
                then 1 + variants.relative_error
            else 1
        end
        * cast(scenarios.default_multiplier as double)
        * case
            when variants.assumption = 'default_multiplier' then 1 + variants.relative_error
            else 1
        end as default_rate,
        cast(loss_given_default_rates.loss_given_default as double)
        * case
            when
                variants.assumption = 'loss_given_default'
                and variants.item in ('all', loss_given_default_rates.product)
                then 1 + variants.relative_error
            else 1
        end
        * cast(scenarios.loss_multiplier as double)
        * case
            when variants.assumption = 'loss_multiplier' then 1 + variants.relative_error
            else 1
        end as loss_rate

    from scenarios
    cross join variants
    cross join default_probabilities
    cross join loss_given_default_rates
    where variants.assumption not in ('deposit_change', 'income_change')

),

-- Losses are rounded cell by cell, so that the changes of single numbers add up to the change of
-- all numbers.
losses as (

    select
        shifted_rates.scenario,
        shifted_rates.assumption,
        shifted_rates.item,
        shifted_rates.direction,
        'expected_loss' as measure,
        sum(
            {{ money_at_rate(
                'exposures.balance',
                'least(shifted_rates.default_rate, 1) * least(shifted_rates.loss_rate, 1)',
            ) }}
        ) as shifted_value

    from shifted_rates
    inner join exposures
        on
            shifted_rates.risk_weighting = exposures.risk_weighting
            and shifted_rates.product = exposures.product
    group by
        shifted_rates.scenario,
        shifted_rates.assumption,
        shifted_rates.item,
        shifted_rates.direction

),

-- Deposits, net position and income: the baseline plus the scenario's change, which is made larger
-- or smaller by the relative error.
totals as (

    select
        declared.scenario,
        variants.assumption,
        variants.item,
        variants.direction,
        declared.measure,
        declared.baseline_value
        + {{ money_at_rate(
            "case when declared.measure = 'net_position' then deposits.baseline_value"
            ~ " else declared.baseline_value end",
            "case when variants.assumption = 'deposit_change' then scenarios.deposit_change"
            ~ " else scenarios.income_change end * (1 + variants.relative_error)",
        ) }} as shifted_value

    from declared
    inner join scenarios on declared.scenario = scenarios.scenario
    inner join declared as deposits
        on declared.scenario = deposits.scenario and deposits.measure = 'total_deposits'
    inner join variants
        on
            (
                variants.assumption = 'deposit_change'
                and declared.measure in ('total_deposits', 'net_position')
            )
            or (
                variants.assumption = 'income_change' and declared.measure = 'estimated_income'
            )

),

shifted as (

    select * from losses

    union all

    select * from totals

),

sensitivities as (

    select
        shifted.scenario,
        shifted.assumption,
        shifted.item,
        shifted.direction,
        shifted.measure,
        declared.as_of_date,
        variants.relative_error,

        ---------- money
        declared.stressed_value as declared_value,
        cast(shifted.shifted_value as decimal(18, 2)) as shifted_value,
        cast(shifted.shifted_value - declared.stressed_value as decimal(18, 2))
            as change_in_value,
        {{ ratio(
            'shifted.shifted_value - declared.stressed_value', 'abs(declared.stressed_value)'
        ) }}
            as relative_change

    from shifted
    inner join declared
        on shifted.scenario = declared.scenario and shifted.measure = declared.measure
    inner join variants
        on
            shifted.assumption = variants.assumption
            and shifted.item = variants.item
            and shifted.direction = variants.direction

)

select * from sensitivities
