{% macro profile_dimensions() -%}
    {{ return([
        'loyalty_classification', 'occupation_family', 'nationality', 'gender', 'age_band',
        'income_band', 'tenure_band', 'fee_structure', 'banking_relationship',
        'investment_advisor', 'amount_of_credit_cards', 'properties_owned', 'risk_weighting',
        'segment',
    ]) }}
{%- endmacro %}

{% macro dimension_groups() -%}
    {{ return(bank_warehouse.profile_dimensions() | batch(3) | map('list') | list) }}
{%- endmacro %}
