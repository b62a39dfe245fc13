{% macro recommendation_facts() -%}
    {%- set facts = [
        'risk_weighting', 'watch_list_severity', 'deposit_score', 'lending_score', 'loyalty_order',
        'fee_rate', 'tenure_days', 'amount_of_credit_cards', 'properties_owned',
        'loan_to_deposit_ratio', 'debt_to_income_ratio', 'liquidity_cover', 'largest_loan_share',
        'largest_deposit_share', 'estimated_income', 'superannuation_savings', 'total_loans',
        'total_deposits', 'core_deposits', 'net_position', 'fee_income', 'credit_card_balance',
    ] -%}
    {%- for product in bank_warehouse.product_columns() -%}
        {%- do facts.append(product ~ '_to_peer_median') -%}
    {%- endfor -%}
    {{ return(facts) }}
{%- endmacro %}

{% macro recommendation_amounts() -%}
    {%- set amounts = bank_warehouse.money_measures() -%}
    {%- for product in bank_warehouse.product_columns() -%}
        {%- do amounts.append(product ~ '_peer_median') -%}
    {%- endfor -%}
    {{ return(amounts) }}
{%- endmacro %}

{% macro column_number(name, columns) -%}
    case {{ name }}
        {%- for column in columns %}
        when '{{ column }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro column_numbered(number, columns, relation_alias, data_type) -%}
    case {{ number }}
        {%- for column in columns %}
        when {{ loop.index }} then cast({{ relation_alias }}.{{ column }} as {{ data_type }})
        {%- endfor %}
    end
{%- endmacro %}

{% macro meets_limit(value, comparison, limit_value) -%}
    case {{ comparison }}
        when 'above' then {{ value }} > {{ limit_value }}
        when 'at least' then {{ value }} >= {{ limit_value }}
        when 'below' then {{ value }} < {{ limit_value }}
        when 'at most' then {{ value }} <= {{ limit_value }}
    end
{%- endmacro %}

{% macro condition_text(fact, comparison, limit_value) -%}
    {{ fact }} || ' ' || {{ comparison }} || ' '
    || trim(trailing '.' from trim(trailing '0' from cast({{ limit_value }} as string)))
{%- endmacro %}
