with

scores as (

    {% for score in range(1, 6) %}
    select {{ score }} as score
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

segment_rules as (

    select * from {{ ref('segment_rules') }}

),

-- Every possible combination of scores: 5 x 5 x 5.
combinations as (

    select
        deposit_scores.score as deposit_score,
        lending_scores.score as lending_score,
        tenure_bands.tenure_score,
        tenure_bands.tenure_band

    from scores as deposit_scores
    cross join scores as lending_scores
    cross join tenure_bands

),

matches as (

    select
        combinations.*,
        segment_rules.segment,
        segment_rules.description as segment_description,
        row_number() over (
            partition by
                combinations.deposit_score,
                combinations.lending_score,
                combinations.tenure_score
            order by segment_rules.priority, segment_rules.segment
        ) as match_number

    from combinations
    inner join segment_rules
        on
            combinations.deposit_score between segment_rules.minimum_deposit_score
            and segment_rules.maximum_deposit_score
            and combinations.lending_score between segment_rules.minimum_lending_score
            and segment_rules.maximum_lending_score
            and combinations.tenure_score between segment_rules.minimum_tenure_score
            and segment_rules.maximum_tenure_score

),

assigned as (

    select
        deposit_score,
        lending_score,
        tenure_score,
        tenure_band,
        {{ seed_enum('segment', ref('segment_rules'), 'segment') }} as segment,
        segment_description

    from matches
    where match_number = 1

)

select * from assigned
