{#- The number of rows and the sum of the keys: no customer is missing and none is there twice. -#}
{%- set rows_of_a_customer = {
    'dim_customers': 1,
    'dim_customer_identities': 1,
    'fct_customer_positions': 1,
    'fct_customer_segments': 1,
    'fct_customer_risk': 1,
    'fct_product_holdings': 7,
    'fct_product_gaps': 7,
} -%}

with

staged as (

    select * from {{ ref('stg_bank__clients') }}

),

expected as (

    select
        count(*) as customers,
        sum(cast(customer_key as decimal(38, 0))) as sum_of_keys

    from staged

),

found as (

    {%- for mart, rows in rows_of_a_customer.items() %}

    select
        '{{ mart }}' as mart,
        {{ rows }} as rows_of_a_customer,
        count(*) as row_count,
        sum(cast(customer_key as decimal(38, 0))) as sum_of_keys

    from {{ ref(mart) }}
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

different as (

    select
        found.mart,
        found.row_count,
        expected.customers

    from found
    cross join expected
    where
        found.row_count <> expected.customers * found.rows_of_a_customer
        or found.sum_of_keys is distinct from expected.sum_of_keys * found.rows_of_a_customer

)

select * from different
