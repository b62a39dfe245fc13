{#-
    A day up to 12 can be misread as a month without any error. For the seeds, a date formatted as
    declared must give back the delivered text. For other drops, that text is not available; among a
    hundred customers or more, some day must be after the twelfth.
-#}
{%- set formats = raw_reading()['files'][0]['dates']['formats'] -%}
{%- set reads_seeds = env_var('BANK_RAW_DIR', '') == '' -%}

with

customers as (

    select * from {{ ref('dim_customers') }}

),

{%- if reads_seeds %}

delivered as (

    select * from {{ ref('raw_clients') }}

),

identities as (

    select * from {{ ref('dim_customer_identities') }}

),

misread as (

    select
        identities.customer_key,
        customers.joined_date

    from identities
    inner join customers on identities.customer_key = customers.customer_key
    left join delivered
        on
            identities.client_id = delivered.{{ adapter.quote('Client ID') }}
            and identities.client_name = delivered.{{ adapter.quote('Name') }}
            and {{ format_date('customers.joined_date', formats[0]) }}
            = delivered.{{ adapter.quote('Joined Bank') }}
    where delivered.{{ adapter.quote('Client ID') }} is null

)
{%- else %}

misread as (

    select
        count(*) as customers,
        max(extract(day from joined_date)) as latest_day_of_month

    from customers
    having count(*) >= 100 and max(extract(day from joined_date)) <= 12

)
{%- endif %}

select * from misread
