{% set measures = concentration_measures() %}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

measures as (

    {% for measure in measures %}

    select '{{ measure }}' as measure
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

amounts as (

    select
        measures.measure,
        case measures.measure
            {% for measure in measures %}
            when '{{ measure }}' then customers.{{ measure }}
            {% endfor %}
        end as amount

    from customers
    cross join measures

),

in_cents as (

    select
        measure,
        amount,
        cast(cast(abs(amount) * 100 as bigint) as string) as cents_text

    from amounts

),

-- The bucket of an amount: the number of its digits and the first four of them, so that the
-- amounts of a bucket differ by no more than a thousandth and the buckets are in their order.
bucketed as (

    select
        measure,
        amount,
        case
            when amount = 0 then 0
            when amount > 0
                then length(cents_text) * 10000 + cast(substr(cents_text, 1, 4) as integer)
            else -(length(cents_text) * 10000 + cast(substr(cents_text, 1, 4) as integer))
        end as bucket

    from in_cents

),

buckets as (

    select
        measure,
        cast(bucket as integer) as bucket,
        {{ count_rows() }} as customers,
        {{ sum_money('amount') }} as amount,
        cast(sum(amount * amount) as double) as sum_of_squares

    from bucketed
    group by measure, bucket

)

select * from buckets
