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

    select dimension as named_fact
    from dimensions
    where is_protected

    union all

    select 'age' as named_fact

),

-- Facts and amounts that recommendation rules may use, every column of the table that has them,
-- and the facts of the watch-list rules.
known as (

    {% for fact in facts %}

    select
        '{{ fact }}' as named_fact,
        'fact' as named_as

    union all
    {% endfor %}

    {% for amount in amounts %}

    select
        '{{ amount }}' as named_fact,
        'amount' as named_as

    union all
    {% endfor %}

    {% for column in columns %}

    select
        '{{ column.name }}' as named_fact,
        'column' as named_as

    union all
    {% endfor %}

    select
        fact as named_fact,
        'fact of the watch list' as named_as

    from watch_list_rules

),

named as (

    {% for column in ['fact', 'second_fact', 'third_fact', 'money_measure', 'gap_measure'] %}

    select
        {{ column }} as named_fact,
        '{{ "amount" if "measure" in column else "fact" }}' as named_as

    from rules
    where {{ column }} is not null
    {% if not loop.last %}

    union all
    {% endif %}
    {% endfor %}

),

breaches as (

    select
        known.named_fact,
        known.named_as

    from known
    inner join forbidden on known.named_fact = forbidden.named_fact

    union all

    select
        named.named_fact,
        named.named_as

    from named
    left join known on named.named_fact = known.named_fact and named.named_as = known.named_as
    left join forbidden on named.named_fact = forbidden.named_fact
    where known.named_fact is null or forbidden.named_fact is not null

)

select * from breaches
