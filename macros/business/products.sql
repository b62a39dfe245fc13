{% macro product_columns() -%}
    {{ return({
        'credit_card': 'credit_card_balance',
        'bank_loan': 'bank_loans',
        'business_lending': 'business_lending',
        'bank_deposit': 'bank_deposits',
        'saving_account': 'saving_accounts',
        'checking_account': 'checking_accounts',
        'foreign_currency_account': 'foreign_currency_account',
    }) }}
{%- endmacro %}

{% macro balance_of(product, relation_alias) -%}
    case {{ product }}
        {%- for name, column in bank_warehouse.product_columns().items() %}
        when '{{ name }}' then {{ relation_alias }}.{{ column }}
        {%- endfor %}
    end
{%- endmacro %}
