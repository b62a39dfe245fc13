{{ config(
    materialized='incremental',
    database=history_database(),
    incremental_strategy='append' if engine() == 'duckdb' else 'insert_overwrite',
    partition_by=none if engine() == 'duckdb' else ['as_of_date'],
    on_schema_change='fail',
    full_refresh=false,
    pre_hook=[
        "{{ require_same_bank(var('as_of_date')) }}",
        "{{ delete_date_statements(var('as_of_date')) }}",
    ],
    meta={'is_published': false}
) }}

-- These models are not read here, but their tests must pass before a drop enters the history.
-- depends_on: {{ ref('fct_control_totals') }}
-- depends_on: {{ ref('dim_customers') }}
-- depends_on: {{ ref('dim_customer_identities') }}
-- depends_on: {{ ref('fct_customer_segments') }}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

risks as (

    select * from {{ ref('fct_customer_risk') }}

),

states as (

    select
        ---------- keys
        customers.customer_key,
        customers.as_of_date,

        ---------- states
        cast(customers.loyalty_classification as string) as loyalty_classification,
        cast(customers.segment as string) as segment,
        customers.risk_weighting,
        risks.watch_list_level,

        ---------- money
        customers.total_loans,
        customers.total_deposits,
        customers.core_deposits,
        customers.fee_income

    from customers
    inner join risks on customers.customer_key = risks.customer_key

)

select * from states
