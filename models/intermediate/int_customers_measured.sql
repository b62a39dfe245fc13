with

customers as (

    select * from {{ ref('int_customers_classified') }}

),

fee_rates as (

    select * from {{ ref('fee_rates') }}

),

totalled as (

    select
        *,
        cast(bank_loans + business_lending + credit_card_balance as decimal(18, 2))
            as total_loans,
        cast(
            bank_deposits + saving_accounts + checking_accounts + foreign_currency_account
            as decimal(18, 2)
        ) as total_deposits,
        cast(saving_accounts + checking_accounts + foreign_currency_account as decimal(18, 2))
            as core_deposits

    from customers

),

measured as (

    select
        totalled.*,
        fee_rates.fee_rate,
        cast(round(totalled.total_loans * fee_rates.fee_rate, 2) as decimal(18, 2))
            as fee_income,
        cast(totalled.total_deposits - totalled.total_loans as decimal(18, 2)) as net_position,
        {{ ratio('totalled.total_loans', 'totalled.total_deposits') }} as loan_to_deposit_ratio,
        {{ ratio('totalled.total_loans', 'totalled.estimated_income') }} as debt_to_income_ratio,
        {{ ratio('totalled.total_deposits', 'totalled.total_loans') }} as liquidity_cover,
        totalled.total_loans > totalled.total_deposits as is_overleveraged

    from totalled
    left join fee_rates on totalled.fee_structure = fee_rates.fee_structure

)

select * from measured
