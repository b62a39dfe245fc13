{% macro product_columns() -%}
    {{ return({
        'credit_card': 'credit_card_balance', 'bank_loan': 'bank_loans',
        'business_lending': 'business_lending', 'bank_deposit': 'bank_deposits',
        'saving_account': 'saving_accounts', 'checking_account': 'checking_accounts',
        'foreign_currency_account': 'foreign_currency_account',
    }) }}
{%- endmacro %}
