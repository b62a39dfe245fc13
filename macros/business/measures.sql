{% macro difference_measures() -%}
    {%- set units = dict.fromkeys(bank_warehouse.money_measures(), 0.01) -%}
    {%- set ratios = ['loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover'] -%}
    {%- do units.update(dict.fromkeys(ratios, 0.0001), risk_weighting=1) -%}
    {{ return(units) }}
{%- endmacro %}

{% macro summed_measures() -%}
    {{ return(bank_warehouse.money_measures() + ['risk_weighting']) }}
{%- endmacro %}

{% macro money_measures() -%}
    {{ return(bank_warehouse.money_columns() + [
        'total_loans', 'total_deposits', 'core_deposits', 'fee_income', 'net_position',
    ]) }}
{%- endmacro %}

{% macro profile_measures() -%}
    {{ return([
        'estimated_income', 'total_loans', 'total_deposits', 'core_deposits', 'fee_income',
        'net_position',
    ]) }}
{%- endmacro %}

{% macro concentration_measures() -%}
    {{ return([
        'estimated_income', 'superannuation_savings', 'total_loans', 'total_deposits',
        'core_deposits', 'fee_income', 'credit_card_balance', 'bank_loans', 'business_lending',
        'bank_deposits', 'saving_accounts', 'checking_accounts', 'foreign_currency_account',
    ]) }}
{%- endmacro %}

{% macro measure_of_number(number) -%}
    case {{ number }}
        {%- for measure in bank_warehouse.difference_measures() %}
        when {{ loop.index }} then '{{ measure }}'
        {%- endfor %}
    end
{%- endmacro %}
