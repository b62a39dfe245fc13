{{ config(materialized='view') }}

with

clients as (

    select
        *,
        {{ as_of_date() }} as as_of_date,
        cast({{ days_between('joined_date', as_of_date()) }} as integer) as tenure_days

    from {{ ref('stg_bank__clients') }}

),

ages as (

    select distinct age
    from {{ ref('stg_bank__clients') }}

),

tenures as (

    select distinct cast({{ days_between('joined_date', as_of_date()) }} as integer) as tenure_days
    from {{ ref('stg_bank__clients') }}

),

shared_client_ids as (

    select client_key
    from {{ ref('stg_bank__clients') }}
    group by client_key
    having count(*) > 1

),

known_occupations as (

    select
        occupation,
        occupation_title,
        {{ seed_enum('occupation_grade', ref('occupations'), 'occupation_grade') }}
            as occupation_grade,
        occupation_family

    from {{ ref('occupations') }}

),

occupation_corrections as (

    select * from {{ ref('occupation_corrections') }}

),

spelt_right as (

    select
        occupation as delivered_occupation,
        occupation,
        occupation_title,
        occupation_grade,
        occupation_family,
        false as is_corrected

    from known_occupations

),

spelt_wrong as (

    select
        occupation_corrections.raw_occupation as delivered_occupation,
        known_occupations.occupation,
        known_occupations.occupation_title,
        known_occupations.occupation_grade,
        known_occupations.occupation_family,
        true as is_corrected

    from occupation_corrections
    inner join known_occupations
        on occupation_corrections.occupation = known_occupations.occupation

),

-- One row per known spelling, right or wrong.
occupations as (

    select * from spelt_right

    union all

    select * from spelt_wrong

),

age_bands as (

    select * from {{ ref('age_bands') }}

),

tenure_bands as (

    select * from {{ ref('tenure_bands') }}

),

income_bands as (

    select
        lower_limit,
        upper_limit,
        {{ seed_enum('income_band', ref('income_bands'), 'income_band') }} as income_band

    from {{ ref('income_bands') }}

),

-- The band of every age and tenure that occurs, so that customers are joined by equality. After a
-- range join, the customers would take twice as long to write.
banded_ages as (

    select
        ages.age,
        {{ seed_enum('age_bands.age_band', ref('age_bands'), 'age_band') }} as age_band

    from ages
    inner join age_bands on {{ is_in_band('ages.age', 'age_bands') }}

),

banded_tenures as (

    select
        tenures.tenure_days,
        {{ seed_enum('tenure_bands.tenure_band', ref('tenure_bands'), 'tenure_band') }}
            as tenure_band,
        tenure_bands.tenure_score

    from tenures
    inner join tenure_bands on {{ is_in_band('tenures.tenure_days', 'tenure_bands') }}

),

classified as (

    select
        ---------- keys
        clients.customer_key,
        clients.client_key,
        clients.as_of_date,

        ---------- who
        clients.gender,
        clients.age,
        banded_ages.age_band,
        clients.nationality,
        coalesce(occupations.occupation, clients.occupation) as occupation,
        coalesce(occupations.occupation_title, clients.occupation) as occupation_title,
        occupations.occupation_grade,
        coalesce(occupations.occupation_family, 'Other') as occupation_family,

        ---------- time with the bank
        clients.joined_date,
        cast(extract(year from clients.joined_date) as integer) as joined_year,
        clients.tenure_days,
        banded_tenures.tenure_band,
        banded_tenures.tenure_score,

        ---------- relationship with the bank
        clients.banking_relationship,
        clients.investment_advisor,
        clients.loyalty_classification,
        clients.fee_structure,
        income_bands.income_band,
        clients.amount_of_credit_cards,
        clients.properties_owned,
        clients.risk_weighting,

        ---------- money
        {% for column in money_columns() %}
        clients.{{ column }},
        {% endfor %}

        ---------- data quality
        clients.tenure_days > clients.age * 365.25 as is_joined_before_birth,
        clients.tenure_days > (clients.age - 18) * 365.25 as is_joined_as_minor,
        shared_client_ids.client_key is not null as has_shared_client_id,
        coalesce(occupations.is_corrected, false) as has_corrected_occupation,
        occupations.occupation is null as has_unknown_occupation

    from clients
    left join shared_client_ids on clients.client_key = shared_client_ids.client_key
    left join occupations on clients.occupation = occupations.delivered_occupation
    left join banded_ages on clients.age = banded_ages.age
    left join banded_tenures on clients.tenure_days = banded_tenures.tenure_days
    left join income_bands on {{ is_in_band('clients.estimated_income', 'income_bands') }}

)

select * from classified
