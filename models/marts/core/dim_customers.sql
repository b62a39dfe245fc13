{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

described as (

    select
        ---------- keys
        customer_key,
        {{ key_as_text('customer_key') }} as customer_code,
        client_key,
        as_of_date,

        ---------- who
        gender,
        age,
        cast(age_band as string) as age_band,
        nationality,
        occupation,
        occupation_title,
        cast(occupation_grade as string) as occupation_grade,
        occupation_family,

        ---------- time with the bank
        joined_date,
        joined_year,
        tenure_days,
        cast(tenure_band as string) as tenure_band,

        ---------- relationship with the bank
        banking_relationship,
        investment_advisor,
        cast(loyalty_classification as string) as loyalty_classification,
        cast(fee_structure as string) as fee_structure,
        cast(income_band as string) as income_band,
        amount_of_credit_cards,
        properties_owned,
        risk_weighting,

        ---------- data quality
        is_joined_before_birth,
        is_joined_as_minor,
        has_shared_client_id,
        has_corrected_occupation,
        has_unknown_occupation

    from customers

)

select * from described
