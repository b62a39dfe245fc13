{#-
    The measures that are compared between the values of a dimension, each with its unit: the
    smallest difference that its buckets tell apart around zero.
-#}
{% macro difference_measures() -%}
    {%- set units = {} -%}
    {%- for measure in bank_warehouse.money_measures() -%}
    {%- do units.update({measure: 0.01}) -%}
    {%- endfor -%}
    {%- for measure in bank_warehouse.ratio_measures() -%}
    {%- do units.update({measure: 0.0001}) -%}
    {%- endfor -%}
    {%- do units.update({'risk_weighting': 1}) -%}
    {{ return(units) }}
{%- endmacro %}

{#- The measures that are added up by dimension: amounts, and the number of the risk weighting. -#}
{% macro summed_measures() -%}
    {{ return(bank_warehouse.money_measures() + ['risk_weighting']) }}
{%- endmacro %}

{#- The measures that can be null: where their divisor is 0. -#}
{% macro ratio_measures() -%}
    {{ return(['loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover']) }}
{%- endmacro %}

{#- The measures of customers that are amounts of money. -#}
{% macro money_measures() -%}
    {{ return(bank_warehouse.money_columns() + [
        'total_loans', 'total_deposits', 'core_deposits', 'fee_income', 'net_position',
    ]) }}
{%- endmacro %}

{#-
    Dimensions in groups of three; all of them where none are given. Customers are counted once by
    each group, or each two of them, and the small counts are then added up to single dimensions and
    to pairs: a few passes through all customers instead of about a hundred.
-#}
{% macro dimension_groups(dimensions=none) -%}
    {%- set groups = [] -%}
    {%- for group in (dimensions or bank_warehouse.profile_dimensions()) | batch(3) -%}
    {%- do groups.append(group | list) -%}
    {%- endfor -%}
    {{ return(groups) }}
{%- endmacro %}
