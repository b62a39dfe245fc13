{{ config(
    pre_hook=["{{ judge_drop() }}"]
) }}

-- The hook reads these models too.
-- depends_on: {{ ref('base_bank__client_files') }} {{ ref('base_bank__clients') }}
-- depends_on: {{ ref('base_bank__client_near_duplicates') }}

with

clients as (

    select * from {{ ref('base_bank__clients_judged') }}

),

repeats as (

    select * from {{ ref('base_bank__client_repeats') }}

),

accepted as (

    select
        ---------- keys
        clients.customer_key,
        clients.client_key,

        ---------- who
        clients.client_id,
        clients.client_name,
        clients.banking_contact,
        clients.location_id,
        clients.gender,
        clients.age,
        clients.nationality,
        clients.occupation,
        clients.joined_date,

        ---------- relation to the bank
        clients.banking_relationship,
        clients.investment_advisor,
        clients.loyalty_classification,
        clients.fee_structure,

        ---------- money
        {% for column in money_columns() %}
        clients.{{ column }},
        {% endfor %}

        ---------- counts
        clients.amount_of_credit_cards,
        clients.properties_owned,
        clients.risk_weighting

    from clients
    left join repeats on clients.customer_key = repeats.customer_key
    where
        clients.is_accepted
        and not clients.has_ambiguous_date
        and (
            repeats.customer_key is null
            or (
                repeats.is_identical
                and clients.record_position = repeats.kept_position
            )
        )

)

select * from accepted
