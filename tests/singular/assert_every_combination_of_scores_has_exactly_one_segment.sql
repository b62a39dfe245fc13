-- Whatever the rules are, each of the 5 x 5 x 5 combinations of scores must have exactly one
-- segment.
with

scores as (

    select {{ unnested(series(1, 5)) }} as score

),

combinations as (

    select
        deposit_scores.score as deposit_score,
        lending_scores.score as lending_score,
        tenure_scores.score as tenure_score

    from scores as deposit_scores
    cross join scores as lending_scores
    cross join scores as tenure_scores

),

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

broken as (

    select
        combinations.deposit_score,
        combinations.lending_score,
        combinations.tenure_score,
        count(assigned.segment) as segments

    from combinations
    full outer join assigned
        on
            combinations.deposit_score = assigned.deposit_score
            and combinations.lending_score = assigned.lending_score
            and combinations.tenure_score = assigned.tenure_score
    group by
        combinations.deposit_score, combinations.lending_score, combinations.tenure_score
    having
        count(assigned.segment) != 1
        or combinations.deposit_score is null

)

select * from broken
