{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_measured') }}

),

described as (

    select
        ---------- keys
        customer_key,
        client_key,
        as_of_date,

        ---------- who
        gender,
        age,
        age_band,
        nationality,
        occupation,
        occupation_title,
        occupation_grade,
        occupation_family,

        ---------- time with the bank
        joined_date,
        joined_year,
        tenure_days,
        tenure_band,

        ---------- relation to the bank
        banking_relationship,
        investment_advisor,
        loyalty_classification,
        fee_structure,
        income_band,
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
