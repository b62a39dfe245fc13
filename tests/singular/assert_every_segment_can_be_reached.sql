-- Promise: no rule is hidden behind the rules before it; a segment that no combination of scores
-- leads to would stand in the reports without a customer, and nobody would know why.
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
