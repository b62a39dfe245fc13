{#-
    The shipped seeds write amounts plainly, so they are cast here, without the code that reads
    money in staging. Other drops use many notations, so their control totals are used instead.
-#}
{%- set headers = {
    'estimated_income': 'Estimated Income',
    'superannuation_savings': 'Superannuation Savings',
    'credit_card_balance': 'Credit Card Balance',
    'bank_loans': 'Bank Loans',
    'bank_deposits': 'Bank Deposits',
    'checking_accounts': 'Checking Accounts',
    'saving_accounts': 'Saving Accounts',
    'foreign_currency_account': 'Foreign Currency Account',
    'business_lending': 'Business Lending',
} -%}
{%- set reads_seeds = env_var('BANK_RAW_DIR', '') == '' -%}

with

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

quarantined as (

    select * from {{ ref('fct_quarantined_clients') }}

),

delivered as (

    select * from {{ ref('raw_clients') if reads_seeds else ref('fct_control_totals') }}

),

{%- if reads_seeds %}

delivered_sums as (

    {%- for column, header in headers.items() %}

    select
        '{{ column }}' as column_name,
        sum(try_cast({{ adapter.quote(header) }} as decimal(14, 2))) as amount

    from delivered
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),
{%- else %}

delivered_sums as (

    select
        column_name,
        delivered as amount

    from delivered
    where column_name <> 'row_count'

),
{%- endif %}

kept_sums as (

    {%- for column in headers %}

    select
        '{{ column }}' as column_name,
        (select coalesce(sum(positions.{{ column }}), 0) from positions)
        + (select coalesce(sum(quarantined.{{ column }}), 0) from quarantined) as amount
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

differences as (

    select
        delivered_sums.column_name,
        delivered_sums.amount as delivered,
        kept_sums.amount as kept

    from delivered_sums
    inner join kept_sums on delivered_sums.column_name = kept_sums.column_name
    where delivered_sums.amount is distinct from kept_sums.amount

)

select * from differences
