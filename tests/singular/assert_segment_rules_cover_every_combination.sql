{#- Of 5 x 5 x 5 scores each has a segment, also those that no customer has today. -#}

with

assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

scores as (

    select unnest(range(1, 6)) as score

),

combinations as (

    select
        deposits.score as deposit_score,
        lending.score as lending_score,
        tenure.score as tenure_score

    from scores as deposits
    cross join scores as lending
    cross join scores as tenure

),

uncovered as (

    select
        combinations.deposit_score,
        combinations.lending_score,
        combinations.tenure_score,
        count(assigned.segment) as segments

    from combinations
    left join assigned
        on
            combinations.deposit_score = assigned.deposit_score
            and combinations.lending_score = assigned.lending_score
            and combinations.tenure_score = assigned.tenure_score
    group by
        combinations.deposit_score,
        combinations.lending_score,
        combinations.tenure_score
    having count(assigned.segment) <> 1

)

select * from uncovered
