-- Question: where is risk concentrated: in which income bands, loyalty classes, occupations,
-- numbers of cards and products?
-- How to read it: one row per cell of a heat map. The index divides the customers in the cell by
-- those expected if risk were independent of the row. It is far from 1 in large cells of the
-- income bands and near 1 almost everywhere else.

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
