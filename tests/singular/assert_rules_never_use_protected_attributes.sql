{%- set facts = recommendation_facts() -%}
{%- set amounts = recommendation_amounts() -%}
{%- set columns = adapter.get_columns_in_relation(ref('int_recommendation_facts')) -%}

with

rules as (

    select * from {{ ref('recommendation_rules') }}

),

watch_list_rules as (

    select * from {{ ref('watch_list_rules') }}

),

dimensions as (

    select * from {{ ref('dimensions') }}

),

forbidden as (

    select dimension as attribute_name
    from dimensions
    where is_protected

    union all

    select 'age' as attribute_name

),

-- What the rules can use: the facts and amounts of recommendations, every column of the table that
-- holds them, and the facts of the watch-list rules.
known as (

    {% for fact in facts %}

    select
        '{{ fact }}' as attribute_name,
        'fact' as kind

    union all
    {% endfor %}

    {% for amount in amounts %}

    select
        '{{ amount }}' as attribute_name,
        'amount' as kind

    union all
    {% endfor %}

    {% for column in columns %}

    select
        '{{ column.name }}' as attribute_name,
        'column' as kind

    union all
    {% endfor %}

    select
        fact as attribute_name,
        'fact of the watch list' as kind

    from watch_list_rules

),

named as (

    {% for column in ['fact', 'second_fact', 'third_fact', 'money_measure', 'gap_measure'] %}

    select
        {{ column }} as attribute_name,
        '{{ "amount" if "measure" in column else "fact" }}' as kind

    from rules
    where {{ column }} is not null
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

breaches as (

    select
        known.attribute_name,
        known.kind

    from known
    inner join forbidden on known.attribute_name = forbidden.attribute_name

    union all

    select
        named.attribute_name,
        named.kind

    from named
    left join known on named.attribute_name = known.attribute_name and named.kind = known.kind
    left join forbidden on named.attribute_name = forbidden.attribute_name
    where known.attribute_name is null or forbidden.attribute_name is not null

)

select * from breaches
