-- Question: who borrows, how much and through which product, and do customers with a second or
-- third card owe more?
-- How to read it: one row per number of credit cards. Card debt is small compared with loans. If
-- mean_credit_card_balance does not rise with the number of cards, customers with more cards do
-- not owe more on them.

with

customers as (

    select * from {{ ref('dim_customers') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

by_cards as (

    select
        customers.amount_of_credit_cards,

        ---------- counts
        cast(count(*) as bigint) as customers,
        cast(count(*) filter (where positions.total_loans > 0) as bigint) as borrowers,
        cast(count(*) filter (where positions.is_overleveraged) as bigint)
            as overleveraged_customers,

        ---------- money
        {{ sum_money('positions.credit_card_balance') }} as credit_card_balance,
        {{ sum_money('positions.bank_loans') }} as bank_loans,
        {{ sum_money('positions.business_lending') }} as business_lending,
        {{ sum_money('positions.total_loans') }} as total_loans,
        {{ sum_money('positions.estimated_income') }} as estimated_income,
        {{ sum_money('positions.fee_income') }} as fee_income

    from positions
    inner join customers on positions.customer_key = customers.customer_key
    group by customers.amount_of_credit_cards

),

activity as (

    select
        *,
        {{ ratio('credit_card_balance', 'customers') }} as mean_credit_card_balance,
        {{ ratio('credit_card_balance', 'total_loans') }} as share_of_cards_in_loans,
        {{ ratio('total_loans', 'estimated_income') }} as debt_to_income_ratio

    from by_cards

)

select * from activity
order by amount_of_credit_cards
