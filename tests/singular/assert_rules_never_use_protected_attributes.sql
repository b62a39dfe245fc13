{%- set amounts = recommendation_amounts() -%}

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

protected as (

    select dimension as attribute
    from dimensions
    where is_protected

    union all

    select 'age' as attribute

),

known as (
    {%- for fact in recommendation_facts() %}

    select '{{ fact }}' as attribute

    union all
    {%- endfor %}
    {%- for column in adapter.get_columns_in_relation(ref('int_recommendation_facts')) %}

    select '{{ column.name }}' as attribute
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

used as (

    {%- for column in ['fact', 'second_fact', 'third_fact', 'money_measure', 'gap_measure'] %}

    select
        action as rule,
        {{ column }} as attribute,
        {{ column }} in (
            '{{ (amounts if "measure" in column else recommendation_facts()) | join("', '") }}'
        ) as is_known

    from rules
    where {{ column }} is not null

    union all
    {%- endfor %}

    select
        rule_code as rule,
        fact as attribute,
        true as is_known

    from watch_list_rules

    union all

    select
        'facts of recommendations' as rule,
        attribute,
        true as is_known

    from known

),

breaches as (

    select
        used.rule,
        used.attribute

    from used
    left join protected on used.attribute = protected.attribute
    where not used.is_known or protected.attribute is not null

)

select * from breaches
