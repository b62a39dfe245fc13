with

sums as (

    select * from {{ ref('int_dimension_sums') }}
    where dimension != 'loyalty_classification_and_occupation_family'

),

medians as (

    select * from {{ ref('int_dimension_medians') }}
    where is_of_holders

),

products as (

    select
        listed.product,
        listed.measure
    from (
        values
        {% for product, column in product_columns().items() %}
        ('{{ product }}', '{{ column }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as listed (product, measure)

),

penetration as (

    select
        sums.dimension,
        sums.value,
        products.product,
        {{ as_of_date() }} as as_of_date,
        sums.customers,
        sums.holders,
        {{ ratio('sums.holders', 'sums.customers') }} as penetration,
        sums.amount as balance,
        {{ ratio('sums.amount', 'sums.holders') }} as mean_balance_of_holders,
        medians.median as median_balance_of_holders

    from sums
    inner join products on sums.measure = products.measure
    left join medians
        on
            sums.dimension = medians.dimension
            and sums.value is not distinct from medians.value
            and sums.measure = medians.measure

)

select * from penetration
