with

thresholds as (

    select * from {{ ref('int_score_thresholds') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

segment_rules as (

    select * from {{ ref('segment_rules') }}

),

deposit_scores as (

    select
        score,
        {{ tier_text('deposits', 'exclusive_lower_limit', 'inclusive_upper_limit') }}
            as tier_text

    from thresholds
    where measure = 'total_deposits'

),

lending_scores as (

    select
        score,
        {{ tier_text('loans', 'exclusive_lower_limit', 'inclusive_upper_limit') }} as tier_text

    from thresholds
    where measure = 'total_loans'

),

-- Every possible combination of scores: 5 x 5 x 5.
score_combinations as (

    select
        deposit_scores.score as deposit_score,
        lending_scores.score as lending_score,
        tenure_bands.tenure_score,
        'Deposit score ' || cast(deposit_scores.score as string)
        || ' of 5 (' || deposit_scores.tier_text || '), lending score '
        || cast(lending_scores.score as string)
        || ' of 5 (' || lending_scores.tier_text || '), tenure score '
        || cast(tenure_bands.tenure_score as string)
        || ' of 5 (' || tenure_bands.tenure_band || ')' as score_text

    from deposit_scores
    cross join lending_scores
    cross join tenure_bands

),

matches as (

    select
        score_combinations.deposit_score,
        score_combinations.lending_score,
        score_combinations.tenure_score,
        segment_rules.segment,
        segment_rules.description || ': ' || score_combinations.score_text as segment_reasons,
        row_number() over (
            partition by
                score_combinations.deposit_score,
                score_combinations.lending_score,
                score_combinations.tenure_score
            order by segment_rules.priority, segment_rules.segment
        ) as match_number

    from score_combinations
    inner join segment_rules
        on
            score_combinations.deposit_score between segment_rules.minimum_deposit_score
            and segment_rules.maximum_deposit_score
            and score_combinations.lending_score between segment_rules.minimum_lending_score
            and segment_rules.maximum_lending_score
            and score_combinations.tenure_score between segment_rules.minimum_tenure_score
            and segment_rules.maximum_tenure_score

),

assigned as (

    select
        deposit_score,
        lending_score,
        tenure_score,
        {{ seed_enum('segment', ref('segment_rules'), 'segment') }} as segment,
        segment_reasons

    from matches
    where match_number = 1

)

select * from assigned
