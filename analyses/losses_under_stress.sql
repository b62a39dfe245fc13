-- Question: what would a recession, a run on deposits or a loss of income cost?
-- How to read it: one row per scenario. All probabilities of default, losses given default and
-- multipliers are assumptions declared in seeds. None of them is estimated from the data, which
-- contain no defaults.

with

results as (

    select * from {{ ref('fct_stress_results') }}

),

scenarios as (

    select * from {{ ref('stress_scenarios') }}

),

by_scenario as (

    select
        scenario,
        max(baseline_value) filter (where measure = 'expected_loss') as baseline_loss,
        max(stressed_value) filter (where measure = 'expected_loss') as stressed_loss,
        max(stressed_value) filter (where measure = 'total_deposits') as stressed_deposits,
        max(stressed_value) filter (where measure = 'net_position') as stressed_net_position,
        max(stressed_value) filter (where measure = 'estimated_income') as stressed_income

    from results
    group by scenario

),

compared as (

    select
        scenarios.scenario_order,
        scenarios.scenario_name,
        scenarios.description,
        by_scenario.baseline_loss,
        by_scenario.stressed_loss,
        {{ ratio('by_scenario.stressed_loss', 'by_scenario.baseline_loss') }} as multiple_of_loss,
        by_scenario.stressed_deposits,
        by_scenario.stressed_net_position,
        by_scenario.stressed_income

    from by_scenario
    inner join scenarios on by_scenario.scenario = scenarios.scenario

)

select * from compared
order by scenario_order
