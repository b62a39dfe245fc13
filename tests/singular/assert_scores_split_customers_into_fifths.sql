{#-
    Counts customers without using the thresholds. For each score s, at least s fifths of all
    customers must have score s or lower. Without those who have the largest amount within score s,
    these must be fewer than s fifths of all customers. A customer at a threshold has the lower score, like all others with the same amount.
-#}
{%- set measures = {'deposit_score': 'total_deposits', 'lending_score': 'total_loans'} -%}

with

segments as (

    select * from {{ ref('fct_customer_segments') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

scored as (

    {%- for score, measure in measures.items() %}

    select
        '{{ score }}' as score_name,
        segments.{{ score }} as score,
        positions.{{ measure }} as amount

    from segments
    inner join positions on segments.customer_key = positions.customer_key
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

tiers as (

    select
        score_name,
        score,
        count(*) as customers,
        min(amount) as lowest_amount,
        max(amount) as highest_amount

    from scored
    group by score_name, score

),

customers_at_the_top as (

    select
        tiers.score_name,
        tiers.score,
        count(*) as customers_at_highest

    from scored
    inner join tiers
        on
            scored.score_name = tiers.score_name
            and scored.score = tiers.score
            and scored.amount = tiers.highest_amount
    group by tiers.score_name, tiers.score

),

running_sums as (

    select
        tiers.*,
        customers_at_the_top.customers_at_highest,
        sum(tiers.customers) over (
            partition by tiers.score_name order by tiers.score
        ) as customers_up_to,
        sum(tiers.customers) over (partition by tiers.score_name) as all_customers,
        lag(tiers.highest_amount) over (
            partition by tiers.score_name order by tiers.score
        ) as highest_amount_below

    from tiers
    inner join customers_at_the_top
        on
            tiers.score_name = customers_at_the_top.score_name
            and tiers.score = customers_at_the_top.score

),

broken as (

    select * from running_sums
    where
        score not between 1 and 5
        or score is null
        or 5 * customers_up_to < score * all_customers
        or 5 * (customers_up_to - customers_at_highest) >= score * all_customers
        or lowest_amount <= highest_amount_below

)

select * from broken
