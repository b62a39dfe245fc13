with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

-- One customer in n is drawn, with the smallest n that draws no more than about 19,000.
sizes as (

    select greatest(1, cast(ceil(count(*) / 19000.0) as bigint)) as customers_for_one
    from customers

),

-- The key is a hash, so the sample does not depend on row order or on customer attributes.
drawn as (

    select customers.*
    from customers
    cross join sizes
    where (customers.customer_key + {{ var('inference_seed') }}) % sizes.customers_for_one = 0

),

sampled as (

    select
        customer_key,
        {{ hash_key(['cast(customer_key as string)', "'held out'"]) }} % 5 = 0 as is_held_out,
        risk_weighting,

        ---------- money
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}

        ---------- business facts
        tenure_days,
        amount_of_credit_cards,
        properties_owned,
        cast(loyalty_classification as string) as loyalty_classification,
        cast(fee_structure as string) as fee_structure,
        banking_relationship,
        occupation_family,

        ---------- protected attributes
        age,
        gender,
        nationality

    from drawn
    order by customer_key
    limit 20000

)

select * from sampled
