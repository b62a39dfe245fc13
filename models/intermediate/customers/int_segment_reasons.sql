with

segments as (

    select * from {{ ref('int_segments_assigned') }}

),

thresholds as (

    select * from {{ ref('int_score_thresholds') }}

),

deposit_tiers as (

    select
        score,
        {{ tier_text('deposits', 'exclusive_lower_limit', 'inclusive_upper_limit') }}
            as tier_text

    from thresholds
    where measure = 'total_deposits'

),

lending_tiers as (

    select
        score,
        {{ tier_text('loans', 'exclusive_lower_limit', 'inclusive_upper_limit') }} as tier_text

    from thresholds
    where measure = 'total_loans'

),

reasons as (

    select
        segments.deposit_score,
        segments.lending_score,
        segments.tenure_score,
        segments.segment_description
        || ': Deposit score ' || cast(segments.deposit_score as string)
        || ' of 5 (' || deposit_tiers.tier_text || '), lending score '
        || cast(segments.lending_score as string)
        || ' of 5 (' || lending_tiers.tier_text || '), tenure score '
        || cast(segments.tenure_score as string)
        || ' of 5 (' || segments.tenure_band || ')' as segment_reasons

    from segments
    inner join deposit_tiers on segments.deposit_score = deposit_tiers.score
    inner join lending_tiers on segments.lending_score = lending_tiers.score

)

select * from reasons
