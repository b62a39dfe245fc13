{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

thresholds as (

    select * from {{ ref('int_score_thresholds') }}

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

deposit_tiers as (

    select * from thresholds
    where measure = 'total_deposits'

),

lending_tiers as (

    select * from thresholds
    where measure = 'total_loans'

),

segmented as (

    select
        customers.*,
        deposit_tiers.score as deposit_score,
        lending_tiers.score as lending_score,
        assigned.segment,
        assigned.segment_reasons

    from customers
    left join deposit_tiers on {{ is_in_tier('customers.total_deposits', 'deposit_tiers') }}
    left join lending_tiers on {{ is_in_tier('customers.total_loans', 'lending_tiers') }}
    left join assigned
        on
            deposit_tiers.score = assigned.deposit_score
            and lending_tiers.score = assigned.lending_score
            and customers.tenure_score = assigned.tenure_score

)

select * from segmented
