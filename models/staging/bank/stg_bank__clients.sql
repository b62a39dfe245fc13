{{ config(
    pre_hook=["{{ validate_drop() }}"]
) }}

-- The hook reads these models too.
-- depends_on: {{ ref('base_bank__client_files') }} {{ ref('base_bank__clients') }}
-- depends_on: {{ ref('base_bank__client_duplicates') }}

with

clients as (

    select * from {{ ref('base_bank__clients_validated') }}

),

accepted as (

    select
        ---------- keys
        customer_key,
        client_key,

        ---------- who
        client_id,
        client_name,
        banking_contact,
        location_id,
        gender,
        age,
        nationality,
        occupation,
        joined_date,

        ---------- relationship with the bank
        banking_relationship,
        investment_advisor,
        loyalty_classification,
        fee_structure,

        ---------- money
        {% for column in money_columns() %}
        {{ column }},
        {% endfor %}

        ---------- counts and risk
        amount_of_credit_cards,
        properties_owned,
        risk_weighting

    from clients
    where record_status = 'accepted'

)

select * from accepted
