with

investment_advisors as (

    select * from {{ ref('stg_bank__investment_advisors') }}

),

described as (

    select
        investment_advisor,
        {{ order_of_ids('investment_advisor_id') }} as investment_advisor_order

    from investment_advisors

)

select * from described
