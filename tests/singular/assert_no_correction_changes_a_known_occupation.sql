{#-
    Customers whose occupation is listed both as a correct spelling and as a misspelling would be
    counted twice.
-#}

with

occupations as (

    select * from {{ ref('occupations') }}

),

occupation_corrections as (

    select * from {{ ref('occupation_corrections') }}

),

spelt_both_ways as (

    select occupation_corrections.raw_occupation
    from occupation_corrections
    inner join occupations on occupation_corrections.raw_occupation = occupations.occupation

)

select * from spelt_both_ways
