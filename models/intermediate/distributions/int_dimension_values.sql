{{ config(materialized='view') }}

with

combination_values as (

    select * from {{ ref('int_combination_values') }}

),

dimension_values as (

    select distinct
        value_number,
        dimension,
        dimension_number,
        value

    from combination_values

)

select * from dimension_values
