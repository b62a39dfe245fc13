{% macro money_columns() -%}
    {{ return([
        'estimated_income', 'superannuation_savings', 'credit_card_balance', 'bank_loans',
        'bank_deposits', 'checking_accounts', 'saving_accounts', 'foreign_currency_account',
        'business_lending',
    ]) }}
{%- endmacro %}

{% macro whole_number_columns() -%}
    {{ return(['age', 'amount_of_credit_cards', 'properties_owned', 'risk_weighting']) }}
{%- endmacro %}
