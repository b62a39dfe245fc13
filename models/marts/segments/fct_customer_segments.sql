{% set measures = product_columns().values() | list %}
{% set clusters = range(1, 9) | list %}
{% set distances = [] %}
{% for cluster in clusters %}
{% do distances.append('distance_' ~ cluster) %}
{% endfor %}

with

customers as (

    select * from {{ ref('int_customers_segmented') }}

),

reasons as (

    select * from {{ ref('int_segment_reasons') }}

),

fitted as (

    select * from {{ ref('int_clusters_fitted') }}

),

-- One row with all centroids; null for cluster numbers that are not used.
centres as (

    select
        {% for measure in measures %}
        max(case when measure = '{{ measure }}' then unit end) as {{ measure }}_unit,
        max(case when measure = '{{ measure }}' then mean end) as {{ measure }}_mean,
        max(case when measure = '{{ measure }}' then deviation end) as {{ measure }}_deviation,
        {% for cluster in clusters %}
        max(
            case
                when measure = '{{ measure }}' and behavioural_cluster = {{ cluster }}
                    then centroid
            end
        ) as {{ measure }}_{{ cluster }},
        {% endfor %}
        {% endfor %}
        max(number_of_clusters) as number_of_clusters

    from fitted

),

scaled as (

    select
        customers.*,
        {% for measure in measures %}
        (
            {{ asinh('cast(customers.' ~ measure ~ ' as double) / centres.' ~ measure ~ '_unit') }}
            - centres.{{ measure }}_mean
        ) / centres.{{ measure }}_deviation as scaled_{{ measure }},
        {% for cluster in clusters %}
        centres.{{ measure }}_{{ cluster }},
        {% endfor %}
        {% endfor %}
        centres.number_of_clusters

    from customers
    cross join centres

),

-- A balance that did not vary in the sample has no scale and is left out of the distance.
measured as (

    select
        *,
        {% for cluster in clusters %}
        case
            when {{ cluster }} <= number_of_clusters
                then
                    sqrt(
                        {% for measure in measures %}
                        coalesce(
                            (scaled_{{ measure }} - {{ measure }}_{{ cluster }})
                            * (scaled_{{ measure }} - {{ measure }}_{{ cluster }}),
                            0
                        ){{ ' +' if not loop.last }}
                        {% endfor %}
                    )
        end as distance_{{ cluster }},
        {% endfor %}
        true as is_measured

    from scaled

),

nearest as (

    select
        *,
        least(
            {{ distances | join(',\n            ') }}
        ) as nearest_distance

    from measured

),

assigned as (

    select
        *,
        case nearest_distance
            {% for cluster in clusters %}
            when distance_{{ cluster }} then {{ cluster }}
            {% endfor %}
        end as nearest_cluster

    from nearest

),

compared as (

    select
        *,
        least(
            {% for cluster in clusters %}
            case when nearest_cluster <> {{ cluster }} then distance_{{ cluster }} end
            {{- ',' if not loop.last }}
            {% endfor %}
        ) as second_distance

    from assigned

),

segments as (

    select
        compared.customer_key,
        compared.as_of_date,
        cast(compared.deposit_score as integer) as deposit_score,
        cast(compared.lending_score as integer) as lending_score,
        cast(compared.tenure_score as integer) as tenure_score,
        cast(compared.segment as string) as segment,
        reasons.segment_reasons,
        cast(compared.nearest_cluster as integer) as behavioural_cluster,
        compared.nearest_distance as cluster_distance,
        case
            when compared.nearest_distance is not null
                then
                    coalesce(1 - compared.nearest_distance / nullif(compared.second_distance, 0), 0)
        end as cluster_quality

    from compared
    left join reasons
        on
            compared.deposit_score = reasons.deposit_score
            and compared.lending_score = reasons.lending_score
            and compared.tenure_score = reasons.tenure_score

)

select * from segments
