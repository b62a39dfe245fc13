{#-
    The measures that are compared between the values of a dimension, each with its unit: the
    smallest difference that its buckets tell apart around zero.
-#}
{% macro difference_measures() -%}
    {%- set units = {} -%}
    {%- for measure in bank_warehouse.money_columns() + [
        'total_loans', 'total_deposits', 'core_deposits', 'fee_income', 'net_position',
    ] -%}
    {%- do units.update({measure: 0.01}) -%}
    {%- endfor -%}
    {%- for measure in bank_warehouse.ratio_measures() -%}
    {%- do units.update({measure: 0.0001}) -%}
    {%- endfor -%}
    {%- do units.update({'risk_weighting': 1}) -%}
    {{ return(units) }}
{%- endmacro %}

{#- The measures that can be null: where their divisor is 0. -#}
{% macro ratio_measures() -%}
    {{ return(['loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover']) }}
{%- endmacro %}

{#-
    The bucket of a value, a double that keeps the order: the value itself where is_exact or where
    the measure counts in ones, else a thousandth of a natural logarithm wide.
-#}
{% macro rank_bucket(measure, unit, is_exact) -%}
    {%- if unit == 1 -%}
    cast({{ measure }} as double)
    {%- else -%}
    case
        when {{ is_exact }} then cast({{ measure }} as double)
        else {{ bank_warehouse.logarithmic_bucket(measure, unit, 1000) }}
    end
    {%- endif -%}
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
