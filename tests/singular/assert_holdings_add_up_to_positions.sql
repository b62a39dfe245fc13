{#-
    For each product, every mart must have the same total balance and the same number of holders.
-#}
{%- set columns = {
    'credit_card': 'credit_card_balance',
    'bank_loan': 'bank_loans',
    'business_lending': 'business_lending',
    'bank_deposit': 'bank_deposits',
    'saving_account': 'saving_accounts',
    'checking_account': 'checking_accounts',
    'foreign_currency_account': 'foreign_currency_account',
} -%}

with

holdings as (

    select * from {{ ref('fct_product_holdings') }}

),

gaps as (

    select * from {{ ref('fct_product_gaps') }}

),

penetration as (

    select * from {{ ref('fct_product_penetration') }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

expected as (

    {%- for product, column in columns.items() %}

    select
        '{{ product }}' as product,
        sum({{ column }}) as balance,
        count(*) filter (where {{ column }} <> 0) as holders

    from positions
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

found as (

    select
        'fct_product_holdings' as found_in,
        product,
        sum(balance) as balance,
        count(*) filter (where is_held) as holders

    from holdings
    group by product

    union all

    select
        'fct_product_gaps' as found_in,
        product,
        sum(balance) as balance,
        count(*) filter (where peer_median_balance - gap_to_peer_median <> 0) as holders

    from gaps
    group by product

    union all

    select
        'fct_product_penetration by ' || dimension as found_in,
        product,
        sum(balance) as balance,
        sum(holders) as holders

    from penetration
    group by dimension, product

),

-- The shares of one customer add up to one, so all shares add up to the number of customers who
-- hold anything.
shares as (

    select
        'shares of balances' as found_in,
        'all' as product,
        sum(holdings.share_of_balances) as balance,
        count(distinct holdings.customer_key) as holders

    from holdings
    where holdings.share_of_balances is not null
    having
        abs(sum(holdings.share_of_balances) - count(distinct holdings.customer_key))
        > 1e-9 * sum(abs(holdings.share_of_balances))

),

broken as (

    select
        found.found_in,
        expected.product,
        cast(found.balance as double) as balance,
        found.holders

    from found
    full outer join expected on found.product = expected.product
    where
        found.balance is distinct from expected.balance
        or found.holders is distinct from expected.holders

)

select * from broken

union all

select * from shares
