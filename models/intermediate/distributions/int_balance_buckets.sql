{% set measures = concentration_measures() %}

with

customers as {{ computed_each_time() }} (

    select * from {{ ref('int_customers_segmented') }}

),

in_cents as {{ computed_each_time() }} (

    select
        {% for measure in measures %}
        {{ measure }},
        cast(abs({{ measure }}) * 100 as bigint) as {{ measure }}_cents,
        {% endfor %}
        customer_key

    from customers

),

-- The bucket of an amount consists of its number of digits and its first four digits. The amounts
-- in a bucket differ by a thousandth at most, and buckets are in the order of the amounts.
buckets as (

    {% for measure in measures %}

    select
        '{{ measure }}' as measure,
        cast(
            case when {{ measure }} < 0 then -1 when {{ measure }} > 0 then 1 else 0 end
            * {{ leading_digits(measure ~ '_cents') }} as integer
        ) as bucket,
        cast(count(*) as bigint) as customers,
        {{ sum_money(measure) }} as amount,
        cast({{ sum_of_squares(measure) }} as decimal(38, 4)) as sum_of_squares

    from in_cents
    group by bucket
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

)

select * from buckets
