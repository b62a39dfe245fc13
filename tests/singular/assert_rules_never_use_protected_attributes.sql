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

    select dimension as attribute
    from dimensions
    where is_protected

    union all

    select 'age' as attribute

),

-- What the rules can use: the facts and amounts of recommendations, every column of the table that
-- holds them, and the facts of the watch-list rules.
known as (

    {% for fact in facts %}

    select
        '{{ fact }}' as attribute,
        'fact' as kind

    union all
    {% endfor %}

    {% for amount in amounts %}

    select
        '{{ amount }}' as attribute,
        'amount' as kind

    union all
    {% endfor %}

    {% for column in columns %}

    select
        '{{ column.name }}' as attribute,
        'column' as kind

    union all
    {% endfor %}

    select
        fact as attribute,
        'fact of the watch list' as kind

    from watch_list_rules

),

named as (

    {% for column in ['fact', 'second_fact', 'third_fact', 'money_measure', 'gap_measure'] %}

    select
        {{ column }} as attribute,
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
        known.attribute,
        known.kind

    from known
    inner join forbidden on known.attribute = forbidden.attribute

    union all

    select
        named.attribute,
        named.kind

    from named
    left join known on named.attribute = known.attribute and named.kind = known.kind
    left join forbidden on named.attribute = forbidden.attribute
    where known.attribute is null or forbidden.attribute is not null

)

select * from breaches
