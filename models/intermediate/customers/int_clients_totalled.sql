{{ config(materialized='view') }}

with

clients as (

    select * from {{ ref('stg_bank__clients') }}

),

totalled as (

    select
        ---------- keys
        customer_key,
        client_key,

        ---------- who
        gender,
        age,
        nationality,
        occupation,
        joined_date,

        ---------- relation to the bank
        banking_relationship,
        investment_advisor,
        loyalty_classification,
        fee_structure,
        amount_of_credit_cards,
        properties_owned,
        risk_weighting,

        ---------- money
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}

        ---------- totals
        cast(bank_loans + business_lending + credit_card_balance as decimal(18, 2))
            as total_loans,
        cast(
            bank_deposits + saving_accounts + checking_accounts + foreign_currency_account
            as decimal(18, 2)
        ) as total_deposits,
        cast(saving_accounts + checking_accounts + foreign_currency_account as decimal(18, 2))
            as core_deposits

    from clients

)

select * from totalled
