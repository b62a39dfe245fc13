{% set dimensions = profile_dimensions() %}
{% set pairs = [['loyalty_classification', 'occupation_family']] %}
{% set measures = [
    'estimated_income', 'total_loans', 'total_deposits', 'core_deposits', 'fee_income',
    'net_position',
] %}
{% set amounts = {} %}
{% for measure in measures %}
{% do amounts.update({measure: 'customers.' ~ measure}) %}
{% endfor %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

student_t_quantiles as (

    select * from {{ ref('student_t_quantiles') }}

),

combination_sums as (

    select
        {{ dimension_group_number(dimensions) }} as dimension_group,
        {% for dimension in dimensions %}
        {{ dimension }},
        {% endfor %}
        {% for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {{ sum_of_squares(measure) }} as sum_of_squares_{{ measure }},
        {% endfor %}
        max(as_of_date) as as_of_date,
        {{ count_rows() }} as customers,
        {{ count_rows('is_overleveraged') }} as overleveraged_customers,
        sum(risk_weighting) as sum_of_risk_weightings

    from customers
    {{ computed_once() }}
    group by {{ grouped_dimensions(dimensions) }}  -- noqa: PRS

),

{{ dimension_combinations('combination_sums', dimensions, pairs) }},  -- noqa: PRS

grouped as (

    select
        combination_values.dimension,
        combination_values.value,
        {% for measure in measures %}
        {{ sum_money('combinations.' ~ measure) }} as {{ measure }},
        cast(sum(combinations.sum_of_squares_{{ measure }}) as double)
            as sum_of_squares_{{ measure }},
        {% endfor %}
        max(combinations.as_of_date) as as_of_date,
        cast(sum(combinations.customers) as bigint) as customers,
        cast(sum(combinations.overleveraged_customers) as bigint) as overleveraged_customers,
        cast(sum(combinations.sum_of_risk_weightings) as bigint) as sum_of_risk_weightings

    from combination_values
    inner join combinations
        on combination_values.combination = combinations.combination
    group by combination_values.dimension, combination_values.value

),

{{ medians_by_dimension('customers', dimensions, pairs, amounts) }},  -- noqa: PRS

totals as (

    select {{ count_rows() }} as customers
    from customers

),

-- The standard error of a mean, from the sum and the sum of squares.
with_errors as (

    select
        grouped.*,
        {% for measure in measures %}
        medians.{{ measure }} as median_{{ measure }},
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
        {{ ratio_to_amount('total_loans', 'total_deposits') }} as loan_to_deposit_ratio,
        {{ ratio_to_amount('total_loans', 'estimated_income') }} as debt_to_income_ratio,
        overleveraged_customers,
        {{ ratio('overleveraged_customers', 'customers') }} as share_overleveraged,
        {{ ratio('sum_of_risk_weightings', 'customers') }} as mean_risk_weighting

    from with_errors

)

select * from profiles
