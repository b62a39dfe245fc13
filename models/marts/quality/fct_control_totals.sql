with

delivered as (

    select * from {{ ref('base_bank__clients') }}

),

customers as (

    select * from {{ ref('fct_customer_positions') }}

),

quarantined as (

    select * from {{ ref('fct_quarantined_clients') }}

),

delivered_totals as (

    select
        {% for column in money_columns() %}
        {{ sum_money(column) }} as {{ column }},
        {{ sum_rounded_off(column) }} as {{ column }}_rounding,
        {% endfor %}
        cast(0 as decimal(38, 18)) as row_count_rounding,
        cast(count(*) as decimal(18, 2)) as row_count

    from delivered
    {{ computed_once() }}

),

mart_totals as (

    select
        {% for column in money_columns() %}
        {{ sum_money(column) }} as {{ column }},
        {% endfor %}
        cast(count(*) as decimal(18, 2)) as row_count

    from customers
    {{ computed_once() }}

),

quarantine_totals as (

    select
        {% for column in money_columns() %}
        {{ sum_money(column) }} as {{ column }},
        {% endfor %}
        cast(count(*) as decimal(18, 2)) as row_count

    from quarantined
    {{ computed_once() }}

),

control_totals as (

    {% for column in ['row_count'] + money_columns() %}

    select
        '{{ column }}' as column_name,
        delivered_totals.{{ column }} as delivered,
        mart_totals.{{ column }} as in_marts,
        quarantine_totals.{{ column }} as in_quarantine,
        cast(
            delivered_totals.{{ column }}
            - mart_totals.{{ column }}
            - quarantine_totals.{{ column }}
            as decimal(18, 2)
        ) as difference,
        delivered_totals.{{ column }}_rounding as rounding

    from delivered_totals
    cross join mart_totals
    cross join quarantine_totals
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

listed as (

    select
        column_name,
        {{ as_of_date() }} as as_of_date,
        delivered,
        in_marts,
        in_quarantine,
        difference,
        rounding

    from control_totals

)

select * from listed
