with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

segmented as (

    select
        customers.*,
        assigned.segment,
        assigned.segment_reasons

    from customers
    left join assigned
        on
            customers.deposit_score = assigned.deposit_score
            and customers.lending_score = assigned.lending_score
            and customers.tenure_score = assigned.tenure_score

)

select * from segmented
