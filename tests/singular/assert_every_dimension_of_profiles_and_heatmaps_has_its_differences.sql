-- Every dimension shown in a profile needs a row in fct_segment_differences, so that readers can
-- see whether its differences are more than chance. A heat map needs the row for its
-- dimension and the risk weighting.
with

shown as (

    select distinct
        dimension,
        cast(null as string) as measure

    from {{ ref('fct_segment_profiles') }}

    union

    select distinct
        row_dimension as dimension,
        column_dimension as measure

    from {{ ref('fct_risk_heatmap') }}

),

differences as (

    select * from {{ ref('fct_segment_differences') }}

),

without_differences as (

    select
        shown.dimension,
        shown.measure

    from shown
    left join differences
        on
            shown.dimension = differences.dimension
            and coalesce(shown.measure, differences.measure) = differences.measure
    where differences.dimension is null

)

select * from without_differences
