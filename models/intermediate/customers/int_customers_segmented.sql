with

customers as (

    select
        *,
        {{ total_of('total_loans') }} as total_loans,
        {{ total_of('total_deposits') }} as total_deposits,
        {{ total_of('core_deposits') }} as core_deposits

    from {{ ref('int_customers_classified') }}

),

fee_rates as (

    select * from {{ ref('fee_rates') }}

),

segments as (

    select * from {{ ref('int_segments_assigned') }}

),

-- One row with the limits of every score, so that scoring needs no range join.
score_limits as (

    select
        {{ score_limit_columns() }}
        count(*) as limits

    from {{ ref('int_score_thresholds') }}

),

measured as (

    select
        customers.*,
        fee_rates.fee_rate,
        cast(round(customers.total_loans * fee_rates.fee_rate, 2) as decimal(18, 2))
            as fee_income,
        cast(customers.total_deposits - customers.total_loans as decimal(18, 2)) as net_position,
        {{ ratio_to_amount('customers.total_loans', 'customers.total_deposits') }}
            as loan_to_deposit_ratio,
        {{ ratio_to_amount('customers.total_loans', 'customers.estimated_income') }}
            as debt_to_income_ratio,
        {{ ratio_to_amount('customers.total_deposits', 'customers.total_loans') }}
            as liquidity_cover,
        customers.total_loans > customers.total_deposits as is_overleveraged,
        {{ score_by_limits('deposit', 'customers.total_deposits') }} as deposit_score,
        {{ score_by_limits('lending', 'customers.total_loans') }} as lending_score

    from customers
    cross join score_limits
    left join fee_rates on customers.fee_structure = fee_rates.fee_structure

),

segmented as (

    select
        measured.*,
        segments.segment

    from measured
    left join segments
        on
            measured.deposit_score = segments.deposit_score
            and measured.lending_score = segments.lending_score
            and measured.tenure_score = segments.tenure_score

)

select * from segmented
