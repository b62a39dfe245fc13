{{ config(materialized='view') }}

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
        {{ score_limit_columns() }}
        count(*) as limits

    from {{ ref('int_score_thresholds') }}

),

scored as (

    select
        {{ score_by_limits('deposit', 'customers') }} as deposit_score,
        {{ score_by_limits('lending', 'customers') }} as lending_score,
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
