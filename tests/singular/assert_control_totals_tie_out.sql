with

control_totals as (

    select * from {{ ref('fct_control_totals') }}

),

broken as (

    select
        column_name,
        difference

    from control_totals
    where difference <> 0 or delivered - in_marts - in_quarantine <> 0

),

-- There must be ten totals: nine money columns and the number of rows.
missing as (

    select
        'control totals found, of 10' as column_name,
        count(distinct column_name) as difference

    from control_totals
    having count(distinct column_name) < 10

)

select * from broken

union all

select * from missing
