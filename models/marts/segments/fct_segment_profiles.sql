{% set measures = profile_measures() %}

with

sums as (

    select * from {{ ref('int_dimension_sums') }}

),

medians as (

    select * from {{ ref('int_dimension_medians') }}
    where not is_of_holders

),

student_t_quantiles as (

    select * from {{ ref('student_t_quantiles') }}

),

totals as (

    select cast(sum(customers) as bigint) as customers
    from sums
    where dimension = '{{ profile_dimensions()[0] }}' and measure = 'risk_weighting'

),

-- The margin is Student's t times the standard error, which is computed from the sum and the sum of
-- squares.
means as (

    select
        sums.dimension,
        sums.value,
        sums.measure,
        sums.customers,
        sums.amount,
        {{ ratio('sums.amount', 'sums.customers') }} as mean,
        student_t_quantiles.quantile_975 * sqrt(
            greatest(
                sums.sum_of_squares
                - cast(sums.amount as double) * cast(sums.amount as double) / sums.customers,
                0
            )
            / nullif(sums.customers - 1, 0)
            / sums.customers
        ) as margin,
        medians.median

    from sums
    left join student_t_quantiles
        on least(sums.customers - 1, 1000) = student_t_quantiles.degrees_of_freedom
    left join medians
        on
            sums.dimension = medians.dimension
            and sums.value is not distinct from medians.value
            and sums.measure = medians.measure

),

side_by_side as (

    select
        dimension,
        value,
        customers,
        {% for measure in measures %}
        max(case when measure = '{{ measure }}' then amount end) as {{ measure }},
        max(case when measure = '{{ measure }}' then mean end) as mean_{{ measure }},
        max(case when measure = '{{ measure }}' then margin end) as margin_{{ measure }},
        max(case when measure = '{{ measure }}' then median end) as median_{{ measure }},
        {% endfor %}
        max(case when measure = 'is_overleveraged' then amount end) as overleveraged_customers,
        max(case when measure = 'risk_weighting' then mean end) as mean_risk_weighting

    from means
    group by dimension, value, customers

),

with_shares as (

    select
        side_by_side.*,
        {{ ratio('side_by_side.customers', 'totals.customers') }} as share_of_customers

    from side_by_side
    cross join totals

),

profiles as (

    select
        dimension,
        value,
        {{ as_of_date() }} as as_of_date,
        customers,
        share_of_customers,
        {% for measure in measures %}

        ---------- {{ measure | replace('_', ' ') }}
        {{ measure }},
        mean_{{ measure }},
        mean_{{ measure }} - margin_{{ measure }} as mean_{{ measure }}_lower,
        mean_{{ measure }} + margin_{{ measure }} as mean_{{ measure }}_upper,
        median_{{ measure }},
        {% endfor %}

        ---------- ratios of sums, and shares
        {{ ratio_to_amount('total_loans', 'total_deposits') }} as loan_to_deposit_ratio,
        {{ ratio_to_amount('total_loans', 'estimated_income') }} as debt_to_income_ratio,
        cast(overleveraged_customers as bigint) as overleveraged_customers,
        {{ ratio('overleveraged_customers', 'customers') }} as share_overleveraged,
        mean_risk_weighting

    from with_shares

)

select * from profiles
