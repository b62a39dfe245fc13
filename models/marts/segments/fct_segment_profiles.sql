{% set dimensions = profile_dimensions() %}
{% set pairs = [['loyalty_classification', 'occupation_family']] %}
{% set measures = [
    'estimated_income', 'total_loans', 'total_deposits', 'core_deposits', 'fee_income',
    'net_position',
] %}
{% set medians = {} %}
{% for measure in measures %}
{% do medians.update({'median_' ~ measure: measure}) %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

student_t_quantiles as (

    select * from {{ ref('student_t_quantiles') }}

),

grouped as (

    select
        {{ grouped_dimension(dimensions, pairs) }} as dimension,
        {{ grouped_value(dimensions, pairs) }} as value,
        {% for measure in measures %}
        {{ sum_money(measure) }} as {{ measure }},
        cast(
            sum(cast({{ measure }} as decimal(18, 2)) * cast({{ measure }} as decimal(18, 2)))
            as double
        ) as sum_of_squares_{{ measure }},
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers,
        {{ count_rows('is_overleveraged') }} as overleveraged_customers,
        cast(sum(risk_weighting) as bigint) as sum_of_risk_weightings

    from customers
    group by {{ grouping_sets(dimensions, pairs) }}  -- noqa: PRS

),

{{ medians_by_dimension('customers', dimensions, pairs, medians) }},  -- noqa: PRS

totals as (

    select {{ count_rows() }} as customers
    from customers

),

-- The standard error of a mean, from the sum and the sum of squares.
with_errors as (

    select
        grouped.*,
        {% for measure in measures %}
        medians.median_{{ measure }},
        {{ ratio('grouped.' ~ measure, 'grouped.customers') }} as mean_{{ measure }},
        case
            when grouped.customers > 1
                then
                    sqrt(
                        greatest(
                            grouped.sum_of_squares_{{ measure }}
                            - cast(grouped.{{ measure }} as double)
                            * cast(grouped.{{ measure }} as double)
                            / grouped.customers,
                            0
                        )
                        / (grouped.customers - 1)
                        / grouped.customers
                    )
        end as error_of_{{ measure }},
        {% endfor %}
        {{ ratio('grouped.customers', 'totals.customers') }} as share_of_customers,
        student_t_quantiles.quantile_975

    from grouped
    cross join totals
    left join medians
        on
            grouped.dimension = medians.dimension
            and grouped.value is not distinct from medians.value
    left join student_t_quantiles
        on
            least(grouped.customers - 1, 1000)
            = student_t_quantiles.degrees_of_freedom

),

profiles as (

    select
        dimension,
        value,
        as_of_date,
        customers,
        share_of_customers,
        {% for measure in measures %}

        ---------- {{ measure | replace('_', ' ') }}
        {{ measure }},
        mean_{{ measure }},
        mean_{{ measure }} - quantile_975 * error_of_{{ measure }}
            as mean_{{ measure }}_lower,
        mean_{{ measure }} + quantile_975 * error_of_{{ measure }}
            as mean_{{ measure }}_upper,
        median_{{ measure }},
        {% endfor %}

        ---------- ratios of sums, and shares
        {{ ratio('total_loans', 'total_deposits') }} as loan_to_deposit_ratio,
        {{ ratio('total_loans', 'estimated_income') }} as debt_to_income_ratio,
        overleveraged_customers,
        {{ ratio('overleveraged_customers', 'customers') }} as share_overleveraged,
        {{ ratio('sum_of_risk_weightings', 'customers') }} as mean_risk_weighting

    from with_errors

)

select * from profiles
