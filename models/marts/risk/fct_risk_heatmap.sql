{% set dimensions = [
    'amount_of_credit_cards', 'loyalty_classification', 'income_band', 'occupation_family',
] %}
{% set rows = [] %}
{% for dimension in dimensions %}
{% do rows.append({'columns': {
    'row_dimension': "'" ~ dimension ~ "'",
    'row_value': 'cast(' ~ dimension ~ ' as string)',
    'risk_weighting': 'risk_weighting',
    'customers': 'customers',
    'exposure': 'exposure',
    'deposits': 'deposits',
}}) %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

product_exposures as (

    select * from {{ ref('int_exposures_by_risk') }}

),

-- Customers are aggregated once, across all dimensions. The few sums are then rolled up by
-- dimension.
combined as (

    select
        {{ dimensions | join(',\n        ') }},
        risk_weighting,
        count(*) as customers,
        sum(total_loans) as exposure,
        sum(total_deposits) as deposits

    from customers
    group by
        {{ dimensions | join(',\n        ') }},
        risk_weighting

),

by_dimension as (

    {{ rows_of_each('combined', rows) }}

),

customer_cells as (

    select
        row_dimension,
        row_value,
        risk_weighting,
        {{ as_of_date() }} as as_of_date,
        cast(sum(customers) as bigint) as customers,
        {{ sum_money('exposure') }} as exposure,
        {{ sum_money('deposits') }} as deposits

    from by_dimension
    group by row_dimension, row_value, risk_weighting

),

-- For a product the customers are its holders, and the exposure is its balance.
product_cells as (

    select
        'product' as row_dimension,
        product as row_value,
        risk_weighting,
        as_of_date,
        holders as customers,
        balance as exposure,
        cast(null as decimal(18, 2)) as deposits

    from product_exposures

),

cells as (

    select * from customer_cells

    union all

    select * from product_cells

),

row_totals as (

    select
        row_dimension,
        row_value,
        sum(customers) as customers,
        sum(customers * risk_weighting) as sum_of_risk_weightings

    from cells
    group by row_dimension, row_value

),

column_totals as (

    select
        row_dimension,
        risk_weighting,
        sum(customers) as customers

    from cells
    group by row_dimension, risk_weighting

),

dimension_totals as (

    select
        row_dimension,
        sum(customers) as customers

    from cells
    group by row_dimension

),

heatmap as (

    select
        cells.row_dimension,
        cells.row_value,
        'risk_weighting' as column_dimension,
        cast(cells.risk_weighting as string) as column_value,
        cells.as_of_date,
        cells.customers,
        {{ ratio('cells.customers', 'row_totals.customers') }} as share_of_row,
        {{ ratio(
            'cast(row_totals.customers as double) * column_totals.customers',
            'dimension_totals.customers'
        ) }} as expected_customers,
        {{ ratio('row_totals.sum_of_risk_weightings', 'row_totals.customers') }}
            as mean_risk_weighting,
        cells.exposure,
        cells.deposits,
        {{ ratio('cells.exposure', 'cells.customers') }} as mean_exposure

    from cells
    inner join row_totals
        on
            cells.row_dimension = row_totals.row_dimension
            and cells.row_value = row_totals.row_value
    inner join column_totals
        on
            cells.row_dimension = column_totals.row_dimension
            and cells.risk_weighting = column_totals.risk_weighting
    inner join dimension_totals on cells.row_dimension = dimension_totals.row_dimension

)

select * from heatmap
