with

customers as (

    select * from {{ ref('int_customers_clustered') }}

),

segments as (

    select
        customer_key,
        as_of_date,
        cast(deposit_score as integer) as deposit_score,
        cast(lending_score as integer) as lending_score,
        cast(tenure_score as integer) as tenure_score,
        cast(segment as string) as segment,
        segment_reasons,
        behavioural_cluster,
        cluster_distance,
        cluster_quality

    from customers

)

select * from segments
