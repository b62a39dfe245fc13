{#- Different people may share a client id, and each of them must stay a customer. -#}

with

delivered as (

    select * from {{ ref('base_bank__clients') }}

),

quarantined as (

    select * from {{ ref('fct_quarantined_clients') }}

),

identities as (

    select * from {{ ref('dim_customer_identities') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

-- Names are counted only for the few ids that occur more than once.
repeated_ids as (

    select client_id
    from delivered
    where is_valid
    group by client_id
    having count(*) > 1

),

people_delivered as (

    select
        delivered.client_id,
        count(distinct delivered.client_name) as people

    from delivered
    semi join repeated_ids on delivered.client_id = repeated_ids.client_id
    where delivered.is_valid
    group by delivered.client_id
    having count(distinct delivered.client_name) > 1

),

shared_identities as (

    select
        identities.client_id,
        identities.client_name,
        identities.customer_key

    from identities
    semi join people_delivered on identities.client_id = people_delivered.client_id

),

people_kept as (

    select
        shared_identities.client_id,
        count(distinct shared_identities.client_name) as people,
        count(distinct customers.client_key) as client_keys,
        bool_and(customers.has_shared_client_id) as is_flagged

    from shared_identities
    inner join customers on shared_identities.customer_key = customers.customer_key
    group by shared_identities.client_id
    having count(*) > 1

),

-- A valid row can still be quarantined, for an ambiguous joining date or as a duplicate. So ids
-- with quarantined rows are not checked.
quarantined_ids as (

    select {{ json_value('raw_text', 'client_id') }} as client_id
    from quarantined

),

lost as (

    select
        people_delivered.client_id,
        people_delivered.people as people_delivered,
        people_kept.people as people_kept

    from people_delivered
    left join people_kept on people_delivered.client_id = people_kept.client_id
    where
        people_delivered.client_id not in (
            select quarantined_ids.client_id
            from quarantined_ids
            where quarantined_ids.client_id is not null
        )
        and (
            people_kept.people is distinct from people_delivered.people
            or people_kept.client_keys <> 1
            or not people_kept.is_flagged
        )

)

select * from lost
