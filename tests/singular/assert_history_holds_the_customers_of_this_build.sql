with

history as (

    select * from {{ ref('fct_customer_history') }}
    where as_of_date = {{ as_of_date() }}

),

positions as (

    select * from {{ ref('fct_customer_positions') }}

),

{% for side, relation in {'kept': 'history', 'built': 'positions'}.items() %}
{{ side }} as (

    select
        {%- for measure in ['total_loans', 'total_deposits', 'core_deposits', 'fee_income'] %}
        {{ sum_money(measure) }} as {{ measure }},
        {%- endfor %}
        {{ bank_warehouse.sum_of_keys('customer_key') }} as sum_of_keys,
        count(*) as customers

    from {{ relation }}

),

{% endfor %}
different as (

    select * from kept
    except
    select * from built

)

select * from different
