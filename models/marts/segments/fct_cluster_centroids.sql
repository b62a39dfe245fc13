with

fitted as (

    select * from {{ ref('int_clusters_fitted') }}

),

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

sizes as (

    select
        behavioural_cluster,
        cast(count(*) as bigint) as customers

    from customers
    group by behavioural_cluster

),

totals as (

    select cast(sum(customers) as bigint) as customers
    from sizes

),

centroids as (

    select
        cast(fitted.behavioural_cluster as integer) as behavioural_cluster,
        fitted.measure,
        fitted.centroid as standardised_centroid,
        fitted.unit * sinh(fitted.mean + fitted.deviation * fitted.centroid) as typical_balance,
        coalesce(sizes.customers, 0) as customers,
        {{ ratio('coalesce(sizes.customers, 0)', 'totals.customers') }} as share_of_customers,

        ---------- quality, the same in every row
        cast(fitted.number_of_clusters as integer) as number_of_clusters,
        fitted.silhouette,
        fitted.stability,
        fitted.structure,
        fitted.customers_fitted,
        {{ as_of_date() }} as as_of_date

    from fitted
    cross join totals
    left join sizes on fitted.behavioural_cluster = sizes.behavioural_cluster

)

select * from centroids
