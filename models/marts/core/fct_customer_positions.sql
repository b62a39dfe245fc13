{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

positions as (

    select
        ---------- keys
        customer_key,
        client_key,
        as_of_date,

        ---------- income and savings
        estimated_income,
        superannuation_savings,

        ---------- lending
        credit_card_balance,
        bank_loans,
        business_lending,
        total_loans,

        ---------- deposits
        bank_deposits,
        saving_accounts,
        checking_accounts,
        foreign_currency_account,
        total_deposits,
        core_deposits,

        ---------- measures
        fee_rate,
        fee_income,
        net_position,
        loan_to_deposit_ratio,
        debt_to_income_ratio,
        liquidity_cover,
        is_overleveraged

    from customers

)

select * from positions
