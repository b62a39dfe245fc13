{{ config(materialized='table') }}

with

raw_investment_advisors as (

    select * from {{ raw_table('investment_advisors') }}

),

cleaned as (

    select
        {{ clean_id('ia_id') }} as investment_advisor_id,
        {{ clean_text('investment_advisor') }} as investment_advisor

    from raw_investment_advisors

)

select * from cleaned
