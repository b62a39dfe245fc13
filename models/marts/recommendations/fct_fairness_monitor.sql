with

tested as (

    select * from {{ ref('int_fairness_tested') }}

),

limits as (

    select
        max(case when fairness_limit = 'lowest_ratio' then limit_value end) as lowest_ratio,
        max(case when fairness_limit = 'interval_quantile' then limit_value end) as quantile

    from {{ ref('fairness_limits') }}

),

rated as (

    select
        tested.*,
        limits.lowest_ratio,
        limits.quantile,
        {{ ratio('tested.chosen', 'tested.customers') }} as selection_rate,
        {{ ratio('tested.best_chosen', 'tested.best_customers') }} as best_rate,
        limits.quantile * limits.quantile as squared_quantile

    from tested
    cross join limits

),

-- Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22,
-- 209-212. The interval stays between 0 and 1 and is reliable for small counts.
bounded as (

    select
        *,
        (chosen + squared_quantile / 2) / (customers + squared_quantile) as interval_centre,
        quantile
        / (customers + squared_quantile)
        * sqrt(customers * selection_rate * (1 - selection_rate) + squared_quantile / 4)
            as interval_half_width,
        case
            when not is_large_enough then null
            when selection_rate = best_rate then 1
            when is_burden then best_rate / selection_rate
            else selection_rate / best_rate
        end as ratio_to_best,
        coalesce(adjusted_p_value <= {{ var('false_discovery_rate') }}, false)
            as is_more_than_chance

    from rated

),

monitored as (

    select
        action,
        dimension,
        value,
        {{ as_of_date() }} as as_of_date,
        is_burden,

        ---------- counts
        customers,
        chosen,
        is_large_enough,

        ---------- the rate and its interval
        selection_rate,
        -- At a rate of 0 or 1 the interval must end at the rate, whatever the rounding errors.
        least(greatest(interval_centre - interval_half_width, 0), selection_rate)
            as selection_rate_lower,
        greatest(least(interval_centre + interval_half_width, 1), selection_rate)
            as selection_rate_upper,

        ---------- against the best-treated group
        best_value as best_treated_value,
        best_rate as best_treated_rate,
        ratio_to_best,
        coalesce(ratio_to_best < lowest_ratio, false) as is_flagged,
        p_value,
        adjusted_p_value,
        case
            when not is_large_enough then 'too few to judge'
            when groups_compared < 2 then 'no other group to compare with'
            when value = best_value then 'best treated'
            when ratio_to_best < lowest_ratio and is_more_than_chance
                then 'under the limit, more than chance'
            when ratio_to_best < lowest_ratio then 'under the limit, no more than chance'
            when is_more_than_chance then 'within the limit, different by more than chance'
            else 'within the limit'
        end as verdict

    from bounded

)

select * from monitored
