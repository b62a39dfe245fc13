{{ config(
    materialized='table',
    post_hook=["{{ refuse_changed_files() }}"]
) }}

with

raw_clients as (

    select
        *,
        {{ clean_joining_text('joined_bank') }} as joined_text

    from {{ raw_table('clients') }}

),
{%- set reading = raw_reading() %}

banking_relationships as (

    select * from {{ ref('stg_bank__banking_relationships') }}

),

genders as (

    select * from {{ ref('stg_bank__genders') }}

),

investment_advisors as (

    select * from {{ ref('stg_bank__investment_advisors') }}

),

fee_rates as (

    select * from {{ ref('fee_rates') }}

),

loyalty_tiers as (

    select * from {{ ref('loyalty_tiers') }}

),

-- A code may be an id or a name, in upper or lower case.
relationship_codes as (

    select
        lower(banking_relationship_id) as code,
        banking_relationship

    from banking_relationships

    union

    select
        lower(banking_relationship) as code,
        banking_relationship

    from banking_relationships

),

gender_codes as (

    select
        lower(gender_id) as code,
        gender

    from genders

    union

    select
        lower(gender) as code,
        gender

    from genders

),

advisor_codes as (

    select
        lower(investment_advisor_id) as code,
        investment_advisor

    from investment_advisors

    union

    select
        lower(investment_advisor) as code,
        investment_advisor

    from investment_advisors

),

fee_codes as (

    select
        lower(fee_structure) as code,
        {{ seed_enum('fee_structure', ref('fee_rates'), 'fee_structure') }} as fee_structure

    from fee_rates

    union

    select
        fee_structure as code,
        {{ seed_enum('fee_structure', ref('fee_rates'), 'fee_structure') }} as fee_structure

    from fee_rates

),

loyalty_codes as (

    select
        lower(loyalty_classification) as code,
        {{ seed_enum(
            'loyalty_classification', ref('loyalty_tiers'), 'loyalty_classification'
        ) }}
            as loyalty_classification

    from loyalty_tiers

    union

    select
        loyalty_classification as code,
        {{ seed_enum(
            'loyalty_classification', ref('loyalty_tiers'), 'loyalty_classification'
        ) }}
            as loyalty_classification

    from loyalty_tiers

),

-- One row with all codes, computed before the file is read. A join of clients with codes would move
-- rows without a match to the end, and grouping the codes while the file is read would change the
-- order of the rows. Either would make the row numbers wrong.
known_codes as {{ computed_before() }} (

    select
        {{ code_lookup('relationship_codes', 'banking_relationship') }} as relationships,
        {{ code_lookup('gender_codes', 'gender') }} as genders,
        {{ code_lookup('advisor_codes', 'investment_advisor') }} as advisors,
        {{ code_lookup('fee_codes', 'fee_structure') }} as fee_structures,
        {{ code_lookup('loyalty_codes', 'loyalty_classification') }} as loyalty_classifications

),

typed as (

    select
        raw_clients.source_file,
        raw_clients.structural_fault,

        ---------- who
        {{ clean_id('raw_clients.client_id') }} as client_id,
        {{ clean_text('raw_clients.name') }} as client_name,
        {{ clean_text('raw_clients.banking_contact') }} as banking_contact,
        {{ clean_id('raw_clients.location_id') }} as location_id,
        {{ clean_text('raw_clients.nationality') }} as nationality,
        {{ clean_text('raw_clients.occupation') }} as occupation,
        {{ joining_date(reading, 'raw_clients.joined_text', 'raw_clients.source_file') }}
            as joined_date,
        raw_clients.joined_text,

        ---------- codes, resolved
        {{ resolved_code('known_codes.fee_structures', 'raw_clients.fee_structure') }}
            as fee_structure,
        {{ resolved_code(
            'known_codes.loyalty_classifications', 'raw_clients.loyalty_classification'
        ) }} as loyalty_classification,
        {{ resolved_code('known_codes.relationships', 'raw_clients.br_id') }}
            as banking_relationship,
        {{ resolved_code('known_codes.genders', 'raw_clients.gender_id') }} as gender,
        {{ resolved_code('known_codes.advisors', 'raw_clients.ia_id') }}
            as investment_advisor,

        ---------- whole numbers
        {% for column in whole_number_columns() %}
        {{ parse_whole_number('raw_clients.' ~ column) }} as {{ column }},
        {% endfor %}

        ---------- money
        {% for column in money_columns() %}
        cast(
            {{ money_of(reading, column, 'raw_clients.' ~ column, 'raw_clients.source_file') }}
            as decimal(18, 2)
        ) as {{ column }},
        {% endfor %}

        ---------- as delivered, for the rows that are quarantined
        {% for column in raw_columns('clients') %}
        raw_clients.{{ column }} as raw_{{ column }},
        {% endfor %}
        raw_clients.raw_line

    from raw_clients
    cross join known_codes

),

validated as (

    select
        *,
        (
            structural_fault is null
            and {{ is_joining_date('joined_date') }}
            {% for column in whole_number_columns() + money_columns() + [
                'client_id', 'client_name', 'nationality', 'occupation', 'fee_structure',
                'loyalty_classification', 'banking_relationship', 'gender', 'investment_advisor',
            ] %}
            and {{ column }} is not null
            {% endfor %}
            and age between 0 and 120
            and risk_weighting between 1 and 5
            and amount_of_credit_cards >= 0
            and properties_owned >= 0
            and not {{ is_spoilt_location() }}
        ) is true as is_valid

    from typed

),

explained as (

    select
        ---------- origin
        source_file,
        is_valid,
        case
            when is_valid then cast(null as string)
            else {{ reject_reasons(reading) }}
        end as reject_reasons,
        case
            when is_valid then cast(null as string)
            when raw_line is not null then raw_line
            else {{ json_object(raw_columns('clients'), 'raw_*') }}
        end as raw_text,
        case
            when joined_date is null and structural_fault is null
                then {{ clean_text('raw_joined_bank') }}
        end as unread_joined_text,
        structural_fault is null
        and {{ joining_date_is_exchanged(reading, 'joined_text', 'joined_date', 'source_file') }}
            as has_exchanged_date,

        ---------- keys
        -- A bar in an id is escaped, so that it is not taken for the separator.
        {{ hash_key([
            "case when client_id like '%|%' or client_id like '%~%'"
            ~ " then replace(replace(client_id, '~', '~~'), '|', '~|') else client_id end",
            'client_name',
            'cast(joined_date as string)',
        ]) }} as customer_key,
        {{ hash_key(['client_id']) }} as client_key,

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

        ---------- money; null if the row could not be split into cells
        {% for column in money_columns() %}
        case when structural_fault is null then {{ column }} end as {{ column }},
        {% endfor %}
        {{ rounded_off(reading) }} as rounded_off,

        ---------- counts and risk
        amount_of_credit_cards,
        properties_owned,
        risk_weighting

    from validated

)

select * from explained
