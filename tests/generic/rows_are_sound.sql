{% test rows_are_sound(model, not_null=[], ranges={}, accepted_values={}, expressions=[]) %}

{#-
    Checks all conditions on the rows of a table in one scan. Returns the rows that fail any of
    them; the column `breach` describes the first failed condition.

    not_null: columns that must not be null.
    ranges: lowest and highest value by column; null means no limit. Null values pass.
    accepted_values: allowed values by column. Null values pass.
    expressions: conditions that must hold for every row. A condition that is null fails.
-#}
{%- set breaches = {} -%}
{%- for column in not_null -%}
    {%- do breaches.update({column ~ ' is null': column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, limits in ranges.items() -%}
    {%- for limit in limits if limit is not none -%}
        {%- set words, sign = [('below', '<'), ('above', '>')][loop.index0 if limits[0] is not none else 1] -%}
        {%- do breaches.update({column ~ ' is ' ~ words ~ ' ' ~ limit: column ~ ' ' ~ sign ~ ' ' ~ limit}) -%}
    {%- endfor -%}
{%- endfor -%}
{%- for column, values in accepted_values.items() -%}
    {%- do breaches.update({
        column ~ ' is not one of ' ~ values | join(', '):
        column ~ " not in ('" ~ values | join("', '") ~ "')"
    }) -%}
{%- endfor -%}
{%- for expression in expressions -%}
    {%- do breaches.update({'does not hold: ' ~ expression: 'not coalesce(' ~ expression ~ ', false)'}) -%}
{%- endfor -%}
with

evaluated as (

    select
        case
            {%- for words, condition in breaches.items() %}
            when {{ condition }} then '{{ words | replace("'", "''") }}'
            {%- endfor %}
        end as breach,
        *

    from {{ model }}

)

select * from evaluated
where breach is not null

{% endtest %}
