{{ config(materialized='view') }}

{% set scored = {'deposit': 'total_deposits', 'lending': 'total_loans'} %}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

-- One row with the limits of every score: a customer is compared with them, not joined to them.
score_limits as (

    select
        {% for name, measure in scored.items() %}
        {% for score in range(2, 6) %}
        max(
            case
                when measure = '{{ measure }}' and score = {{ score }}
                    then exclusive_lower_limit
            end
        ) as {{ name }}_limit_{{ score }},
        {% endfor %}
        {% endfor %}
        count(*) as limits

    from {{ ref('int_score_thresholds') }}

),

scored as (

    select
        {% for name, measure in scored.items() %}
        1
        {% for score in range(2, 6) %}
        + case
            when customers.{{ measure }} > score_limits.{{ name }}_limit_{{ score }} then 1 else 0
        end
        {% endfor %} as {{ name }}_score,
        {% endfor %}
        customers.*

    from customers
    cross join score_limits

),

segmented as (

    select
        scored.*,
        assigned.segment,
        assigned.segment_reasons

    from scored
    left join assigned
        on
            scored.deposit_score = assigned.deposit_score
            and scored.lending_score = assigned.lending_score
            and scored.tenure_score = assigned.tenure_score

)

select * from segmented
