{#-
    Tenures must not depend on today's date: next month, the same file must give the same tenures.
-#}

with

customers as (

    select
        *,
        date '{{ var("as_of_date") }}' as declared_date

    from {{ ref('dim_customers') }}

),

measured_otherwise as (

    select
        customer_key,
        as_of_date,
        joined_date,
        tenure_days

    from customers
    where
        as_of_date <> declared_date
        or joined_date > declared_date
        or joined_date + tenure_days <> declared_date
        or joined_year <> year(joined_date)

)

select * from measured_otherwise
