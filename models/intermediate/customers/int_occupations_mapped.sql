with

occupations as (

    select
        occupation,
        occupation_title,
        {{ listed_text('occupation_grade', ref('occupations'), 'occupation_grade') }}
            as occupation_grade,
        occupation_family

    from {{ ref('occupations') }}

),

occupation_corrections as (

    select * from {{ ref('occupation_corrections') }}

),

as_they_are as (

    select
        occupation as delivered_occupation,
        occupation,
        occupation_title,
        occupation_grade,
        occupation_family,
        false as is_corrected

    from occupations

),

corrected as (

    select
        occupation_corrections.raw_occupation as delivered_occupation,
        occupations.occupation,
        occupations.occupation_title,
        occupations.occupation_grade,
        occupations.occupation_family,
        true as is_corrected

    from occupation_corrections
    inner join occupations on occupation_corrections.occupation = occupations.occupation

),

mapped as (

    select * from as_they_are

    union all

    select * from corrected

)

select * from mapped
