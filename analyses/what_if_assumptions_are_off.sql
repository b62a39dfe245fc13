-- Question: which assumption behind the losses matters most if it is wrong?
-- How to read it: one row per scenario, measure, assumption and item. The larger the swing
-- between the smaller and the larger assumption, the more a better estimate is worth. All
-- assumptions are declared in seeds; stress_assumptions says how far each may be off. The items
-- of an assumption add up to its row `all`, so rank either the items or the `all` rows, not
-- both.

with

sensitivities as (

    select * from {{ ref('fct_stress_sensitivity') }}

),

assumptions as (

    select * from {{ ref('stress_assumptions') }}

),

scenarios as (

    select * from {{ ref('stress_scenarios') }}

),

swings as (

    select
        scenario,
        assumption,
        item,
        measure,
        max(declared_value) as declared_value,
        max(change_in_value) filter (where direction = 'smaller') as change_if_smaller,
        max(change_in_value) filter (where direction = 'larger') as change_if_larger,
        max(change_in_value) - min(change_in_value) as swing

    from sensitivities
    group by scenario, assumption, item, measure

),

ranked as (

    select
        scenarios.scenario_order,
        scenarios.scenario_name,
        swings.measure,
        assumptions.assumption_name,
        swings.item,
        swings.declared_value,
        swings.change_if_smaller,
        swings.change_if_larger,
        swings.swing,
        {{ ratio('swings.swing', 'abs(swings.declared_value)') }} as relative_swing

    from swings
    inner join assumptions on swings.assumption = assumptions.assumption
    inner join scenarios on swings.scenario = scenarios.scenario

)

select * from ranked
order by scenario_order asc, measure asc, swing desc, assumption_name asc, item asc
