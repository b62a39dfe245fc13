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
