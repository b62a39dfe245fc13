-- Question: where is risk concentrated: in which incomes, classes of loyalty, occupations,
-- cards and products?
-- How to read it: a row is a cell of a heatmap. The index compares the customers in the cell
-- with those expected if risk were independent of the row: far from 1 in large cells of the
-- income bands, near 1 nearly everywhere else.

with

heatmap as (

    select * from {{ ref('fct_risk_heatmap') }}

),

cells as (

    select
        row_dimension,
        row_value,
        cast(column_value as integer) as risk_weighting,
        customers,
        share_of_row,
        expected_customers,
        {{ ratio('customers', 'expected_customers') }} as index_to_expected,
        mean_risk_weighting,
        exposure,
        mean_exposure

    from heatmap

)

select * from cells
order by row_dimension, row_value, risk_weighting
