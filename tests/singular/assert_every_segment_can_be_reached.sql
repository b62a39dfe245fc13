-- No rule may be completely covered by the rules before it. Otherwise reports would show a segment
-- that can never have a customer.
with

segment_rules as (

    select * from {{ ref('segment_rules') }}

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

unreachable as (

    select segment_rules.segment

    from segment_rules
    left join assigned on segment_rules.segment = assigned.segment
    where assigned.segment is null

)

select * from unreachable
