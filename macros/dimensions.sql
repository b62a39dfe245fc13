{#- The dimensions by which customers are described: the rows of the seed dimensions. -#}
{% macro profile_dimensions() -%}
    {{ return([
        'loyalty_classification',
        'occupation_family',
        'nationality',
        'gender',
        'age_band',
        'income_band',
        'tenure_band',
        'fee_structure',
        'banking_relationship',
        'investment_advisor',
        'amount_of_credit_cards',
        'properties_owned',
        'risk_weighting',
        'segment',
    ]) }}
{%- endmacro %}

{#-
    The name of the dimension of a grouping set: pairs are given as lists of two dimensions, and
    are looked at first because both of their columns are grouped.
-#}
{% macro grouped_dimension(dimensions, pairs=[]) -%}
    case
        {%- for pair in pairs %}
        when grouping({{ pair[0] }}) = 0 and grouping({{ pair[1] }}) = 0
            then '{{ pair[0] }}_and_{{ pair[1] }}'
        {%- endfor %}
        {%- for dimension in dimensions %}
        when grouping({{ dimension }}) = 0 then '{{ dimension }}'
        {%- endfor %}
    end
{%- endmacro %}

{#- The value of the dimension of a grouping set, as text. -#}
{% macro grouped_value(dimensions, pairs=[]) -%}
    case
        {%- for pair in pairs %}
        when grouping({{ pair[0] }}) = 0 and grouping({{ pair[1] }}) = 0
            then cast({{ pair[0] }} as string) || ' / ' || cast({{ pair[1] }} as string)
        {%- endfor %}
        {%- for dimension in dimensions %}
        when grouping({{ dimension }}) = 0 then cast({{ dimension }} as string)
        {%- endfor %}
    end
{%- endmacro %}

{#-
    One grouping set for each dimension and each pair. The linter's grammar of DuckDB does not know
    grouping sets, so its parsing error is excused where this is called.
-#}
{% macro grouping_sets(dimensions=[], pairs=[]) -%}
    grouping sets (
        {%- for dimension in dimensions %}
        ({{ dimension }}){{ ',' if not loop.last or pairs }}
        {%- endfor %}
        {%- for pair in pairs %}
        ({{ pair[0] }}, {{ pair[1] }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- The amounts whose concentration on few customers is measured. -#}
{% macro concentration_measures() -%}
    {{ return([
        'estimated_income', 'superannuation_savings', 'total_loans', 'total_deposits',
        'core_deposits', 'fee_income', 'credit_card_balance', 'bank_loans',
        'business_lending', 'bank_deposits', 'saving_accounts', 'checking_accounts',
        'foreign_currency_account',
    ]) }}
{%- endmacro %}

{#-
    CTEs that end in one named medians: the medians of a relation by dimension and value. A median
    needs all of its values in memory, so each step takes a few dimensions only and waits for the
    step before: that is what its condition is for. Null, and 0 where it says so, are left out.
-#}
{% macro medians_by_dimension(relation, dimensions, pairs, medians) -%}
    {%- set sets = [] -%}
    {%- for dimension in dimensions -%}
        {%- do sets.append([dimension, none]) -%}
    {%- endfor -%}
    {%- for pair in pairs -%}
        {%- do sets.append([none, pair]) -%}
    {%- endfor -%}
    {#- Spark would repeat a step in every later one, and keeps no values of its own in memory. -#}
    {%- set at_once = sets | length if target.type == 'spark' else var('medians_at_once') -%}
    {%- set steps = sets | batch(at_once) | list -%}
    {%- for step in steps %}
    {%- set singles = step | map('first') | select | list -%}
    {%- set doubles = step | map('last') | select | list -%}
medians_{{ loop.index }} as (

    select
        {{ bank_warehouse.grouped_dimension(singles, doubles) }} as dimension,
        {{ bank_warehouse.grouped_value(singles, doubles) }} as value,
        {%- for name, expression in medians.items() %}
        {{ bank_warehouse.median_money(expression) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ relation }}
    {%- if not loop.first %}
    where (select count(*) from medians_{{ loop.index - 1 }}) > 0
    {%- endif %}
    group by {{ bank_warehouse.grouping_sets(singles, doubles) }}

),

    {% endfor -%}
medians as (
    {% for step in steps %}
    select * from medians_{{ loop.index }}
    {%- if not loop.last %}

    union all
    {%- endif %}
    {% endfor %}
)
{%- endmacro %}
