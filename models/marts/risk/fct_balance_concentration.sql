with

-- An overdrawn account holds nothing, so negative amounts count as zero.
buckets as (

    select
        measure,
        bucket,
        customers,
        amount as amount_held_or_owed,
        cast(greatest(amount, 0) as decimal(18, 2)) as amount,
        case when bucket > 0 then sum_of_squares end as sum_of_squares

    from {{ ref('int_balance_buckets') }}

),

totals as (

    select
        measure,
        cast(sum(customers) as bigint) as customers,
        {{ sum_money('amount_held_or_owed') }} as total_amount,
        {{ sum_money('amount') }} as amount,
        cast(sum(sum_of_squares) as double) as sum_of_squares

    from buckets
    {{ computed_once() }}
    group by measure

),

-- The point of the Lorenz curve at the end of each bucket.
running_sums as (

    select
        measure,
        bucket,
        customers,
        amount,
        cast(
            sum(customers) over (
                partition by measure order by bucket
                rows between unbounded preceding and current row
            ) as bigint
        ) as customers_up_to,
        cast(
            sum(amount) over (
                partition by measure order by bucket
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as amount_up_to

    from buckets
    {{ computed_once() }}

),

-- Twice the area under the Lorenz curve, by trapezoids, in customers times money.
areas as (

    select
        measure,
        sum(cast(customers * (2 * amount_up_to - amount) as decimal(38, 2))) as twice_area

    from running_sums
    group by measure

),

-- Gini: one minus twice the area under the curve. It is computed in decimals, so that it is exactly
-- 0 if all amounts are equal.
gini_coefficients as (

    select
        totals.measure,
        {{ ratio(
            'cast(totals.customers * totals.amount as decimal(38, 2)) - areas.twice_area',
            'cast(totals.customers * totals.amount as decimal(38, 2))'
        ) }} as gini

    from totals
    inner join areas on totals.measure = areas.measure

),

percentiles as (

    select listed.percentile
    from (
        values
        {% for percentile in range(1, 101) %}
        ({{ percentile }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as listed (percentile)

),

-- Within a bucket the curve is a straight line.
curve as (

    select
        running_sums.measure,
        percentiles.percentile,
        cast(
            running_sums.amount_up_to - running_sums.amount
            + cast(running_sums.amount as double)
            * (
                totals.customers * percentiles.percentile / cast(100 as double)
                - (running_sums.customers_up_to - running_sums.customers)
            )
            / running_sums.customers
            as double
        ) as amount_of_lowest

    from running_sums
    inner join totals on running_sums.measure = totals.measure
    inner join percentiles
        on
            running_sums.customers_up_to * 100 >= totals.customers * percentiles.percentile
            and (running_sums.customers_up_to - running_sums.customers) * 100
            < totals.customers * percentiles.percentile

),

top_deciles as (

    select
        curve.measure,
        1 - {{ ratio('curve.amount_of_lowest', 'totals.amount') }} as top_decile_share

    from curve
    inner join totals on curve.measure = totals.measure
    where curve.percentile = 90

),

concentration as (

    select
        curve.measure,
        curve.percentile,
        {{ as_of_date() }} as as_of_date,
        totals.customers,
        totals.total_amount,
        {{ ratio('curve.amount_of_lowest', 'totals.amount') }} as cumulative_share,
        gini_coefficients.gini,
        {{ ratio(
            'totals.sum_of_squares',
            'cast(totals.amount as double) * cast(totals.amount as double)'
        ) }} as herfindahl_index,
        top_deciles.top_decile_share

    from curve
    inner join totals on curve.measure = totals.measure
    inner join gini_coefficients on curve.measure = gini_coefficients.measure
    inner join top_deciles on curve.measure = top_deciles.measure

)

select * from concentration
