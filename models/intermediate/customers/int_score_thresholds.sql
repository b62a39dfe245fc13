{% set limit_lists = {'total_deposits': 'deposit_limits', 'total_loans': 'lending_limits'} %}

with

customers as (

    select
        {{ total_of('total_deposits') }} as total_deposits,
        {{ total_of('total_loans') }} as total_loans

    from {{ ref('stg_bank__clients') }}

),

quintiles as (

    select
        {{ quantile_list('total_deposits', [0.2, 0.4, 0.6, 0.8]) }} as deposit_limits,
        {{ quantile_list('total_loans', [0.2, 0.4, 0.6, 0.8]) }} as lending_limits

    from customers
    {{ computed_once() }}

),

limits as (

    {% for measure, list in limit_lists.items() %}
    {% set measure_loop = loop %}
    {% for score in range(1, 6) %}

    select
        '{{ measure }}' as measure,
        {{ score }} as score,
        {% if score == 1 %}cast(null as decimal(18, 2))
        {% else %}cast({{ list_element(list, score - 1) }} as decimal(18, 2))
        {% endif %} as exclusive_lower_limit,
        {% if score == 5 %}cast(null as decimal(18, 2))
        {% else %}cast({{ list_element(list, score) }} as decimal(18, 2))
        {% endif %} as inclusive_upper_limit

    from quintiles
    {% if not (loop.last and measure_loop.last) %}

    union all
    {% endif %}
    {% endfor %}
    {% endfor %}

)

select * from limits
