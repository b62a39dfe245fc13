{{ config(materialized='view') }}

with

measures as (

    select
        listed.measure_number,
        listed.measure

    from (
        values
        {% for measure in difference_measures() %}
        ({{ loop.index }}, '{{ measure }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as listed (measure_number, measure)

)

select * from measures
