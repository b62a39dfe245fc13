{{ config(materialized='view') }}

{% set lending = ['credit_card_balance', 'bank_loans', 'business_lending'] %}
{% set deposits = [
    'bank_deposits', 'saving_accounts', 'checking_accounts', 'foreign_currency_account',
] %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

peer_medians as (

    select
        {% for product in product_columns() %}
        max(case when product = '{{ product }}' then decile_5_limit end)
            as {{ product }}_peer_median,
        {% endfor %}
        income_band,
        risk_weighting

    from {{ ref('int_peer_thresholds') }}
    group by income_band, risk_weighting

),

watch_list_scores as (

    select * from {{ ref('int_watch_list_scores') }}

),

loyalty_tiers as (

    select * from {{ ref('loyalty_tiers') }}

),

-- Only what rules may use: nationality, gender and age are left out.
facts as (

    select
        customers.customer_key,
        customers.as_of_date,

        ---------- classes and scores
        customers.risk_weighting,
        coalesce(watch_list_scores.watch_list_severity, 0) as watch_list_severity,
        customers.deposit_score,
        customers.lending_score,
        loyalty_tiers.loyalty_order,
        customers.fee_rate,

        ---------- counts
        customers.tenure_days,
        customers.amount_of_credit_cards,
        customers.properties_owned,

        ---------- ratios
        customers.loan_to_deposit_ratio,
        customers.debt_to_income_ratio,
        customers.liquidity_cover,
        {{ ratio_to_amount(
            'greatest(customers.' ~ lending | join(', customers.') ~ ')', 'customers.total_loans'
        ) }} as largest_loan_share,
        {{ ratio_to_amount(
            'greatest(customers.' ~ deposits | join(', customers.') ~ ')',
            'customers.total_deposits'
        ) }} as largest_deposit_share,
        {% for product, column in product_columns().items() %}
        {{ ratio_to_amount('customers.' ~ column, 'peer_medians.' ~ product ~ '_peer_median') }}
            as {{ product }}_to_peer_median,
        {% endfor %}

        ---------- money
        {% for product, column in product_columns().items() %}
        customers.{{ column }},
        peer_medians.{{ product }}_peer_median,
        {% endfor %}
        customers.estimated_income,
        customers.superannuation_savings,
        customers.total_loans,
        customers.total_deposits,
        customers.core_deposits,
        customers.net_position,
        customers.fee_income

    from customers
    inner join peer_medians
        on
            customers.income_band = peer_medians.income_band
            and customers.risk_weighting = peer_medians.risk_weighting
    left join watch_list_scores on customers.customer_key = watch_list_scores.customer_key
    left join loyalty_tiers
        on customers.loyalty_classification = loyalty_tiers.loyalty_classification

)

select * from facts
